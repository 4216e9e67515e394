"""Tell a learner what a verdict says: as text, as HTML, in hints and in a record of what is solved."""

from vgcourse.tell import progress, report, screen
from vgcourse.tell.hints import hint

__all__ = ["hint", "progress", "report", "screen"]
