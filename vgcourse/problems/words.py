"""Sentences about quantities: plurals."""


def is_plural(names):
    """Does a sentence about these quantities need "are"? Several do, and so does one called `norms`."""
    last = names[-1].split("[")[0].split(",")[0]
    singular = not last.endswith(("s", "dii", "duli")) or last.endswith(("bias", "is", "ss", "us"))
    return len(names) > 1 or (names[0] == last and not singular)
