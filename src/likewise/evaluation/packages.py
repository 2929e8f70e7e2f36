"""Packages that only an extra brings: whether they are there, and what to say where they are not."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from likewise.errors import LikewiseError

__all__ = ["EXTRA", "installed", "needed"]

EXTRA = "pip install 'likewise[evaluate]'"


def installed(package: str) -> bool:
    """Whether a package can be imported; it is not."""
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):  # what stands in its place is no module
        return False


def needed(package: str, *, what: str, remedy: str = EXTRA) -> Any:
    """Import a package.

    Args:
        package: as Python calls it.
        what: is done with it, for the message.
        remedy: the command that installs it.

    Raises:
        LikewiseError: it is not installed.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise LikewiseError(f"{what} needs {package}, which cannot be imported ({error}): {remedy}") from error
