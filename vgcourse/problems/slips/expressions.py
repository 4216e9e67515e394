"""Slips at one expression: what it may become, the slip's name, and what is said of it."""

import ast

from vgcourse.problems.slips.calls import call

SIGNS = {ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥", ast.Eq: "=", ast.NotEq: "≠"}


def variants(node, local, say):
    """(new expression, name, what is said) for each slip at one expression."""
    if slips_of := _SLIPS.get(type(node)):
        yield from slips_of(node, local, say)


def _binary(node, local, say):
    left, right, op = node.left, node.right, node.op
    if isinstance(op, ast.Mult):
        for lost, kept in ((right, left), (left, right)):
            yield kept, "a factor is missing", f"{say(lost, 'the factor') or 'a factor'} is missing"
        yield (
            ast.BinOp(left, ast.Div(), right),
            "a product for a quotient",
            f"{say(right) or 'a factor'} divides where it should multiply",
        )
    if isinstance(op, ast.MatMult):
        for lost, kept in ((right, left), (left, right)):
            yield kept, "a product is missing", f"the product with {say(lost) or 'a matrix'} is missing"
        turned = say(right) or "the second matrix"
        for side, what in ((left, say(left) or "the first matrix"), (right, turned)):
            if getattr(side, "attr", "") != "T":  # else a transpose is missing, and that is found there
                other = ast.Attribute(side, "T", ast.Load())
                pair = (other, right) if side is left else (left, other)
                yield ast.BinOp(pair[0], op, pair[1]), "a matrix is transposed", f"{what} is transposed"
        yield (
            ast.BinOp(right, op, left),
            "a product the other way round",
            f"{say(left) or 'the first matrix'} and {turned} stand the other way round",
        )
    if isinstance(op, ast.Add):
        for lost, kept in ((right, left), (left, right)):
            yield kept, "a term is missing", f"{say(lost, 'the term') or 'a term'} is missing"
        yield (
            ast.BinOp(left, ast.Sub(), right),
            "a sign",
            f"{say(right) or 'a term'} is subtracted and not added",
        )
    if isinstance(op, ast.Sub):
        yield left, "a term is missing", f"{say(right, 'the term −') or 'a term'} is missing"
        yield (
            right,
            "a term is missing",
            f"{say(right) or 'a term'} stands alone: what it is subtracted from is missing",
        )
        yield (
            ast.UnaryOp(ast.USub(), right),
            "a term is missing",
            f"{say(left, 'the term') or 'a term'} is missing",
        )
        yield (
            ast.BinOp(left, ast.Add(), right),
            "a sign",
            f"{say(right) or 'a term'} is added and not subtracted",
        )
        yield ast.BinOp(right, ast.Sub(), left), "a difference turned round", "a difference is turned round"
    if isinstance(op, (ast.Div, ast.FloorDiv)):
        yield left, "a division is missing", f"{say(right, 'the division by') or 'a division'} is missing"
        yield ast.BinOp(right, op, left), "a quotient upside down", "a quotient is upside down"
        yield (
            ast.BinOp(left, ast.Mult(), right),
            "a product for a quotient",
            f"{say(right) or 'a divisor'} multiplies where it should divide",
        )
    if isinstance(op, ast.Pow):
        square, of = isinstance(right, ast.Constant) and right.value == 2, say(left)
        yield (
            left,
            "a power is missing",
            (f"the square of {of} is missing" if of else "a square is missing")
            if square
            else f"{say(right, 'the power') or 'a power'} is missing",
        )


def _unary(node, local, say):
    if isinstance(node.op, ast.USub):
        yield node.operand, "a sign", f"the minus before {say(node.operand) or 'a term'} is missing"
    if isinstance(node.op, (ast.Not, ast.Invert)):
        yield node.operand, "a condition turned round", "a condition is turned round"


def _attribute(node, local, say):
    if node.attr == "T":
        yield node.value, "a transpose is missing", f"{say(node.value) or 'a matrix'} is not transposed"


def _compare(node, local, say):
    if len(node.ops) == 1 and (mine := SIGNS.get(type(node.ops[0]))):
        for other, sign in SIGNS.items():
            if sign != mine:
                yield (
                    ast.Compare(node.left, [other()], node.comparators),
                    f"{sign} for {mine}",
                    f"a comparison asks for {sign}, not for {mine}",
                )


def _boolean(node, local, say):
    other, words = (ast.Or(), ("or", "and")) if isinstance(node.op, ast.And) else (ast.And(), ("and", "or"))
    yield (
        ast.BoolOp(other, node.values),
        f"{words[0]} for {words[1]}",
        f"two conditions are joined by “{words[0]}”, not by “{words[1]}”",
    )
    for k in range(len(node.values)):
        rest = node.values[:k] + node.values[k + 1 :]
        yield (
            (rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)),
            "a condition is missing",
            f"{say(node.values[k], 'the condition') or 'a condition'} is missing",
        )


def _either(node, local, say):
    for kept in (node.body, node.orelse):
        yield kept, "one case for all", "two cases are treated alike"


def _constant(node, local, say):
    value = node.value
    if type(value) in (int, float):
        for other in {0: (1, -1), 1: (0, 2), 2: (1, 3), -1: (0, -2)}.get(value, (2 * value, value / 2)):
            yield ast.Constant(other), "another number", f"{other:g} stands in the place of {value:g}"


def _subscript(node, local, say):
    index, of = node.slice, say(node.value)
    if isinstance(index, ast.Name):
        for op, word in ((ast.Sub(), "before"), (ast.Add(), "after")):
            moved = ast.BinOp(index, op, ast.Constant(1))
            yield (
                ast.Subscript(node.value, moved, node.ctx),
                "an index one off",
                f"{of or 'an entry'} is taken one place {word} the right one",
            )
    if (
        isinstance(index, ast.BinOp)
        and isinstance(index.op, (ast.Add, ast.Sub))
        and isinstance(index.right, ast.Constant)
    ):
        yield (
            ast.Subscript(node.value, index.left, node.ctx),
            "an index one off",
            f"{of or 'an entry'} is taken one place off",
        )
    if isinstance(index, ast.Slice) and index.step is None:
        yield node.value, "all entries", f"all of {of or 'an array'} is taken, not a part"
        for lower, upper in ((ast.Constant(1), None), (None, ast.UnaryOp(ast.USub(), ast.Constant(1)))):
            yield (
                ast.Subscript(node.value, ast.Slice(lower, upper, None), node.ctx),
                "an index one off",
                f"{of or 'an array'} is cut at another place",
            )


def _name(node, local, say):
    if node.id not in local or not isinstance(node.ctx, ast.Load):
        return
    for other in sorted(local - {node.id}, key=lambda name: (not _alike(name, node.id), name)):
        if _alike(other, node.id) or (len(other) <= 2 and len(node.id) <= 2):
            new = ast.Name(other, ast.Load())
            both = say(new), say(node)
            if all(both):  # "one quantity in the place of another" would help nobody
                yield new, "a neighbour's name", f"{both[0]} stands in the place of {both[1]}"


def _alike(a, b):
    """Do two names look like relatives: h and h_prev, W_x and W_h, dx and x?"""
    one, other = a.split("_"), b.split("_")
    return (
        one[0] == other[0]
        or (len(one) > 1 and one[1:] == other[1:])
        or a in (f"d{b}", f"{b}s")
        or b in (f"d{a}", f"{a}s")
    )


def _tuple(node, local, say):
    if isinstance(node.ctx, ast.Load) and not any(
        isinstance(part, (ast.Constant, ast.Starred)) for part in node.elts
    ):
        for k in range(len(node.elts) - 1):
            parts = list(node.elts)
            parts[k], parts[k + 1] = parts[k + 1], parts[k]
            both = say(parts[k + 1]), say(parts[k])
            if all(both):
                yield ast.Tuple(parts, node.ctx), "two exchanged", f"{both[0]} and {both[1]} are exchanged"


_SLIPS = {
    ast.BinOp: _binary, ast.UnaryOp: _unary, ast.Attribute: _attribute, ast.Call: call, ast.Compare: _compare,
    ast.BoolOp: _boolean, ast.IfExp: _either, ast.Constant: _constant, ast.Subscript: _subscript, ast.Name: _name,
    ast.Tuple: _tuple,
}  # fmt: skip
