"""Right answers that look different: each of them has to earn full marks and be accused of nothing.

`RIGHT` holds at least six variants for every problem: loops, einsum, other formulas,
other layouts, other types. A new problem joins with one entry in its set's file.
"""

import importlib

RIGHT = {
    name: answers
    for number in range(1, 9)
    for name, answers in importlib.import_module(f"right_answers.ps{number}").RIGHT.items()
}
