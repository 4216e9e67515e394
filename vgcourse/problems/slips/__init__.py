"""Small slips that nobody has written down: the reference with one place of its own text changed.

A factor or a term left out, a sign, a transpose, an axis, an index one off, a neighbour's name: what a
hurried hand does to any formula. The catalogue's sentences teach more, so these are looked at where none fits.
"""

import ast
import functools
import itertools
import math

from vgcourse.collect.plain import copy_arguments
from vgcourse.problems.edits import assembled, text_of
from vgcourse.problems.problem import Mistake, drawn
from vgcourse.problems.slips.expressions import variants
from vgcourse.problems.slips.statements import get, put, spots, statements, whole_statements
from vgcourse.problems.slips.words import place_of, said, vocabulary

AT_MOST = 900  # of one problem: to compile them takes half a second


@functools.lru_cache(maxsize=128)
def slips(problem):
    """Mistakes, each with one place of the reference or of a helper changed.

    Returns
    -------
    tuple of Mistake; what they say is a clause: "the factor f is missing where dm is made". It is empty where
    the reference has no text of its own: a lambda, a function made by another one.
    """
    functions = (*problem.helpers, problem.reference)
    try:
        trees = {function: _tree(function) for function in functions}
        codes = {function: compile(tree, "<as it is>", "exec") for function, tree in trees.items()}
        steps = _steps(problem, codes)
    except (OSError, TypeError, SyntaxError, NameError):
        return ()
    return tuple(itertools.islice(_all_slips(problem, trees, codes, steps), AT_MOST))


def _tree(function):
    """The text of a function, taken apart, every loop counting its steps."""
    tree = ast.parse(text_of(function))
    if getattr(tree.body[0], "name", "") != function.__name__:
        raise TypeError(f"{function} is no function with a text of its own.")
    return _Limited().visit(tree)


def _all_slips(problem, trees, codes, steps):
    known = vocabulary(problem)
    for function in reversed(trees):
        for code, name, text in _changed(trees[function], known):
            formula = _built(problem.reference, {**codes, function: code}, steps)
            yield Mistake(name, formula, text)


def _steps(problem, codes):
    """How many steps all loops of one call may take: a changed one may never end."""
    count = itertools.count()
    formula = _built(problem.reference, codes, count=count)
    for case in drawn(problem, 0):
        if not case.memory:
            formula(*copy_arguments(case.args))
    return 2 * next(count) + 20


def _built(reference, codes, steps=math.inf, count=None):
    function = functools.cache(lambda: assembled(reference, codes))  # made when it is first called

    def call(*args):
        formula = function()
        formula.__globals__["_limited"] = functools.partial(_limited, count or itertools.count(), steps)
        return formula(*args)

    return call


class _Limited(ast.NodeTransformer):
    """Every loop counts its steps."""

    def _iter(self, node):
        self.generic_visit(node)
        node.iter = ast.Call(ast.Name("_limited", ast.Load()), [node.iter], [])
        return ast.fix_missing_locations(node)

    visit_For = visit_comprehension = _iter

    def visit_While(self, node):
        self.generic_visit(node)
        counted = ast.parse("list(_limited([0]))", mode="eval").body
        node.test = ast.BoolOp(ast.And(), [counted, node.test])
        return ast.fix_missing_locations(node)


def _limited(count, steps, values):
    for value in values:
        if next(count) > steps:
            raise RuntimeError("a loop that does not end")
        yield value


def _changed(tree, known):
    """(code, name, text) for each change; the tree is as it was when the next is asked for."""
    function = tree.body[0]
    first = {}  # the line on which a name gets its first value
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            first[node.id] = min(node.lineno, first.get(node.id, node.lineno))
    first |= {arg.arg: 0 for arg in function.args.args}
    growing = {
        n.value.id
        for n in ast.walk(function)
        if isinstance(n, ast.Attribute) and n.attr in ("append", "extend") and isinstance(n.value, ast.Name)
    }
    say = functools.partial(said, known=known)
    for statement in statements(function.body):
        place = place_of(statement, known)
        local = {name for name, line in first.items() if line < statement.lineno}
        for parent, field, index in spots(statement):
            node = get(parent, field, index)
            for new, name, text in variants(node, local, say):
                if isinstance(new, ast.Name) and new.id in growing and getattr(node, "id", "") not in growing:
                    continue  # a list that takes itself in has no end
                put(parent, field, index, ast.fix_missing_locations(ast.copy_location(new, node)))
                try:
                    code = compile(tree, "<one slip>", "exec")
                except (SyntaxError, ValueError):
                    code = None
                put(parent, field, index, node)
                if code:
                    yield code, name, text + place
        yield from whole_statements(tree, statement, say)
