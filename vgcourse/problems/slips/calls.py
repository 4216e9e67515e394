"""Slips at a call: another function, none, its arguments exchanged, another axis."""

import ast

REDUCTIONS = {
    "sum": ("mean",), "mean": ("sum",), "max": ("min", "mean"), "min": ("max",), "std": ("var",), "var": ("std",),
    "argmax": ("argmin",), "argmin": ("argmax",), "cumsum": ("cumprod",), "cumprod": ("cumsum",), "prod": ("sum",),
}  # fmt: skip
TURNED = {"maximum": "minimum", "minimum": "maximum", "ceil": "floor", "floor": "ceil", "log": "log10", "log10": "log", "triu": "tril", "tril": "triu", "any": "all", "all": "any", "zeros_like": "ones_like", "ones_like": "zeros_like"}  # fmt: skip
CALLED = {
    "abs": "absolute value",
    "sqrt": "root",
    "exp": "exponential",
    "log": "logarithm",
    "log10": "logarithm",
}
NOT_DROPPED = {"_limited", "range", "len", "zip", "enumerate", "tuple", "list", "zeros", "zeros_like", "ones_like", "eye", "stack", "asarray"}  # fmt: skip


def call(node, local, say):
    function = node.func
    name = getattr(function, "attr", getattr(function, "id", ""))
    for other in REDUCTIONS.get(name, ()):
        yield _with(node, name=other), f"{other} for {name}", f"a {other} is taken, not a {name}"
    if name in TURNED:
        yield (
            _with(node, name=TURNED[name]),
            f"{TURNED[name]} for {name}",
            f"{TURNED[name]} is taken, not {name}",
        )
    plain = isinstance(function, ast.Name) or (
        isinstance(getattr(function, "value", None), ast.Name) and function.value.id == "np"
    )
    if plain and name == "reversed":
        yield node.args[0], "a loop the other way", "the loop runs the other way"
    elif plain and name == "range":
        yield (
            ast.Call(ast.Name("reversed", ast.Load()), [node], []),
            "a loop the other way",
            "the loop runs the other way",
        )
    elif plain and name not in NOT_DROPPED:
        for k, arg in enumerate(node.args[:2]):
            if not isinstance(arg, (ast.Starred, ast.Constant)):
                what = CALLED.get(name, name) if not k else name
                yield (
                    arg,
                    f"no {name}",
                    f"the {what} is missing"
                    if len(node.args) == 1
                    else f"{say(arg) or 'one of two'} is taken, without the {name}",
                )
    if plain and len(node.args) == 2 and not any(isinstance(arg, ast.Starred) for arg in node.args):
        yield (
            _with(node, args=node.args[::-1]),
            "arguments exchanged",
            f"the two arguments of {name} are exchanged",
        )
    for k, keyword in enumerate(node.keywords):
        others = [other for j, other in enumerate(node.keywords) if j != k]
        if keyword.arg == "axis":
            for axis in (0, 1, -1):
                new = ast.keyword("axis", ast.Constant(axis))
                yield (
                    _with(node, keywords=[*others, new]),
                    "another axis",
                    f"the {name} goes along axis {axis}",
                )
            yield (
                _with(node, keywords=others),
                "no axis",
                f"the {name} goes over everything, not along one axis",
            )
        if keyword.arg in ("ddof", "initial", "keepdims"):
            yield _with(node, keywords=others), f"no {keyword.arg}", f"{keyword.arg} is missing"


def _with(node, name=None, args=None, keywords=None):
    """The call with another function, other arguments or keywords."""
    function = node.func
    if name:
        function = (
            ast.Attribute(function.value, name, ast.Load())
            if isinstance(function, ast.Attribute)
            else ast.Name(name, ast.Load())
        )
    return ast.Call(
        function, node.args if args is None else args, node.keywords if keywords is None else keywords
    )
