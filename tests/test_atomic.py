import errno
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import likewise
from likewise.atomic import locking, refuse_existing, refuse_other, replacing_file, replacing_folder
from likewise.errors import InputError, LikewiseError


def tree(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def put(place: Path, content: str, *, whole: bool) -> None:
    """Write a file, or a folder with one."""
    if whole:
        place.mkdir()
        place = place / "file"
    place.write_text(content)


replacing = pytest.mark.parametrize(("replace", "whole"), [(replacing_file, False), (replacing_folder, True)])


@replacing
def test_what_was_written_takes_its_place(tmp_path: Path, replace, whole: bool) -> None:
    """A closed form: nothing at the path until the block ends, then all of it, and nothing beside it."""
    target = tmp_path / "deep" / "er" / "out"
    with replace(target) as temporary:
        assert temporary.parent == target.parent
        (temporary / "file" if whole else temporary).write_text("new")
        assert not target.exists()
    assert list(tree(tmp_path).values()) == ["new"]
    assert names(target.parent) == ["out"]


@replacing
def test_what_stood_there_is_replaced_or_refused(tmp_path: Path, replace, whole: bool) -> None:
    """A closed form: the old one is gone with overwrite, and untouched without."""
    target = tmp_path / "out"
    put(target, "old", whole=whole)
    with pytest.raises(InputError, match="exists already"), replace(target, overwrite=False):
        raise AssertionError("not reached")
    assert list(tree(tmp_path).values()) == ["old"]
    with replace(target, overwrite=True) as temporary:
        (temporary / "file" if whole else temporary).write_text("new")
    assert list(tree(tmp_path).values()) == ["new"]
    assert names(tmp_path) == ["out"]


def test_a_folder_takes_the_place_of_a_file(tmp_path: Path) -> None:
    """A closed form: with overwrite, whatever stood there."""
    (tmp_path / "out").write_text("old")
    with replacing_folder(tmp_path / "out", overwrite=True) as temporary:
        (temporary / "inner").mkdir()
        (temporary / "inner" / "file").write_text("new")
    assert tree(tmp_path) == {"out/inner/file": "new"}


@replacing
@pytest.mark.parametrize(
    ("raised", "expected", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), LikewiseError, "the disk is full: .*out was not written"),
        (OSError(errno.EACCES, "Permission denied"), InputError, "cannot write .*out: Permission denied"),
        (OSError(errno.EROFS, "Read-only file system"), InputError, "Read-only"),
        (OSError(errno.EIO, "Input/output error"), LikewiseError, "out was not written: .*Input/output error"),
        (ValueError("mine"), ValueError, "mine"),
        (InputError("mine"), InputError, "mine"),
        (KeyboardInterrupt("mine"), KeyboardInterrupt, "mine"),
    ],
)
def test_an_error_leaves_what_stood_there(
    tmp_path: Path, replace, whole: bool, raised: BaseException, expected: type[BaseException], message: str
) -> None:
    """Bad input: one line for the user, the old one unchanged, nothing half-written beside it."""
    target = tmp_path / "out"
    put(target, "old", whole=whole)
    with pytest.raises(expected, match=message), replace(target, overwrite=True) as temporary:
        (temporary / "file" if whole else temporary).write_text("half")
        raise raised
    assert list(tree(tmp_path).values()) == ["old"]
    assert names(tmp_path) == ["out"]


def test_a_file_that_was_never_written(tmp_path: Path) -> None:
    """Bad input: a block that writes nothing is a failure, not an empty file."""
    with pytest.raises(LikewiseError, match="out was not written"), replacing_file(tmp_path / "out"):
        pass
    assert names(tmp_path) == []


def test_a_rename_that_fails_brings_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad input: the old folder has stepped aside when the new one cannot be put there."""
    put(tmp_path / "out", "old", whole=True)
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.suffix == ".part":
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    replaced = replacing_folder(tmp_path / "out", overwrite=True)
    with pytest.raises(LikewiseError, match="out was not written"), replaced as temporary:
        (temporary / "file").write_text("new")
    assert tree(tmp_path) == {"out/file": "old"}
    assert names(tmp_path) == ["out"]


KILLED = """
import os, signal, sys
from pathlib import Path
from likewise.atomic import replacing_file, replacing_folder
target, whole = Path(sys.argv[1]), sys.argv[2] == "True"
with (replacing_folder if whole else replacing_file)(target, overwrite=True) as temporary:
    (temporary / "file" if whole else temporary).write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@replacing
def test_a_killed_process_leaves_the_old_one(tmp_path: Path, replace, whole: bool) -> None:
    """A law: SIGKILL while the new one is written leaves the old one whole."""
    target = tmp_path / "out"
    put(target, "old", whole=whole)
    ran = subprocess.run([sys.executable, "-c", KILLED, str(target), str(whole)], timeout=60, check=False)
    assert ran.returncode == -9
    assert (target / "file" if whole else target).read_text() == "old"


WRITER = """
import sys
from pathlib import Path
from likewise.atomic import replacing_file, replacing_folder
target, whole = Path(sys.argv[1]), sys.argv[2] == "True"
with (replacing_folder if whole else replacing_file)(target, overwrite=True) as temporary:
    (temporary / "file" if whole else temporary).write_text("half")
    print("writing", flush=True)
    sys.stdin.read()
"""


@replacing
def test_a_path_has_one_writer(tmp_path: Path, replace, whole: bool) -> None:
    """A law: the second writer is refused at once, by any spelling; what a killed one left is removed by the next."""
    target = tmp_path / "out"
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "other").symlink_to(target)
    (tmp_path / ".out.more.0123abcd.part").touch()  # of another output
    command = [sys.executable, "-c", WRITER, str(target), str(whole)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout and writer.stdout.readline() == "writing\n"
        for spelling in (target, tmp_path / "link" / "out", tmp_path / "link" / ".." / tmp_path.name / "out"):
            with pytest.raises(LikewiseError, match=f"{spelling} is being written by process {writer.pid} on "):
                replace(spelling, overwrite=True).__enter__()
        with pytest.raises(LikewiseError, match="other is being written by process"):
            replace(tmp_path / "other", overwrite=True).__enter__()
        writer.kill()
    assert not target.exists() and len(names(tmp_path)) == 5  # with the lock and what was half-written
    with replace(target) as temporary:
        put(temporary / "file" if whole else temporary, "new", whole=False)
    assert sorted(names(tmp_path)) == [".out.more.0123abcd.part", "link", "other", "out"]


def test_a_thread_may_lock_twice_and_no_other_thread(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with locking(target), ThreadPoolExecutor(1) as pool:
        with replacing_file(target) as temporary:
            temporary.write_text("new")
        with pytest.raises(LikewiseError, match="out is being written by another thread of this process: wait for it"):
            pool.submit(locking(target, overwrite=True).__enter__).result()
    assert names(tmp_path) == ["out"]


def test_one_that_waits_comes_after(tmp_path: Path) -> None:
    target, order = tmp_path / "out", []

    def second() -> None:
        with locking(target, wait=True):
            order.append("second")

    with locking(target):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.05)
        order.append("first")
    thread.join()
    assert order == ["first", "second"] and names(tmp_path) == []


@given(writers=st.integers(2, 6), whole=st.booleans(), overwrite=st.booleans())
def test_of_many_writers_each_wins_whole_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, writers: int, whole: bool, overwrite: bool
) -> None:
    """A law: what stands there in the end is what one wrote that was not refused, and nothing else is left."""
    folder = tmp_path_factory.mktemp("writers")
    start = threading.Barrier(writers)

    def write(number: int) -> bool:
        start.wait()
        try:
            with (replacing_folder if whole else replacing_file)(folder / "out", overwrite=overwrite) as temporary:
                (temporary / "file" if whole else temporary).write_text(str(number))
        except LikewiseError:
            return False
        return True

    with ThreadPoolExecutor(writers) as pool:
        wrote = list(pool.map(write, range(writers)))
    assert names(folder) == ["out"]
    assert wrote[int(*tree(folder).values())]
    assert overwrite or sum(wrote) == 1


@replacing
def test_what_appeared_meanwhile_is_not_replaced(tmp_path: Path, replace, whole: bool) -> None:
    """A law: without overwrite neither what somebody else put there nor the work is lost."""
    target = tmp_path / "out.jsonl"
    with (
        pytest.raises(LikewiseError, match=r"out.jsonl appeared while") as caught,
        replace(target, overwrite=False) as new,
    ):
        put(new / "file" if whole else new, "new", whole=False)
        put(target, "of another", whole=whole)
    kept = Path(str(caught.value).rpartition(" ")[2])
    assert kept.suffix == ".jsonl"
    assert (kept / "file" if whole else kept).read_text() == "new"
    assert (target / "file" if whole else target).read_text() == "of another"
    assert len(names(tmp_path)) == 2


def test_where_the_file_system_has_no_locks_nothing_is_locked_or_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(file: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", unsupported)
    (tmp_path / ".out.0123abcd.part").touch()
    with replacing_file(tmp_path / "out") as temporary:
        temporary.write_text("new")
    assert sorted(names(tmp_path)) == [".out.0123abcd.part", "out"]


def test_only_what_a_killed_writer_of_this_output_left_is_removed(tmp_path: Path) -> None:
    """A closed form: its temporary paths, those within one, and no other names."""
    own = ("out.0123abcd.part", "out.0123abcd.part.before", "out.0123abcd.part-journal", "out.0123abcd.old")
    inner = (".out.0123abcd.part.01234567.part", ".out.0123abcd.part.01234567.old", ".out.0123abcd.part.lock")
    others = (".out.0123abcd.part", "out.more.0123abcd.part", "out.0123abcd.parts", "out.0123.part", "out.part")
    for name in (*own, *inner, *others):
        (tmp_path / f".{name}").touch()
    (tmp_path / "out").touch()
    (tmp_path / ".out.lock").write_text(f"process 1 on {os.uname().nodename}")
    with locking(tmp_path / "out", overwrite=True):
        pass
    assert sorted(names(tmp_path)) == sorted(["out", *(f".{name}" for name in others)])


@pytest.mark.parametrize("host", ["", "elsewhere"])
def test_a_folder_that_a_killed_process_had_renamed_comes_back(tmp_path: Path, host: str) -> None:
    """A law: killed between its two renames, a writer leaves the old one whole; one of another machine may be alive."""
    put(tmp_path / ".out.0123abcd.old", "old", whole=True)
    (tmp_path / ".out.lock").write_text(f"process 1 on {host or os.uname().nodename}")
    with locking(tmp_path / "out", overwrite=True):
        assert (tmp_path / "out").exists() == (not host)
    assert names(tmp_path) == [".out.0123abcd.old" if host else "out"]


def test_no_temporary_path_is_shown(tmp_path: Path) -> None:
    """Bad input: what failed is the output that was given."""
    with (
        pytest.raises(LikewiseError, match=r"Input/output error: '[^.]*/out'$"),
        replacing_file(tmp_path / "out") as new,
    ):
        raise OSError(errno.EIO, "Input/output error", str(new))
    full = OSError(errno.ENOSPC, "No space left on device")
    expected = f"the disk is full: {tmp_path / 'out' / 'inner' / 'file'} was not written"
    with (
        pytest.raises(LikewiseError, match=expected),
        replacing_folder(tmp_path / "out") as outer,
        replacing_folder(outer / "inner") as inner,
        replacing_file(inner / "file"),
    ):
        raise full


def test_a_link_is_written_through(tmp_path: Path) -> None:
    put(tmp_path / "version1", "old", whole=True)
    (tmp_path / "current").symlink_to("version1", target_is_directory=True)
    with replacing_folder(tmp_path / "current", overwrite=True) as temporary:
        (temporary / "file").write_text("new")
    assert (tmp_path / "current").is_symlink()
    assert (tmp_path / "version1" / "file").read_text() == "new"
    assert sorted(names(tmp_path)) == ["current", "version1"]


def test_a_device_is_no_output() -> None:
    with pytest.raises(InputError, match="/dev/null is no file and no folder"):
        replacing_file(Path("/dev/null"), overwrite=True).__enter__()


def test_outputs_are_refused_before_any_work(tmp_path: Path) -> None:
    """Bad input: a path that exists, and one below a file."""
    refuse_existing(tmp_path / "new" / "deeper", overwrite=False)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file exists already: choose another name, or pass --overwrite"):
        refuse_existing(tmp_path / "file", overwrite=False)
    refuse_existing(tmp_path / "file", overwrite=True)
    with pytest.raises(InputError, match="is not a folder you may write to"):
        refuse_existing(tmp_path / "file" / "below" / "it", overwrite=False)


def test_a_folder_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad input: the superuser may write anywhere, so the system's answer is made up here."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(InputError, match=f"cannot write .*out: {tmp_path} is not a folder you may write to"):
        refuse_existing(tmp_path / "out", overwrite=True)


def test_errors_know_their_exit_codes() -> None:
    """A closed form: 2 for bad input, 1 for failure; bad input is a ValueError, and both can be had from the top."""
    assert (LikewiseError.exit_code, InputError.exit_code) == (1, 2)
    assert issubclass(InputError, LikewiseError)
    assert issubclass(InputError, ValueError)
    assert likewise.InputError is InputError
    assert likewise.LikewiseError is LikewiseError


def test_a_folder_of_another_kind_is_never_written_over(tmp_path: Path) -> None:
    kind, other, empty, file = (tmp_path / name for name in ("kind", "other", "empty", "file"))
    for folder in (kind, other, empty):
        folder.mkdir()
    (kind / "record.json").touch()
    (other / "work.txt").touch()
    file.touch()
    for fine in (kind, tmp_path / "nothing"):
        refuse_other(fine, "record.json", "no index")
    for path in (other, empty, file):
        with pytest.raises(InputError, match=f"{path} is no index: it is not overwritten; choose another name"):
            refuse_other(path, "record.json", "no index")
    refuse_other(empty, "record.json", "no index", empty=True)
    for path in (other, file):
        with pytest.raises(InputError, match="is no index"):
            refuse_other(path, "record.json", "no index", empty=True)
