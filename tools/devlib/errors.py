"""The one exception that is shown to the user without a stack trace."""


class DevError(Exception):
    """Something failed that the user can act on; the text says what to do."""
