"""What is said of a place in a reference's text, in names that a learner has met."""

import ast
import inspect
import re

from vgcourse.collect.plain import listed
from vgcourse.problems.problem import drawn


def vocabulary(problem):
    """Names that a learner has met: of arguments and results, and those in what the problem says."""
    texts = [
        *problem.hints,
        problem.reference.__doc__ or "",
        *(mistake.diagnosis for mistake in problem.mistakes),
    ]
    said = set(re.findall(r"[^\W\d]\w*", " ".join(texts)))
    given = {*inspect.signature(problem.reference).parameters}
    given |= {name for case in drawn(problem, 0) for name in case.quantities}
    return given | {name for name in said if not (name.isalpha() and name.islower() and len(name) > 3)}


def place_of(statement, known):
    """ " where dm is made", or nothing where its name says nothing to a learner."""
    targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    if isinstance(statement, ast.For) or targets == [None]:
        return ""
    names = {
        n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    names |= {
        n.value.id
        for t in targets
        for n in ast.walk(t)
        if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name)
    }
    if names and names <= known and len(names) <= 3:
        return f" where {listed(sorted(names))} {'are' if len(names) > 1 else 'is'} made"
    return ""


def said(node, kind="", *, known):
    """An expression as a formula, if it is short and of known names; else its kind alone."""
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - {"np"}
    text = ast.unparse(node)
    for old, new in (
        (r"\bnp\.", ""),
        (r"\.T\b", "ᵀ"),
        (r" @ ", " "),
        (r" \* ", " · "),
        (r" ?\*\* ?2\b", "²"),
        (r"-", "−"),
    ):
        text = re.sub(old, new, text)
    short = len(text) <= 24 and not re.search(r"[\[{'\"=]|lambda|self", text)
    return f"{kind} {text}".strip() if short and names <= known else ""
