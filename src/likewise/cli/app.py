"""The command line: its commands, one-line errors and exit codes."""

import logging
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from likewise import __version__
from likewise.cli.answer import answer
from likewise.cli.classify import classify
from likewise.cli.compare import compare
from likewise.cli.demo import demo
from likewise.cli.duplicates import duplicates
from likewise.cli.embed import embed
from likewise.cli.evaluate import evaluate
from likewise.cli.export import export
from likewise.cli.index import add, delete, index
from likewise.cli.map import map_texts
from likewise.cli.mcp import mcp
from likewise.cli.open import open_file
from likewise.cli.options import OUTPUTS
from likewise.cli.recommend import recommend
from likewise.cli.report import report
from likewise.cli.search import search
from likewise.cli.serve import keys, serve
from likewise.cli.train import distill, train
from likewise.cli.views import views
from likewise.errors import InputWarning, LikewiseError

USAGE_ERROR = typer.BadParameter.__bases__[0]  # newer typers bundle click's classes: this finds them in any version
MAX_UNEXPECTED = 400  # characters of an unexpected error that are shown
INTERRUPTED = 130  # 128 + SIGINT, as in shells
REPEATED = 2.0  # seconds within which another signal is the same one: timeout(1) sends two


@contextmanager
def _ending_at_signals(*, last_command: bool = False) -> Iterator[None]:
    """End at SIGTERM and SIGHUP as at Ctrl-C, so that nothing half-written stays; a handler of the caller is kept.

    A signal that comes again while the first one is cleaned up after is ignored.

    Args:
        last_command: ignore Ctrl-C from then on, as it would make a process that is ending a killed one.
    """
    last = -REPEATED

    def end(number: int, _: Any) -> None:
        nonlocal last
        before, last = last, time.monotonic()
        if last - before > REPEATED:
            raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    here = threading.current_thread() is threading.main_thread()  # others cannot have handlers
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if here and hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in (getattr(signal, name) for name in names)}
    caught = [number for number, handler in before.items() if handler in (signal.SIG_DFL, signal.default_int_handler)]
    for number in caught:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in caught:
            ignored = last_command and number == signal.SIGINT
            signal.signal(number, signal.SIG_IGN if ignored else before[number])


@contextmanager
def _showing_log() -> Iterator[None]:
    """Write what the package logs to standard error: with `--no-progress`, warnings and what was left out are shown."""
    logger, handler = logging.getLogger("likewise"), logging.StreamHandler(sys.stderr)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)


class Commands(TyperGroup):
    """The group of all commands; ends the process with 0, 2 (bad input), 1 (failure) or 128 + a signal.

    An error is one line on standard error, after the traceback if `--debug` is given.
    """

    @_ending_at_signals()
    @_showing_log()
    def main(self, args: Sequence[str] | None = None, *rest: Any, **settings: Any) -> Any:
        """Run the command in `args` and exit."""
        given, debug = _without_debug(list(sys.argv[1:] if args is None else args))
        settings["standalone_mode"] = False
        _replace_unprintable()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("default", InputWarning)
                warnings.showwarning = _show_warning
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
            code = _report(error)
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; end it quietly when the reader of its output has closed the pipe."""
        try:
            with OUTPUTS:
                return super().invoke(ctx)
        except BrokenPipeError as error:
            _discard_output()
            raise typer.Exit from error


def _without_debug(args: list[str]) -> tuple[list[str], bool]:
    """Take `--debug` out of the arguments, before or after the command; what follows `--` is not an option."""
    options = args[: args.index("--")] if "--" in args else args
    return [arg for arg in options if arg != "--debug"] + args[len(options) :], "--debug" in options


def _report(error: Exception) -> int:
    """Write an error as one line to standard error; return the exit code."""
    if isinstance(error, LikewiseError):
        line, code = f"error: {error}", error.exit_code
    elif isinstance(error, USAGE_ERROR):
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "likewise"
        message = error.format_message()  # type: ignore[attr-defined]
        line, code = f"error: {message}{'' if message.endswith(('.', '?')) else '.'} See {command} --help", 2
    else:
        message = f"{type(error).__name__}: {error}"[:MAX_UNEXPECTED]
        line, code = f"unexpected error: {message}; run with --debug to see where", 1
    if isinstance(error, OSError):
        _discard_output()  # standard output itself may have failed: Python would flush it again at exit
    sys.stderr.write(" ".join(line.split()) + "\n")
    return code


def _show_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: Any, **__: Any
) -> None:
    """Write a warning for users as one line to standard error, and any other as Python does."""
    if issubclass(category, InputWarning):
        line = f"warning: {message}"
    else:
        line = warnings.formatwarning(message, category, filename, lineno)
    sys.stderr.write(line.rstrip("\n") + "\n")


def _replace_unprintable() -> None:
    """Print `?` for characters that the encoding of the terminal lacks, instead of failing halfway."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _discard_output() -> None:
    """Send what is still to be written to standard output nowhere."""
    with suppress(OSError), Path(os.devnull).open("wb") as nowhere:  # a stream that is no file has no descriptor
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


app = typer.Typer(cls=Commands, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown")


def main() -> None:
    """Run `likewise` with the arguments of the process, and exit."""
    with _ending_at_signals(last_command=True):
        app(prog_name="likewise")


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(f"likewise {__version__}")
        raise typer.Exit


@app.callback(
    epilog="To begin: likewise demo\n\n"
    "With a file of yours: likewise train reviews.csv --text body --out reviews.model",
)
def likewise(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Print the traceback of an error.")] = False,
) -> None:
    """Train text embeddings on your own unlabelled texts, and use them."""


for command, example in (
    (train, "likewise train reviews.csv --text body --out reviews.model"),
    (distill, "likewise distill all-minilm.model --texts reviews.csv --text body --out fast.model"),
    (report, "likewise report reviews.model"),
    (embed, "likewise embed reviews.model more.jsonl --out vectors.parquet"),
    (export, "likewise export adapted.model --int8"),
    (index, "likewise index reviews.model reviews.csv --text body --out reviews.index"),
    (add, "likewise add reviews.index more.jsonl --id id"),
    (delete, "likewise delete reviews.index 17 23"),
    (search, "likewise search reviews.index 'it broke after a week' -k 3 --where 'price < 10'"),
    (answer, "likewise answer manual.index 'How do I reset the clock?'"),
    (evaluate, "likewise evaluate reviews.model judged.csv --text body --label product"),
    (compare, "likewise compare reviews.model other.model --texts reviews.csv --text body"),
    (views, "likewise views reviews.csv --text body --views crop+delete:0.1"),
    (serve, "likewise serve reviews.index --port 0"),
    (mcp, "likewise mcp reviews.index"),
    (demo, "likewise demo --out try"),
):
    app.command(epilog=f"Example: {example}", no_args_is_help=False)(command)

app.command(name="open", epilog="Example: likewise open reviews.csv --text body")(open_file)
app.command("map", epilog="Example: likewise map reviews.index", no_args_is_help=False)(map_texts)
app.add_typer(classify, name="classify", epilog="Example: likewise classify fit reviews.model labelled.csv --out clf")
app.add_typer(
    duplicates, name="duplicates", epilog="Example: likewise duplicates reviews.csv --text body --out groups.jsonl"
)
app.add_typer(
    recommend, name="recommend", help="Recommend items to users, by their texts and by who chose what.",
    epilog="Example: likewise recommend fit items.jsonl interactions.csv --out rec",
)  # fmt: skip
app.add_typer(keys, name="keys", epilog="Example: likewise keys add server.keys --name alice --access write")
