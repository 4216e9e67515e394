"""A class of sample submissions for `make demo`, tests and benchmarks. Not in the wheel: it holds answers."""
