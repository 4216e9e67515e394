"""For instructors: what nbgrader lacks, from the list of a class to the feedback, and the report on it."""
