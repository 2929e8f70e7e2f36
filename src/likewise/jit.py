"""Compile loops with numba so that they run in any process: beside other threads, after a fork, without a home folder.

Where numba has no OpenMP, calls from several threads take turns: its own thread pool would end the process. GNU OpenMP
ends or stops a forked process that uses it after its parent did, so there the loops run on one thread.
"""

import os
import stat
import tempfile
import threading
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import wraps
from pathlib import Path
from types import FunctionType
from typing import Any

import numba
from numba.core.caching import FunctionCache
from threadpoolctl import threadpool_limits

from likewise import PROCESS

_LOCK = threading.Lock()
_turn: AbstractContextManager[Any] | None = None  # within which a parallel loop runs; None before the first one
_forked = os.getpid() != PROCESS  # whether this process is a fork of one that had loaded the package


def compiled(*, parallel: bool = False, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function without the GIL, when it is first called, and cache the machine code on disk.

    Args:
        parallel: run the iterations of its `prange` on several threads; such a function cannot be called by another
            compiled one.
        **options: further ones of `numba.njit`.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        first = _cached(function, parallel=parallel, **options)
        return _parallel(function, first, options) if parallel else first

    return decorate


def _parallel(function: Callable[..., Any], threaded: Callable[..., Any], options: dict[str, Any]) -> Any:
    serial: Callable[..., Any] | None = None

    @wraps(function)
    def run(*args: Any) -> Any:
        nonlocal serial
        if _forked:
            if serial is None:
                threadpool_limits(1, "openmp")  # of faiss and scikit-learn: it would wait for threads that are gone
                serial = _cached(_renamed(function), **options)
            return serial(*args)
        with _turn or _first_turn():
            return threaded(*args)

    return run


def _first_turn() -> AbstractContextManager[Any]:
    """Start numba's threads, and find out whether several threads may use them at once."""
    global _turn  # noqa: PLW0603 - numba's threads are those of the process
    numba.get_num_threads()  # starts them
    _turn = _LOCK if numba.threading_layer() == "workqueue" else nullcontext()
    return _turn


def _after_fork() -> None:
    """Remember, in the child, that the threads of its parent are gone: those of numba, or of others that use OpenMP."""
    global _forked  # noqa: PLW0603
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _renamed(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function by another name: numba's cache does not distinguish whether it is compiled for several threads."""
    assert isinstance(function, FunctionType)  # noqa: S101 - a kernel is a function of a module
    other = FunctionType(function.__code__, function.__globals__, function.__name__)
    other.__qualname__ = f"{function.__qualname__}_serial"
    return other


def _cached(function: Callable[..., Any], **options: Any) -> Any:
    dispatcher = numba.njit(nogil=True, **options)(function)
    if not numba.config.DISABLE_JIT and (cache := _cache_of(function)):
        dispatcher._cache = cache
    return dispatcher


class _Cache(FunctionCache):  # type: ignore[misc]
    """Numba's cache of a function; what cannot be read is compiled anew, and what cannot be written is not kept."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # of a damaged file: any error that unpickling may raise
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        with suppress(Exception):  # the index that it reads first may be damaged too
            super().save_overload(sig, data)


def _cache_of(function: Callable[..., Any]) -> _Cache | None:
    """Where the machine code is kept: where numba finds a place, else in the temporary folder, else nowhere."""
    try:
        return _Cache(function)  # in NUMBA_CACHE_DIR, next to the source, or in the user's cache folder
    except RuntimeError:  # none can be written
        folder = _temporary_folder()
    given = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(folder or "")
    try:
        return _Cache(function)
    except RuntimeError:
        warnings.warn(
            "compiled code can be kept nowhere, and every process compiles for about a minute: let NUMBA_CACHE_DIR be "
            "a folder that may be written",
            RuntimeWarning,
            stacklevel=1,
        )
        return None
    finally:
        numba.config.CACHE_DIR = given


def _temporary_folder() -> Path | None:
    """A temporary folder that no other user can put code into; None if there is none."""
    try:
        folder = Path(tempfile.gettempdir()) / f"likewise-numba-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except (AttributeError, OSError):  # Windows has no numbers of users, and a cache folder for each
        return None
    private = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return folder if private else None
