"""Show something in a notebook; elsewhere print it."""

import sys


def show(text, bundle):
    """Display the bundle, made by a function of no arguments, in a notebook; elsewhere print the text.

    True if it was displayed.
    """
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        get_ipython = None
    if get_ipython is None or get_ipython() is None:
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        print(text.encode(encoding, "replace").decode(encoding))  # a terminal may know no ✓
        return False
    display({"text/plain": text, **bundle()}, raw=True)
    return True
