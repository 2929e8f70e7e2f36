"""The errors a user can meet: one line each, saying what was given, what was expected and what to do."""

__all__ = ["InputError", "LikewiseError"]


class LikewiseError(Exception):
    """Something failed that the user should know of in one line; the command line ends with code 1."""

    exit_code = 1


class InputError(LikewiseError, ValueError):
    """What was given cannot be used; the command line ends with code 2."""

    exit_code = 2
