"""Whose file is it? The names that Canvas, Moodle, Gradescope and people give, matched with the class."""

import re
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

from nbgrader.plugins import FileNameCollectorPlugin

from vgcourse.grading.roster import IDS

# okaforamara_4711_90210_ps1-1: the number is Canvas's for this student; -1 counts the hand-ins
CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<student>\d+)_\d+_(?P<file>.+)")
# Amara Okafor_4711_assignsubmission_file_: Moodle's number for this student in this assignment
MOODLE = re.compile(r"(?P<name>.+)_(?P<student>\d+)_assignsubmission_file(?:_(?P<file>.*))?")
GRADESCOPE = re.compile(r"submission_\d+")
PLAIN = re.compile(r"(?P<student>.+?)[_-](?P<file>ps\d+.*)", re.IGNORECASE)  # a.okafor_ps1


class Downloads(FileNameCollectorPlugin):
    """Knows the student by the name of a file or of the folder that holds it, for `nbgrader zip_collect`.

    `STUDENT_ps1.ipynb`, `STUDENT/ps1.ipynb` and `STUDENT.zip` are read as well. It believes every name;
    `vgcourse take-in` asks the list of the class.
    """

    def __init__(self, **settings):
        super().__init__(**settings)
        self.seen = Counter()

    def collect(self, submitted_file):
        """{"student_id", "file_id"} of one file, None for what is no notebook or names nobody."""
        path = Path(submitted_file)
        if path.suffix.lower() not in self.valid_ext:
            return None
        student, file = whose(path)
        if student is None:
            self.log.warning("%s: no student in its name; call it STUDENT_ps1.ipynb", path.name)
            return None
        self.seen[student, file] += 1
        if (number := self.seen[student, file]) > 1:  # nbgrader would stop here; the report asks to choose
            file = f"{file} ({number})"
        return {"student_id": student, "file_id": file}


def whose(path):
    """(student, name of the notebook) by the path of a downloaded file; (None, name) where nothing says so.

    >>> whose(Path("downloaded/ps1/extracted/all/Amara Okafor_4711_assignsubmission_file_/ps1.ipynb"))
    ('4711', 'ps1')
    """
    parts = path.parts
    start = len(parts) - parts[::-1].index("extracted") if "extracted" in parts else 0
    assignment = parts[start - 2] if start > 1 else None
    folders = [name for name in parts[start:-1] if name != assignment]
    for name in reversed(folders):
        if found := MOODLE.fullmatch(name):
            return found["student"], path.stem
    for pattern in (MOODLE, CANVAS, PLAIN):
        if found := pattern.fullmatch(path.stem):
            return found["student"], found["file"]
    return (folders[-1] if folders else None), path.stem


class Owner(NamedTuple):
    """Whose a file is: ids (several where a group hands in together), or the reason why nobody's.

    `file` is the notebook's name without what the system put before it; `late` is Canvas's mark.
    """

    students: tuple
    file: str
    problem: str = ""
    late: bool = False


class Class:
    """The students of a list, found by what a download says of them.

    Parameters
    ----------
    students : list of roster.Enrolled
    submitters : dict, name of a Gradescope folder → list of {"name", "sid", "email"}
    """

    def __init__(self, students, submitters=None):
        self.submitters = submitters or {}
        self.from_canvas = any(one.value("sis login id", "sis user id", "section") for one in students)
        self.ids, self.numbers, self.names = defaultdict(list), defaultdict(list), defaultdict(list)
        for one in students:
            for said in {plainly(one.value(heading)) for heading in IDS}:
                self.ids[said].append(one)
            for said in {one.student, one.value("id"), _identifier(one)}:
                self.numbers[said].append(one)
            if one.first_name or one.last_name:
                first, last = letters(one.first_name), letters(one.last_name)
                for said in {first + last, last + first}:
                    self.names[said].append(one)
        for one in students:  # the id in the gradebook comes before what other columns say
            self.ids[plainly(one.student)] = [one]

    def owner(self, parts):
        """Whose the file with this path is.

        What stands further out counts: the inner names of a zip are its student's own choice.

        Parameters
        ----------
        parts : tuple of str, the folders and the name

        Returns
        -------
        Owner
        """
        last, stem = len(parts) - 1, Path(parts[-1]).stem
        for place, part in enumerate(parts):
            name = re.sub(r"\.(zip|ipynb)$", "", part, flags=re.IGNORECASE)
            if GRADESCOPE.fullmatch(name):
                return self._of_gradescope(name, stem)
            handed_in = place == last or part.lower().endswith(".zip")  # else a folder with a name of its own
            for system, pattern in (("Moodle", MOODLE), ("Canvas", CANVAS)):
                if (handed_in or system == "Moodle") and (found := pattern.fullmatch(name)):
                    student, problem = self._numbered(found["student"], found["name"], system)
                    file = (found["file"] or stem) if place == last else stem
                    late = system == "Canvas" and bool(found["late"])
                    return Owner((student.student,) if student else (), file, problem, late)
            plain = PLAIN.fullmatch(name) if handed_in else None
            for said in filter(None, (name, plain and plain["student"])):
                if student := self.find(said):
                    file = plain["file"] if plain and said != name and place == last else stem
                    return Owner((student,), file)
        plain = PLAIN.fullmatch(stem)
        known = f"{plain['student']} is not on the list" if plain else "no student of the list is in its name"
        return Owner((), stem, f"{known}; call it STUDENT_ps1.ipynb")

    def find(self, text):
        """The id of the student whom this id, login, address or full name means; None for none or several."""
        found = self.ids.get(plainly(text)) or self.names.get(letters(text)) or []
        return found[0].student if len(found) == 1 and letters(text) else None

    def _of_gradescope(self, folder, stem):
        people = self.submitters.get(folder)
        if not people:
            return Owner((), stem, f"{folder} is not in Gradescope's submission_metadata.yml")
        found = []
        for person in people:
            ids = [text for text in (person.get("sid"), person.get("email")) if text]
            known = [*ids, person.get("name") or ""]
            student = next(filter(None, map(self.find, known)), None)
            if student is None:
                said = ", ".join(filter(None, known))
                return Owner((), stem, f"{said} is not on the list, by none of id, address and name")
            found.append(student)
        return Owner(tuple(dict.fromkeys(found)), stem)

    def _numbered(self, number, name, system):
        """The student whom a system calls by a number and a name; else why it is nobody.

        Canvas's numbers are its own everywhere. Moodle counts anew in each assignment, so that a number may
        be somebody else's by chance: there the name decides.
        """
        numbered, named = self.numbers.get(number, []), self.names.get(letters(name), [])
        both = [one for one in numbered if one in named]
        if len(both) == 1:
            return both[0], ""
        if system == "Moodle":
            numbered = [one for one in numbered if _identifier(one) == number]
        nameless = len(numbered) == 1 and not (numbered[0].first_name or numbered[0].last_name)
        blind = name.casefold() in ("participant", "anonymous", "anon")
        if len(numbered) == 1 and (nameless or blind or (system == "Canvas" and self.from_canvas)):
            return numbered[0], ""
        if len(named) == 1 and not (system == "Canvas" and self.from_canvas):
            return named[0], ""
        if len(named) > 1:
            return None, f"{len(named)} on the list are called {name}, and {number} is none of their ids"
        if numbered:
            return None, f"{number} is {numbered[0].name} on the list, and the file is called after {name}"
        return None, f"{number} ({name}) is not on the list"


def _identifier(one):
    """Moodle's number for a student, where the list is an assignment's grading worksheet."""
    return one.value("identifier").removeprefix("Participant ")


def plainly(text):
    """The same text for the same signs, however they are stored, without regard to capitals."""
    return unicodedata.normalize("NFC", str(text)).strip().casefold()


def letters(text):
    """The letters and digits of a name alone, as Canvas writes it: "Okafor, Amara" is okaforamara."""
    return "".join(sign for sign in plainly(text) if sign.isalnum())
