"""What stops a whole run, in one sentence. What one submission does never stops it."""


class EngineError(Exception):
    """Grading cannot run, or cannot go on; the message says what to do."""
