"""The errors and warnings for users: one line with what was given, what was expected and what to do."""


class LikewiseError(Exception):
    """A failure, in one line for the user; the command line ends with code 1."""

    exit_code = 1


class InputError(LikewiseError, ValueError):
    """Input that cannot be used; the command line ends with code 2."""

    exit_code = 2


class ConflictError(LikewiseError):
    """A write that was to change one state of an index, which has changed since."""


class InputWarning(UserWarning):
    """Input that is used with a guess, in one line for the user, who may know better."""
