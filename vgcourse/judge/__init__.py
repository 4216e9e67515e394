"""Judge answers: compare, name mistakes, decide the points. No function of a learner's comes in here."""

from vgcourse.judge.results import Finding, Row, Verdict
from vgcourse.judge.verdict import Look, judge, look

__all__ = ["Finding", "Look", "Row", "Verdict", "judge", "look"]
