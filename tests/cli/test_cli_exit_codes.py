"""How a command ends: exit codes, one line for an error, quietly where nobody reads on."""

import contextlib
import io
import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_shelf import Shelf, fails, run_likewise, succeeds

import likewise as package
import likewise.corpus.read
from likewise.cli import main
from likewise.cli.app import USAGE_ERROR, Commands
from likewise.errors import LikewiseError

PROCESS = [sys.executable, "-m", "likewise"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(package.__file__).parents[1])}


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C as a terminal has it, here and in processes started from here: a job in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def read(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(likewise.corpus.read, "read", read)


def test_version() -> None:
    assert succeeds("--version") == f"likewise {package.__version__}\n"


def test_without_a_command_there_is_help() -> None:
    printed = succeeds()
    assert all(name in printed for name in ("train", "embed", "index", "add", "delete", "search", "views", "demo"))
    assert printed == succeeds("--help")


@pytest.mark.parametrize("command", ["train", "embed", "index", "add", "delete", "search", "views", "demo"])
def test_every_command_has_an_example(command: str) -> None:
    assert f"Example: likewise {command}" in " ".join(succeeds(command, "--help").split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["trian"], "Did you mean 'train'? See likewise --help"),
        (["train", "a.csv"], "--out"),
        (["train", "a.csv", "--out", "m", "--dims", "3"], "--dims"),
        (["train", "a.csv", "--out", "m", "--dim", "three"], "--dim"),
        (["train", "a.csv", "--out", "m", "--on-error", "ignore"], "See likewise train --help"),
        (["search"], "INDEX"),
    ],
)
def test_a_slip_of_the_keyboard_is_one_line(words: list[str], message: str) -> None:
    line = fails(*words)
    assert line.startswith("error: ") and message in line


def test_failures_end_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    _raising(monkeypatch, LikewiseError("the moon\nis in the way"))
    assert fails("views", "a.txt", code=1) == "error: the moon is in the way\n"


def test_what_nobody_expected_is_one_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    _raising(monkeypatch, ZeroDivisionError("division by zero"))
    message = fails("views", "a.txt", code=1)
    assert message == "unexpected error: ZeroDivisionError: division by zero; run with --debug to see where\n"


@pytest.mark.parametrize("words", [["--debug", "views", "a.txt"], ["views", "a.txt", "--debug"]])
def test_debug_shows_where(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    _raising(monkeypatch, LikewiseError("the moon is in the way"))
    result = run_likewise(*words)
    assert result.exit_code == 1
    assert result.stderr.startswith("Traceback (most recent call last)")
    assert result.stderr.endswith("\nerror: the moon is in the way\n")


def test_debug_behind_two_dashes_is_a_word(shelf: Shelf) -> None:
    assert "--debug" in succeeds("search", shelf.index, "--json", "--", "--debug set_debug")


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (BrokenPipeError(), 0)])
def test_quiet_ends(monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int) -> None:
    _raising(monkeypatch, error)
    result = run_likewise("views", "a.txt")
    assert (result.exit_code, result.output) == (code, "")


def test_output_may_be_a_stream_without_encoding() -> None:
    with contextlib.redirect_stdout(io.StringIO()) as output, pytest.raises(SystemExit) as ended:
        main_with("--version")
    assert ended.value.code == 0
    assert output.getvalue().startswith("likewise ")


def main_with(*words: str) -> None:
    """`likewise` as a process would call it."""
    before, sys.argv = sys.argv, ["likewise", *words]
    handler = signal.getsignal(signal.SIGINT)
    try:
        main()
    finally:
        sys.argv = before
        signal.signal(signal.SIGINT, handler)


def test_a_terminal_of_another_encoding_gets_question_marks(shelf: Shelf) -> None:
    environment = ENVIRONMENT | {"PYTHONIOENCODING": "ascii"}
    arguments = ["search", str(shelf.index), "task", "-k", "1", "--mode", "text"]
    done = subprocess.run([*PROCESS, *arguments], capture_output=True, env=environment, check=True)
    assert done.stdout.isascii() and b"?" in done.stdout  # the ellipsis
    assert done.stderr == b""


def test_a_reader_who_has_enough_ends_it_quietly(shelf: Shelf) -> None:
    arguments = ["search", str(shelf.index), *["task"] * 40, "-k", "400", "--mode", "text", "--json"]
    with subprocess.Popen(
        [*PROCESS, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline().startswith(b"{")
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_output_that_cannot_be_written_is_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROCESS, "--version"], check=False, stdout=full, stderr=subprocess.PIPE, env=ENVIRONMENT
        )
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1


def test_help_is_quick_because_it_imports_little() -> None:
    script = (
        "import sys\n"
        "from likewise.cli.app import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "print(*{'numba', 'numpy', 'pyarrow', 'torch', 'tokenizers'}.intersection(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=ENVIRONMENT, check=True)
    assert done.stdout.splitlines()[-1] == ""


def test_usage_errors_are_recognised() -> None:
    assert USAGE_ERROR.__name__ == "UsageError"


@pytest.mark.slow
@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_while_indexing_leaves_nothing(shelf: Shelf, tmp_path: Path) -> None:
    big = tmp_path / "big.txt"
    big.write_text("some words that say nothing\n" * 3_000_000)
    arguments = [*PROCESS, "index", str(shelf.model), str(big), "--out", str(tmp_path / "x.index")]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, env=ENVIRONMENT) as process:
        while not list(tmp_path.glob(".x.index*")) and process.poll() is None:
            time.sleep(0.05)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        time.sleep(0.01)
        process.send_signal(signal.SIGINT)  # an impatient finger
        _, printed = process.communicate(timeout=60)
        assert (process.returncode, printed) == (130, b"")
    assert [path.name for path in tmp_path.iterdir()] == ["big.txt"]


class _Stream(io.StringIO):
    """Standard output that fails when it is emptied."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def flush(self) -> None:
        raise self.error


def test_output_that_fails_at_the_end(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for error, code, message in (
        (BrokenPipeError(), 0, ""),
        (OSError(28, "No space left on device"), 1, "unexpected error: OSError: [Errno 28] No space"),
    ):
        monkeypatch.setattr(sys, "stdout", _Stream(error))
        with pytest.raises(SystemExit) as ended:
            main_with("--version")
        assert ended.value.code == code
        assert capsys.readouterr().err.startswith(message)


def test_ctrl_c_outside_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Commands.__base__, "main", interrupted)
    assert run_likewise("--version").exit_code == 130


def test_a_long_error_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    _raising(monkeypatch, RuntimeError("x" * 10_000))
    assert len(fails("views", "a.txt", code=1)) < 500


def test_python_runs_the_package(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["likewise", "--version"])
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit):
        runpy.run_module("likewise", run_name="__main__")
    signal.signal(signal.SIGINT, handler)
    assert capsys.readouterr().out.startswith("likewise ")


def test_closed_output_is_no_error() -> None:
    done = subprocess.run(
        ["sh", "-c", '"$0" -m likewise --version >&-', sys.executable],
        capture_output=True,
        env=ENVIRONMENT,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_a_command_as_ctrl_c_does(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: signal.Signals, code: int
) -> None:
    """A law: nothing half-written stays, though timeout(1) sends the signal twice; afterwards all is as it was."""

    def killed(collection: Any, *_: Any) -> None:
        assert list(tmp_path.glob(".x.index.*.part"))
        try:
            os.kill(os.getpid(), sent)
        finally:
            os.kill(os.getpid(), sent)

    before = signal.getsignal(sent)
    monkeypatch.setattr("likewise.index.collection.Collection.add_corpus", killed)
    assert (
        run_likewise("index", shelf.model, shelf.file, "--text", "body", "--out", tmp_path / "x.index").exit_code
        == code
    )
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(sent) == before


def test_a_handler_of_the_caller_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs commands within a process of their own, or under nohup, has decided what a signal does."""
    got: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: got.append(number))
    try:
        monkeypatch.setattr("typer.core.TyperGroup.main", lambda *_, **__: os.kill(os.getpid(), signal.SIGTERM))
        assert run_likewise("--version").exit_code == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    assert got == [signal.SIGTERM]
