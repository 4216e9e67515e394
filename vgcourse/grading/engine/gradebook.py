"""nbgrader's gradebook, opened once: a transaction a submission, one sentence where it cannot be had."""

import warnings
from contextlib import contextmanager
from pathlib import Path

import nbgrader
from nbgrader.api import Comment, Grade, Gradebook, InvalidEntry
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution, is_task
from sqlalchemy import event, text
from sqlalchemy.exc import DatabaseError, OperationalError, SAWarning, SQLAlchemyError

from vgcourse.grading.course import missing_gradebook
from vgcourse.grading.engine.errors import EngineError

PATIENCE = 30  # seconds that a locked gradebook is waited for


@contextmanager
def opened(course, patience=PATIENCE):
    """The gradebook of a course; everything that can go wrong with it is an EngineError."""
    where = course.db_url.split("@")[-1]  # no password in a message
    if missing := missing_gradebook(course.db_url):
        raise EngineError(
            f"{missing}: no gradebook there; `nbgrader generate_assignment ps1 --force` makes it."
        )
    try:
        gradebook = _connected(course, where, patience)
        try:
            yield gradebook
        finally:
            gradebook.close()
    except UnicodeEncodeError as error:
        raise EngineError(f"{where} cannot hold {error.object!r}: its encoding has to be UTF8.") from error
    except (OperationalError, InvalidEntry) as error:
        raise EngineError(_in_words(_first(error), where, patience)) from error
    except DatabaseError as error:
        raise EngineError(f"{where} is no gradebook, or a broken one: {error.orig}.") from error
    except SQLAlchemyError as error:
        raise EngineError(f"{where} cannot be used as a gradebook: {error}.") from error


def _connected(course, where, patience):
    try:
        gradebook = Gradebook(course.db_url, course.course_id)
    except ModuleNotFoundError as error:
        raise EngineError(f"{where} needs the package {error.name}: install it.") from error
    if gradebook.engine.dialect.name == "sqlite":
        _by_our_own_transactions(gradebook, patience)
    _same_version(gradebook, where)
    return gradebook


def _by_our_own_transactions(gradebook, patience):
    """SQLite begins a transaction when we do, to write, and waits for whoever has the gradebook."""

    @event.listens_for(gradebook.engine, "connect")
    def connect(connection, record):
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {1000 * patience:d}")

    @event.listens_for(gradebook.engine, "begin")
    def begin(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    gradebook.db.remove()
    gradebook.engine.dispose()  # connections from before know none of this


def _same_version(gradebook, where):
    """Is the gradebook of the nbgrader that is installed?"""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(nbgrader.__file__).parent / "alembic"))
    head = ScriptDirectory.from_config(config).get_current_head()
    found = gradebook.db.execute(text("SELECT version_num FROM alembic_version")).scalar()
    gradebook.db.rollback()
    if found != head:
        raise EngineError(
            f"{where} is the gradebook of another version of nbgrader ({found}, expected {head}): copy it, "
            "then run `nbgrader db upgrade`."
        )


def _first(error):
    """What a database said first: one that is full goes back by itself, and then knows no savepoint."""
    first = error
    while error := error.__context__:
        if isinstance(error, OperationalError):
            first = error
    return first


def _in_words(error, where, patience):
    said = str(getattr(error, "orig", error))
    if "locked" in said:
        return f"{where} is locked: another program has had it for {patience} seconds. Close it, grade again."
    if "readonly" in said or "full" in said:
        return f"{where} cannot be written: {said}."
    if "no such column" in said or "no such table" in said:
        return f"{where} is the gradebook of another version of nbgrader ({said}): run `nbgrader db upgrade`."
    return (
        f"{where} cannot be used: {said.strip().splitlines()[0] if said.strip() else type(error).__name__}."
    )


@contextmanager
def transaction(gradebook):
    """All or nothing of what the gradebook's own functions commit inside."""
    with gradebook.engine.connect() as connection, connection.begin():
        gradebook.db.remove()
        gradebook.db.configure(bind=connection, join_transaction_mode="create_savepoint")
        try:
            yield
            gradebook.db.commit()
        finally:
            gradebook.db.remove()
            gradebook.db.configure(bind=gradebook.engine, join_transaction_mode="conditional_savepoint")


def students_in(gradebook, assignment):
    """The students of whom the gradebook has a submission."""
    students = {one.student_id for one in gradebook.assignment_submissions(assignment.name)}
    gradebook.db.rollback()  # who reads holds it, too
    return students


def write_grades(gradebook, course, assignment, student, notebook, timestamp=None, again=True):
    """Write the scores of a graded notebook, as nbgrader's SaveAutoGrades and AssignLatePenalties do.

    What a human gave stays; with `again` the human is asked to look at it once more.

    Returns
    -------
    (points of the checks before, None if there were none; points now)
    """
    when = {} if timestamp is None else {"timestamp": timestamp}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # nbgrader looks at a new row before it adds it
        submission = gradebook.update_or_create_submission(assignment.name, student, **when)
    (graded,) = [one for one in submission.notebooks if one.name == assignment.notebook]
    grades = {assignment.names[grade.cell_id]: grade for grade in graded.grades}
    comments = {assignment.names[comment.cell_id]: comment for comment in graded.comments}
    if grades.keys() != {name for name, one in assignment.given.items() if "points" in one.mark}:
        _add_rows(gradebook, graded, grades, comments)
    before = _checked(grades, assignment)
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader")
        if not mark:
            continue
        if is_grade(cell):
            grade = grades[mark["grade_id"]]
            grade.auto_score = determine_grade(cell)[0]
            if grade.manual_score is None:
                grade.needs_manual_grade = grade.auto_score is None
            else:
                grade.needs_manual_grade = again or bool(grade.needs_manual_grade)
        if is_solution(cell) or is_task(cell):
            empty = mark.get("checksum") == compute_checksum(cell) and not is_task(cell)
            comments[mark["grade_id"]].auto_comment = "No response." if empty else None
    gradebook.db.flush()
    _penalty(gradebook, course, submission, graded)
    return before, _checked(grades, assignment)


def _add_rows(gradebook, graded, grades, comments):
    """Rows for cells that came into the set after this submission did."""
    notebook = graded.notebook
    cells = (*notebook.grade_cells, *notebook.task_cells), (*notebook.solution_cells, *notebook.task_cells)
    for rows, kind, wanted in zip((grades, comments), (Grade, Comment), cells, strict=True):
        for cell in wanted:
            if cell.name not in rows:
                rows[cell.name] = kind(cell_id=cell.id, notebook_id=graded.id)
                gradebook.db.add(rows[cell.name])


def _checked(grades, assignment):
    points = [grades[name].auto_score for name in assignment.checks]
    return None if all(one is None for one in points) else sum(one or 0.0 for one in points)


def _penalty(gradebook, course, submission, graded):
    graded.late_submission_penalty = None
    gradebook.db.flush()
    if submission.total_seconds_late > 0:
        late = AssignLatePenalties(config=course.config)
        late.gradebook, late.assignment_id = gradebook, submission.assignment.name  # where a plugin looks
        late.init_plugin()
        gradebook.db.refresh(graded)
        penalty = late.plugin_inst.late_submission_penalty(
            submission.student.id, graded.score, submission.total_seconds_late
        )
        if penalty is not None:
            graded.late_submission_penalty = min(max(penalty, 0), graded.score)
