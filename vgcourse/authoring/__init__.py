"""For those who write the course: `build` the notebooks, `execute` them, hold their `style`."""
