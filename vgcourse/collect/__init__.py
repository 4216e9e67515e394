"""Run foreign code: a learner's function on given inputs, within limits; what comes back is plain data.

No other room's code meets a learner's function. This one imports numpy and nothing else of the course.
"""

from vgcourse.collect.collecting import Asked, Task, collect, collect_fresh
from vgcourse.collect.outcomes import Answers, Attempt, Outcome
from vgcourse.collect.passed import Passed, Planted

__all__ = ["Answers", "Asked", "Attempt", "Outcome", "Passed", "Planted", "Task", "collect", "collect_fresh"]
