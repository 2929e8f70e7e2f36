import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

import likewise
from likewise.atomic import refuse_existing, refuse_other, replacing_file, replacing_folder
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
