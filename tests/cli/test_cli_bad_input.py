"""Each input that cannot be used ends a command with code 2 and one line that says what to do."""

import errno
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from cli_shelf import Shelf, fails, run_likewise, succeeds

import likewise.atomic as atomic


def _train(file: Path, *more: str | Path, code: int = 2) -> str:
    options = more if "--out" in more else (*more, "--out", file.parent / "x.model")
    return fails("train", file, "--no-progress", *options, code=code)


def _write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_missing_file(tmp_path: Path) -> None:
    assert "nofile.csv" in _train(tmp_path / "nofile.csv")


def test_folder_without_texts(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "without files" in _train(tmp_path / "empty")


def test_binary_file(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).bytes(5000)
    assert "binary" in _train(_write(tmp_path / "noise.dat", noise))


def test_wrong_column_names_the_nearest(tmp_path: Path) -> None:
    file = _write(tmp_path / "a.csv", "body,price\none two,3\nthree four,5\n")
    assert "did you mean 'body'" in _train(file, "--text", "bodi")


def test_no_obvious_column_lists_them(tmp_path: Path) -> None:
    message = _train(_write(tmp_path / "a.csv", "title,body\none,two\nthree,four\n"))
    assert "'title', 'body'" in message and "--text" in message


@pytest.mark.parametrize("content", ["", "\n\n\n", "one text only\n", "always the same\n" * 20])
def test_too_few_texts(tmp_path: Path, content: str) -> None:
    assert "at least 2" in _train(_write(tmp_path / "a.txt", content))


def test_ten_texts_do(tmp_path: Path) -> None:
    file = _write(tmp_path / "a.txt", "".join(f"number {n} is {n * n}\n" for n in range(10)))
    ran = run_likewise("train", file, "--out", tmp_path / "x.model", "--epochs", 1, "--no-progress")
    assert ran.exit_code == 0
    for shown in ("left out: 0 repeats, 0 empty", "warning: only 10 texts", "score without labels"):
        assert shown in ran.stderr  # these are no progress
    assert "learning the vocabulary" not in ran.stderr and "  step " not in ran.stderr


@pytest.mark.nightly
def test_a_line_of_50_megabytes(tmp_path: Path) -> None:
    file = _write(tmp_path / "a.txt", "one two three\n" * 10 + "word " * 10_000_000 + "\nfour five\n")
    succeeds("train", file, "--out", tmp_path / "x.model", "--epochs", 1, "--no-progress")


def test_mixed_encodings(tmp_path: Path) -> None:
    file = _write(tmp_path / "a.txt", "käse und brot\n".encode() * 9 + "käse\n".encode("latin-1") + "süß\n".encode())
    assert "10" in _train(file)
    skipping = run_likewise("train", file, "--on-error", "skip", "--out", tmp_path / "x.model", "--epochs", 1)
    assert skipping.exit_code == 0 and "unreadable" in skipping.stderr


def test_truncated_zst(tmp_path: Path) -> None:
    whole = zstandard.compress(np.random.default_rng(0).bytes(40_000).hex().encode())
    assert "a.txt.zst" in _train(_write(tmp_path / "a.txt.zst", whole[: len(whole) // 2]))


def test_parquet_without_strings(tmp_path: Path) -> None:
    pq.write_table(pa.table({"price": [1.5, 2.5]}), tmp_path / "a.parquet")
    assert "no column of strings" in _train(tmp_path / "a.parquet")


def test_output_that_exists(shelf: Shelf) -> None:
    assert "--overwrite" in _train(shelf.file, "--text", "body", "--out", shelf.model)


@pytest.mark.parametrize("command", ["train", "embed", "index", "demo"])
def test_output_that_cannot_be_written(shelf: Shelf, tmp_path: Path, command: str) -> None:
    file = _write(tmp_path / "file", "is no folder")
    given = {"train": [shelf.file], "demo": []}.get(command, [shelf.model, shelf.file])
    text = [] if command == "demo" else ["--text", "body"]
    assert "cannot write" in fails(command, *given, *text, "--out", file / "out.npy")


def test_disk_full_while_saving(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    out = tmp_path / "x.model"
    assert "disk is full" in _train(shelf.file, "--text", "body", "--epochs", "1", "--out", out, code=1)
    assert not out.exists()


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "likewise.json"])
@pytest.mark.parametrize("damage", ["missing", "corrupted"])
def test_damaged_model(shelf: Shelf, tmp_path: Path, name: str, damage: str) -> None:
    shutil.copytree(shelf.model, tmp_path / "m")
    if damage == "missing":
        (tmp_path / "m" / name).unlink()
    else:
        content = bytearray((tmp_path / "m" / name).read_bytes())
        content[len(content) // 2] ^= 0xFF
        (tmp_path / "m" / name).write_bytes(content)
    assert name in fails("embed", tmp_path / "m", shelf.file, "--text", "body", "--out", tmp_path / "v.npy")


def test_no_model_and_no_index(shelf: Shelf, tmp_path: Path) -> None:
    assert "no model folder" in fails("embed", shelf.file, shelf.file, "--out", tmp_path / "v.npy")
    assert "no index" in fails("search", shelf.model, "words")
    assert "does not exist" in fails("search", tmp_path / "nothing", "words")


def test_unknown_kind_of_vector_file_is_refused_before_any_work(tmp_path: Path) -> None:
    assert ".parquet" in fails("embed", "no.model", "no.csv", "--out", tmp_path / "v.xlsx")


def test_an_unknown_role(shelf: Shelf, tmp_path: Path) -> None:
    message = fails("embed", shelf.model, shelf.file, "--role", "answer", "--out", tmp_path / "v.npy")
    assert "--role" in message and "document" in message


def test_nothing_to_embed(shelf: Shelf, tmp_path: Path) -> None:
    for suffix in ("npy", "parquet", "arrow"):
        out = tmp_path / f"v.{suffix}"
        assert "holds no text" in fails("embed", shelf.model, _write(tmp_path / "a.txt", ""), "--out", out)
        assert not out.exists()


def test_filters_and_modes(shelf: Shelf) -> None:
    assert "did you mean 'price'" in fails("search", shelf.index, "task", "--where", "prise < 3")
    assert "price < 10" in fails("search", shelf.index, "task", "--where", "price <")
    assert "hybrid" in fails("search", shelf.index, "task", "--mode", "vektor")
    assert "-k" in fails("search", shelf.index, "task", "-k", "0")


def test_unknown_view(shelf: Shelf) -> None:
    assert "did you mean crop" in fails("views", shelf.file, "--text", "body", "--views", "krop")


def test_what_was_guessed_is_one_line_each(tmp_path: Path) -> None:
    rows = "".join(f'{n},"Чайник сломался через {n} недель"\n' for n in range(20))
    file = _write(
        tmp_path / "a.csv", f"# exported\nid,body,n\n{rows.replace(chr(10), ',5' + chr(10))}".encode("cp1251")
    )
    shown = run_likewise("views", file, "--text", "body")
    assert shown.exit_code == 0
    assert "чайник" in shown.stdout
    warnings = [line for line in shown.stderr.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 2
    assert "is read as windows-1251" in warnings[0] and "--encoding" in warnings[0]
    assert "before line 2" in warnings[1]


def test_no_header(tmp_path: Path) -> None:
    file = _write(tmp_path / "a.csv", "".join(f"{n},the kettle number {n}\n" for n in range(9)))
    assert "--no-header" in _train(file)
    assert "the kettle number" in succeeds("views", file, "--no-header", "--text", "2")


@pytest.mark.parametrize(
    "command",
    [
        ("train", "FILE", "--out", "OUT"),
        ("distill", "no.model", "--texts", "FILE", "--out", "OUT"),
        ("index", "no.model", "FILE", "--out", "OUT"),
        ("embed", "no.model", "FILE", "--out", "OUT"),
        ("duplicates", "no.csv", "--out", "OUT"),
        ("duplicates", "no.csv", "--out", "other", "--output-kept", "OUT"),
        ("duplicates", "no.csv", "--out", "other", "--save", "OUT"),
        ("classify", "fit", "no.model", "no.csv", "--label", "x", "--out", "OUT"),
        ("recommend", "fit", "no.jsonl", "no.csv", "--out", "OUT"),
        ("report", "no.model", "--out", "OUT"),
        ("demo", "--out", "OUT"),
    ],
    ids=" ".join,
)
def test_what_another_writes_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """A law: an output has one writer; a command that is refused leaves nothing, and is not in its own way later."""
    monkeypatch.chdir(tmp_path)
    file, out = _write(tmp_path / "a.txt", "one text\nanother text\n"), tmp_path / "out.npy"
    words = [{"FILE": str(file), "OUT": str(out)}.get(word, word) for word in command]
    with ThreadPoolExecutor(1) as other:
        writing = atomic.locking(out)
        other.submit(writing.__enter__).result()
        assert f"{out} is being written by another thread" in fails(*words, code=1)
        other.submit(writing.__exit__, None, None, None).result()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    with atomic.locking(tmp_path / "other"), atomic.locking(out):
        pass
