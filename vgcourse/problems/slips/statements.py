"""The places of a function's text: its statements, the expressions in them, and slips of whole lines."""

import ast


def statements(body):
    """All statements, those inside of loops and branches too; not the docstring."""
    for statement in body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        yield statement
        for inner in ("body", "orelse"):
            yield from statements(getattr(statement, inner, []))


def _own_fields(statement):
    """Where a statement holds expressions of its own."""
    return [
        field for field in ("value", "test", "iter") if isinstance(getattr(statement, field, None), ast.expr)
    ]


def spots(statement):
    """(parent, field, index) of every expression, outer ones first."""
    spots = [(statement, field, None) for field in _own_fields(statement)]
    while spots:
        parent, field, index = spots.pop(0)
        node = get(parent, field, index)
        yield parent, field, index
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                spots += [
                    (node, name, k)
                    for k, part in enumerate(value)
                    if isinstance(part, (ast.expr, ast.comprehension))
                ]
                for part in value:
                    if isinstance(part, ast.keyword) and part.arg not in (
                        "axis",
                        "keepdims",
                        "strict",
                        "dtype",
                    ):
                        spots.append((part, "value", None))
            elif isinstance(value, (ast.expr, ast.comprehension, ast.Slice)):
                spots.append((node, name, None))


def get(parent, field, index):
    value = getattr(parent, field)
    return value if index is None else value[index]


def put(parent, field, index, node):
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


def whole_statements(tree, statement, say):
    """A sum that is overwritten, a line that is left out."""
    parent, field, index = next(
        (node, field, body.index(statement))
        for node in ast.walk(tree)
        for field in ("body", "orelse")
        if isinstance(body := getattr(node, field, None), list) and statement in body
    )
    changes = []
    if isinstance(statement, ast.AugAssign):
        target = say(statement.target) or "a sum"
        changes.append(
            (
                ast.Assign([statement.target], statement.value),
                "overwritten, not added",
                f"{target} is overwritten at each step, not added to",
            )
        )
        changes.append((ast.Pass(), "never added", f"nothing is ever added to {target}"))
        if isinstance(statement.op, ast.Add):
            changes.append(
                (
                    ast.AugAssign(statement.target, ast.Sub(), statement.value),
                    "a sign",
                    f"what goes into {target} is subtracted and not added",
                )
            )
    elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript):
        changes.append((ast.Pass(), "a line is missing", "a line is missing"))
    for new, name, text in changes:
        put(parent, field, index, ast.fix_missing_locations(ast.copy_location(new, statement)))
        yield compile(tree, "<one slip>", "exec"), name, text
        put(parent, field, index, statement)
