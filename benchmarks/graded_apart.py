"""`vgcourse grade`, and what is known inside its processes alone; for grading_class.py.

Last line of what it prints: peak memory of the coordinator in MB. Each process that judges leaves a file in
the folder VGCOURSE_COUNTS: how many answers it was asked about, how many of them it remembered, its own peak.
"""

import json
import os
import sys
from multiprocessing.util import Finalize
from pathlib import Path

from vgcourse.grading.engine import scoring


def peak():
    """The most memory that this process has had, in MB; getrusage's is that of whoever started it."""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024


class Counted:
    """`scoring.judged`, counting; what is too large to be remembered goes past its cache."""

    def __init__(self, judged):
        self.judged, self.large = judged, 0

    def __call__(self, *asked):
        return self.judged(*asked)

    def __wrapped__(self, *asked):
        self.large += 1
        return self.judged.__wrapped__(*asked)

    def leave(self):
        """Write what was counted."""
        info = self.judged.cache_info()
        counts = {"asked": info.hits + info.misses + self.large, "remembered": info.hits, "peak": peak()}
        Path(os.environ["VGCOURSE_COUNTS"], f"{os.getpid()}.json").write_text(json.dumps(counts))


scoring.judged = Counted(scoring.judged)  # every process that is started imports this file
Finalize(None, scoring.judged.leave, exitpriority=1)

if __name__ == "__main__":
    from vgcourse import cli

    code = cli.main(sys.argv[1:])
    print("peak", peak())
    sys.exit(code)
