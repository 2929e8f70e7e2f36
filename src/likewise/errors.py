"""The errors and warnings for users: one line with what was given, what was expected and what to do."""

from importlib.util import find_spec


class LikewiseError(Exception):
    """A failure, in one line for the user; the command line ends with code 1."""

    exit_code = 1


class InputError(LikewiseError, ValueError):
    """Input that cannot be used; the command line ends with code 2."""

    exit_code = 2


class ConflictError(LikewiseError):
    """A write that was to change one state of an index, which has changed since."""


class ReplacedError(LikewiseError):
    """A folder that is open was replaced, moved or removed: what is at its path now has to be opened."""


class InputWarning(UserWarning):
    """Input that is used with a guess, in one line for the user, who may know better."""


def require(extra: str, what: str, *modules: str) -> None:
    """Check that the packages of an extra are there, without importing them.

    Args:
        extra: its name.
        what: what needs it, with its verb, such as `a server needs`.
        modules: that the packages bring.

    Raises:
        LikewiseError: one is missing.
    """
    for name in modules:
        if find_spec(name) is None:
            raise LikewiseError(f"{what} {name}: pip install 'likewise[{extra}]'")
