"""Parameters and gradients as nested tuples: walk over every array without knowing the structure."""


def map_leaves(fn, *trees, where=None):
    """A tree like the first one, whose leaves are `fn(leaf of the first tree, leaf of the second, …)`.

    A tree is an array, or a tuple, NamedTuple or list of trees. None stands for "no such parameter".
    `where` is who was called, for the error.

    Raises
    ------
    ValueError
        If the trees differ in structure.
    """
    first, caller = trees[0], f"{where}: " if where else ""
    if first is None:
        if any(other is not None for other in trees[1:]):
            raise ValueError(
                f"{caller}structures differ: None (no such parameter) against an array or a tuple."
            )
        return None
    if not isinstance(first, (tuple, list)):
        if any(isinstance(other, tuple) for other in trees[1:]):  # a list may be an array's numbers
            raise ValueError(f"{caller}structures differ: {type(first).__name__} against a tuple.")
        return fn(*trees)
    for other in trees[1:]:
        if not isinstance(other, (tuple, list)) or len(other) != len(first):
            raise ValueError(
                f"{caller}structures differ: {type(first).__name__} of {len(first)} against "
                f"{type(other).__name__}{f' of {len(other)}' if isinstance(other, (tuple, list)) else ''}."
            )
    children = [map_leaves(fn, *branch, where=where) for branch in zip(*trees, strict=True)]
    return type(first)(*children) if hasattr(first, "_fields") else type(first)(children)


def named_leaves(tree, name=""):
    """Every array of the tree with a readable name: [("[0].W", array), ("[0].b", array), …]."""
    if tree is None:
        return []
    if not isinstance(tree, (tuple, list)):
        return [(name, tree)]
    labels = [f".{field}" for field in tree._fields] if hasattr(tree, "_fields") else None
    labels = labels or [f"[{i}]" for i in range(len(tree))]
    return [
        leaf
        for label, branch in zip(labels, tree, strict=True)
        for leaf in named_leaves(branch, name + label if name else label.lstrip("."))
    ]


def replace_leaf(tree, number, value):
    """A copy of the tree in which leaf `number` (counted as in `named_leaves`) is `value`."""
    counter = iter(range(len(named_leaves(tree))))
    return map_leaves(lambda leaf: value if next(counter) == number else leaf, tree)
