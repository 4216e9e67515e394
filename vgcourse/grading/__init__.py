"""For instructors: a class of sample submissions, the whole way through nbgrader, and the report on it."""
