"""Honest accidents, as real classes have them: each changes a HandIn and what it has to earn."""

from class_answers import answer_to  # first: it finds tests/

import nbformat  # isort: skip
from nbformat.v4 import new_output  # isort: skip
from test_accidents import copied, data, drop  # isort: skip
from tiny_course import cell_of  # isort: skip

ACCIDENTS = {}  # name → function (hand-in, rng)


def accident(make):
    """A row of the accidents."""
    ACCIDENTS[make.__name__.replace("_", " ")] = make
    return make


@accident
def check_copied(one, rng):
    copied(one.notebook, one.any_check(rng))


@accident
def answer_split(one, rng):
    check = one.any_check(rng)
    blank = one.set.answers[check]["blank"][0]
    copied(one.notebook, answer_to(check), before=blank)


@accident
def check_deleted(one, rng):
    drop(one.notebook, one.any_check(rng))


@accident
def answer_deleted(one, rng):
    check = one.any_check(rng)
    drop(one.notebook, answer_to(check))
    one.counts[check] = None


@accident
def check_edited(one, rng):
    cell_of(one.notebook, one.any_check(rng)).source = "100.0"


@accident
def points_raised(one, rng):
    for cell in one.notebook.cells:
        if "points" in cell.metadata.get("nbgrader", {}):
            cell.metadata.nbgrader.update(points=100, locked=False)


@accident
def old_schema(one, rng):
    for cell in one.notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader = {"grade_id": cell.metadata.nbgrader["grade_id"], "schema_version": 1}


@accident
def bare_copy(one, rng):
    for number, cell in enumerate(one.notebook.cells):
        cell.metadata, cell.id = {}, f"x{number}"


@accident
def file_renamed(one, rng):
    one.file_name = f"{one.set.name} (1).ipynb"


@accident
def byte_order_mark(one, rng):
    one.files[one.file_name] = b"\xef\xbb\xbf" + data(one.notebook).replace(b"\n", b"\r\n")


@accident
def utf16(one, rng):
    one.files[one.file_name] = nbformat.writes(one.notebook).encode("utf-16")


@accident
def names_of_ours(one, rng):
    one.before(one.any_check(rng), "check = hint = 3\n\ndef evaluate(*args, **more): return 100")


@accident
def magics_and_questions(one, rng):
    one.before(one.any_check(rng), "%matplotlib qt\n!pip install nothing")
    one.before(one.any_check(rng), "%%time\ninput('are you there?')")


@accident
def exit_in_a_cell(one, rng):
    one.before(one.any_check(rng), "exit()")


@accident
def long_prints(one, rng):
    one.before(one.any_check(rng), "for i in range(30_000):\n    print('step', i, 'loss', i / 7)")


@accident
def megabytes_stored(one, rng):
    first = next(cell for cell in one.notebook.cells if cell.cell_type == "code")
    first.outputs = [new_output("stream", text="x" * 5_000_000)]


def refused(name, content):
    """An accident after which there is nothing to grade."""

    def make(one, rng):
        one.status, one.counts = "refused", {}
        one.files, one.file_name = content(one), None

    ACCIDENTS[name] = make


refused("empty file", lambda one: {one.file_name: b""})
refused("web page", lambda one: {one.file_name: b"<!DOCTYPE html><title>sign in</title>"})
refused("cut off", lambda one: {one.file_name: data(one.notebook)[:3000]})
refused("marks of a merge", lambda one: {one.file_name: b"{\n<<<<<<< HEAD\n" + data(one.notebook)[1:]})
refused("a text alone", lambda one: {"answers.txt": b"see my mail"})
refused("two other names", lambda one: {f"{one.set.name}-{i}.ipynb": data(one.notebook) for i in (1, 2)})


@accident
def no_submission(one, rng):
    one.status, one.counts = "no submission", {}
