"""nbgrader's settings: run `nbgrader autograde ps1` and its like in this folder."""

import os

from vgcourse.grading.mathml import HTML_EXPORTER

c = get_config()  # noqa: F821  (nbgrader defines it)

c.CourseDirectory.course_id = "vgcourse"
c.CourseDirectory.root = os.path.dirname(os.path.abspath(__file__))
# `vgcourse variant` writes variant/: the same problem sets with hidden inputs that only graders know.
private = os.path.isdir(os.path.join(c.CourseDirectory.root, "variant"))
c.CourseDirectory.source_directory = "variant" if private else "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.db_url = f"sqlite:///{os.path.join(c.CourseDirectory.root, 'gradebook.db')}"
# nbgrader copies every file beside the notebook: the .md sources hold the solutions and must stay behind.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    "feedback",
    "*.md",
    "earlier",
    "late.txt",
]

c.GenerateAssignment.exporter_class = "vgcourse.grading.submitted.AsLabWrites"
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError"}
c.ExecutePreprocessor.timeout = 60  # seconds a cell
# A rubric stands in the locked cell above the box for the answer: students do not get it, graders see it.
c.ClearMarkScheme.enforce_metadata = False
# What honest students hand in stops nobody: other file names, cells copied, lost or changed, dead kernels.
c.Autograde.exporter_class = "vgcourse.grading.submitted.Submitted"
c.Autograde.pre_convert_hook = "vgcourse.grading.submitted.take_renamed"
c.ZipCollectApp.collector_plugin = "vgcourse.grading.downloads.Downloads"
c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput",
    "vgcourse.grading.restore.RestoreCells",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "vgcourse.grading.boxes.CollectAnswers",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "vgcourse.grading.running.RunEveryCell",
    "vgcourse.grading.running.ScoreByVerdict",
    "nbgrader.preprocessors.IgnorePattern",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# What a late hand-in costs, once `vgcourse due` has said when a set is due: nothing, until you change this.
c.AssignLatePenalties.plugin_class = "vgcourse.grading.late.LateDays"
c.LateDays.grace = 0  # days that each student may be late in a term
c.LateDays.per_day = 0.0  # share of the points that each further day takes off
c.LateDays.extensions = os.path.join(c.CourseDirectory.root, "extensions.csv")
# Formulas without the network, in feedback and formgrader.
c.HTMLExporter.update(HTML_EXPORTER)
# Without HideTests the feedback shows students the hidden tests, their seeds and the rubrics.
c.GenerateFeedback.preprocessors = [
    "vgcourse.grading.feedback.LatePenalties",  # again: by now the derivations are read
    "nbgrader.preprocessors.GetGrades",
    "vgcourse.grading.feedback.Overview",
    "vgcourse.grading.feedback.SayNames",
    "vgcourse.grading.feedback.HideTests",
    "vgcourse.grading.feedback.DropLinks",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]

c.NbGrader.logfile = ""  # no .nbgrader.log beside the notebooks
