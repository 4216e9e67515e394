"""A class of sample submissions for problem set 1: each shows one thing that real submissions do.

An answer is written as a real function in a class that stands for one student; its body replaces the stub in
the released notebook. So a sample looks like what a student hands in: the given cell with the stub filled.
"""

import inspect
import re
import textwrap
from collections.abc import Callable
from typing import NamedTuple

from demo.answers import Batches, OtherWays, Signs, TwoPoints, Warns

STUB = re.compile(r"^    # YOUR CODE HERE\n    raise NotImplementedError(\(\))?$", re.MULTILINE)
PARTS = {
    "activation_derivative": "p1-answer",
    "four_weight_net": "p2-answer",
    "five_factors": "p3-answer",
    "linear_backward": "p4-answer",
    "softmax_cross_entropy": "p5-answer",
    "two_paths_backward": "p6-answer",
    "deep_backward": "p7-answer",
    "chain_jacobian": "p8-answer",
    "numerical_gradient": "p9-answer",
    "is_right": "p10-answer",
}
DERIVATIONS = {
    "p2-derivation": r"$w_2$ reaches $L$ through $z_2$, so by the chain rule $\partial L/\partial w_2 = "
    r"2(y-t)\,w_4\,(1-h_3^2)\,w_3\,(1-h_2^2)\,h_1$. "
    r"One more layer in front: nothing changes for $w_2$.",
    "p5-derivation": r"$\partial p_j/\partial s_i = p_j([i=j]-p_i)$ and $\partial L/\partial p_j=-t_j/p_j$. "
    r"The sum of their products is $p_i-t_i$, because the $t_j$ sum to 1; $s=z/\tau$ gives $1/\tau$.",
    "p11-experiment": r"I expected $\lVert\delta_1\rVert/\lVert\delta_L\rVert=0.1$ at depth 20. I varied "
    r"the depth alone and kept the width. It was 0.18 to 0.26 in five seeds, because every slope is below 1. "
    r"Without the tanh it stayed near 1. It says nothing about trained weights.",
}


class Sample(NamedTuple):
    """One enrolled student; `submit` makes the submission from the released notebook."""

    student: str
    first_name: str
    last_name: str
    about: str
    submit: Callable


def fill(released, *answers, derivations=()):
    """A copy of the released notebook with the functions of `answers` in it; the later class wins.

    Parameters
    ----------
    released : NotebookNode
    answers : classes whose methods are named like the functions asked for
    derivations : grade_ids of the manual cells to write in

    Returns
    -------
    NotebookNode

    Raises
    ------
    ValueError
        If the notebook has no such answer cell, or no stub in it.
    """
    functions = {
        name: value for cls in answers for name, value in vars(cls).items() if inspect.isfunction(value)
    }
    notebook = released.copy()
    notebook.cells = [cell.copy() for cell in released.cells]
    for name, function in functions.items():
        cell = find(notebook, PARTS[name])
        body = textwrap.indent(
            textwrap.dedent(inspect.getsource(function).split("\n", 1)[1]), "    "
        ).rstrip()
        cell.source, replaced = STUB.subn(lambda _, body=body: body, cell.source)
        if not replaced:
            raise ValueError(f"fill: cell {PARTS[name]} of the released notebook has no stub to replace.")
        if "math." in body:
            cell.source = "import math\n\n\n" + cell.source
    for grade_id in derivations:
        find(notebook, grade_id).source = DERIVATIONS[grade_id]
    return notebook


def find(notebook, grade_id):
    """The cell with this grade_id.

    Raises
    ------
    ValueError
        If there is none.
    """
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id:
            return cell
    raise ValueError(f"the notebook has no cell {grade_id}; its problem set was changed without its samples.")


def _syntax_error(released):
    notebook = fill(released, OtherWays, derivations=DERIVATIONS)
    cell = find(notebook, "p4-answer")
    cell.source = cell.source.replace("np.einsum(", "np.einsum)(", 1)
    return notebook


def _by_hand(released):
    """The first five parts and both derivations, the second below its box; the rest is left as it came."""
    from nbformat.v4 import new_markdown_cell

    notebook = fill(released, derivations=["p2-derivation"])
    below = notebook.cells.index(find(notebook, "p5-derivation")) + 1
    notebook.cells.insert(below, new_markdown_cell(DERIVATIONS["p5-derivation"]))
    ready = fill(released, OtherWays)
    for name in list(PARTS)[:5]:
        find(notebook, PARTS[name]).source = find(ready, PARTS[name]).source
    return notebook


def _emptied(released):
    """Part 3 has its stub deleted, so it returns None; the answer cell of part 8 is gone."""
    notebook = fill(released, OtherWays, derivations=["p2-derivation"])
    cell = find(notebook, "p3-answer")
    cell.source = STUB.sub("", find(released, "p3-answer").source).rstrip()
    notebook.cells.remove(find(notebook, "p8-answer"))
    return notebook


def _cut_off(released):
    """An upload that broke off in the middle: no JSON."""
    import nbformat

    text = nbformat.writes(fill(released, OtherWays))
    return text[: len(text) // 2]


def _warns(released):
    notebook = fill(released, OtherWays, Warns, derivations=DERIVATIONS)
    cell = find(notebook, "p6-answer")
    cell.source += (
        '\n\nimport sys, warnings\nwarnings.warn("part 6 is done")\nprint("and says so", file=sys.stderr)'
    )
    return notebook


SAMPLES = (
    Sample("a.okafor", "Amara", "Okafor", "everything right, in other ways than the solutions",
           lambda nb: fill(nb, OtherWays, derivations=DERIVATIONS)),
    Sample("l.garcia", "Lucía", "García Márquez", "mistakes with batches: 1/N, the bias, a transpose",
           lambda nb: fill(nb, OtherWays, Batches, derivations=DERIVATIONS)),
    Sample("minh.nguyen", "Minh Anh", "Nguyễn", "the sign of ŷ − y, and σ' of the activation",
           lambda nb: fill(nb, OtherWays, Signs, derivations=["p2-derivation"])),
    Sample("z.kowalska", "Zofia", "Kowalska", "two points for four, and an absolute error",
           lambda nb: fill(nb, OtherWays, TwoPoints, derivations=DERIVATIONS)),
    Sample("l.haddad", "Layla", "Haddad", "handed in as it came", lambda nb: nb),
    Sample("j.mueller", "Jonas", "Müller", "a bracket too many in part 4", _syntax_error),
    Sample("a.singh", "Arjun", "Singh", "five parts and both derivations, one below its box", _by_hand),
    Sample("b.dasilva", "Beatriz", "da Silva", "part 3 returns None, part 8 is deleted", _emptied),
    Sample("d.ivanova", "Daria", "Ivanova", "right, but warns and writes to stderr", _warns),
    Sample("k.mensah", "Kwame", "Mensah", "an upload that broke off", _cut_off),
    Sample("s.abebe", "Selam", "Abebe", "handed in nothing", lambda nb: None),
)  # fmt: skip
