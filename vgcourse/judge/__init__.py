"""Judge answers: compare, name mistakes, decide the points. No function of a learner's comes in here."""

from vgcourse.judge.results import Finding, Row, Verdict
from vgcourse.judge.verdict import all_right, judge

__all__ = ["Finding", "Row", "Verdict", "all_right", "judge"]
