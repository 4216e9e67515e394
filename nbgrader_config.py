"""nbgrader's settings: run `nbgrader autograde ps1` and its like in this folder."""

import os

c = get_config()  # noqa: F821  (nbgrader defines it)

c.CourseDirectory.course_id = "vgcourse"
c.CourseDirectory.root = os.path.dirname(os.path.abspath(__file__))
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.db_url = f"sqlite:///{os.path.join(c.CourseDirectory.root, 'gradebook.db')}"
# nbgrader copies every file beside the notebook: the .md sources hold the solutions and must stay behind.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "*.md"]

c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError"}
c.ExecutePreprocessor.timeout = 60  # seconds a cell
# Without HideTests the feedback shows students the hidden tests and their seeds.
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "vgcourse.grading.feedback.HideTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]

c.NbGrader.logfile = ""  # no .nbgrader.log beside the notebooks
