"""Parameters and gradients as nested tuples: walk over every array without knowing the structure."""


def map_leaves(fn, *trees):
    """A tree like the first one, whose leaves are `fn(leaf of the first tree, leaf of the second, …)`.

    A tree is an array, or a tuple, NamedTuple or list of trees. None stands for "no such parameter".

    Raises
    ------
    ValueError
        If the trees differ in structure.
    """
    first = trees[0]
    if first is None:
        if any(other is not None for other in trees[1:]):
            raise ValueError("structures differ: None (no such parameter) against an array or a tuple.")
        return None
    if not isinstance(first, (tuple, list)):
        return fn(*trees)
    for other in trees[1:]:
        if not isinstance(other, (tuple, list)) or len(other) != len(first):
            raise ValueError(
                f"structures differ: {type(first).__name__} of {len(first)} against "
                f"{type(other).__name__}{f' of {len(other)}' if isinstance(other, (tuple, list)) else ''}."
            )
    children = [map_leaves(fn, *branch) for branch in zip(*trees, strict=True)]
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
