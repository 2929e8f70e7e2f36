"""Every way out of a command: an exit code, and for an error one line on standard error."""

import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from likewise.errors import LikewiseError

__all__ = ["Door"]

USAGE_ERROR = typer.BadParameter.__bases__[0]  # newer typers hold click's classes themselves: this names them in any
LONGEST = 400  # characters shown of an error that nobody expected
INTERRUPTED = 130  # 128 + SIGINT, as shells count


class Door(TyperGroup):
    """The commands together; ends the process with 0, 2 (bad input), 1 (failure) or 130 (interrupted)."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **settings: Any) -> Any:
        """Run the command that `args` name, and leave."""
        given = list(sys.argv[1:] if args is None else args)
        given, debug = _without_debug(given)
        settings["standalone_mode"] = False
        _tolerate_unprintable()
        try:
            code = super().main(given or ["--help"], *rest, **settings)
            if sys.stdout is not None:  # the caller may have closed it
                sys.stdout.flush()
        except BrokenPipeError:
            _discard_output()
            code = 0
        except (KeyboardInterrupt, typer.Abort):
            code = INTERRUPTED
        except Exception as error:
            if debug:
                traceback.print_exc()
            code = _tell(error)
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; where the reader of its output has gone, it is done."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            _discard_output()
            raise typer.Exit from error


def _without_debug(args: list[str]) -> tuple[list[str], bool]:
    """`--debug` works before and after the command; what follows `--` is no option."""
    options = args[: args.index("--")] if "--" in args else args
    return [arg for arg in options if arg != "--debug"] + args[len(options) :], "--debug" in options


def _tell(error: Exception) -> int:
    """One line on standard error; returns the exit code."""
    if isinstance(error, LikewiseError):
        line, code = f"error: {error}", error.exit_code
    elif isinstance(error, USAGE_ERROR):
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "likewise"
        said = error.format_message()  # type: ignore[attr-defined]
        line, code = f"error: {said}{'' if said.endswith(('.', '?')) else '.'} See {command} --help", 2
    else:
        said = f"{type(error).__name__}: {error}"[:LONGEST]
        line, code = f"unexpected error: {said}; run with --debug to see where", 1
    if isinstance(error, OSError):
        _discard_output()  # standard output itself may be what failed: Python would try it again on its way out
    sys.stderr.write(" ".join(line.split()) + "\n")
    return code


def _tolerate_unprintable() -> None:
    """A terminal of another encoding gets `?` for what it cannot show, rather than an error halfway."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _discard_output() -> None:
    """What is still to be written to standard output goes nowhere."""
    with suppress(OSError), Path(os.devnull).open("wb") as nowhere:  # a stream that is no file has no number
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
