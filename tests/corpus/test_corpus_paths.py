"""Paths: files of every kind and compression, folders, pipes, standard input, and what cannot be read."""

import errno
import gzip
import io
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from corpus_reading import columns, complaint, ids, limited, skipping, texts, written

from likewise.corpus.paths import line_batches
from likewise.corpus.read import read
from likewise.errors import LikewiseError

pytestmark = pytest.mark.filterwarnings("ignore::likewise.errors.InputWarning")

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1"


def zstd_of(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as packed:
        packed.write(data)
    return bytes(sink.getvalue())


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes, ".gz": gzip.compress, ".GZ": gzip.compress, ".zst": zstd_of, ".zstd": zstd_of,
}  # fmt: skip


def contents() -> dict[str, bytes]:
    table = pa.table({"text": ["one é", "two"]})
    parquet, arrow = io.BytesIO(), io.BytesIO()
    pq.write_table(table, parquet)
    feather.write_feather(table, arrow)
    return {
        ".txt": "one é\ntwo\n".encode(),
        ".csv": "text\none é\ntwo\n".encode(),
        ".tsv": "text\none é\ntwo\n".encode(),
        ".jsonl": '{"text": "one é"}\n{"text": "two"}\n'.encode(),
        ".json": '[{"text": "one é"}, {"text": "two"}]'.encode(),
        ".parquet": parquet.getvalue(),
        ".feather": arrow.getvalue(),
        ".log": "one é\ntwo\n".encode(),
        "": '{"text": "one é"}\n{"text": "two"}\n'.encode(),
    }


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("suffix", contents())
def test_every_format_in_every_compression(tmp_path: Path, suffix: str, packed: str) -> None:
    path = written(tmp_path, f"x{suffix}{packed}", PACKED[packed](contents()[suffix]))
    assert texts(path) == texts(str(path)) == ["one é", "two"]


@pytest.mark.parametrize("pack", [gzip.compress, zstd_of])
def test_compressed_files_without_a_suffix(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    assert texts(written(tmp_path, "x.csv", pack(b"text\na\n"))) == ["a"]
    assert texts(written(tmp_path, "x", pack(b"a\n") + pack(b"b\n"))) == ["a", "b"]


@pytest.mark.parametrize("packed", [".gz", ".zst"])
@pytest.mark.parametrize("suffix", [".txt", ".csv", ".jsonl", ".parquet", ".arrow"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_truncated_compressed_file(tmp_path: Path, suffix: str, packed: str, share: float) -> None:
    data = PACKED[packed](os.urandom(3000).hex().encode())
    path = written(tmp_path, f"x{suffix}{packed}", data[: int(share * len(data))])
    for on_error in ("raise", "skip"):
        message = complaint(path, on_error=on_error)
        assert str(path) in message
        assert "truncated or damaged" in message


@pytest.mark.parametrize("name", ["x.txt.gz", "x.txt.zst"])
def test_a_name_that_promises_a_compression(tmp_path: Path, name: str) -> None:
    assert "damaged" in complaint(written(tmp_path, name, "plain text\n"))
    assert texts(written(tmp_path, name, b"")) == []


@pytest.mark.parametrize(
    "path", ["missing.csv", "missing/x.csv", "", "a\0b", "\ud800", pytest.param("x" * 5000, id="long")]
)
def test_what_is_not_there(path: str) -> None:
    message = complaint(path)
    assert any(part in message for part in ("there is no file", "is no path", "too long"))


@pytest.mark.parametrize("name", ["x.txt", "x.csv", "x.jsonl", "x.md", "x", "x.xlsx"])
@pytest.mark.parametrize("data", [PNG, b"\x7fELF\2\1\1\0\0\0", b"PK\3\4\0\0", b"\0\1\2" * 100, b"\xff\xd8\xff\xe0x"])
def test_a_binary_file(tmp_path: Path, name: str, data: bytes) -> None:
    message = complaint(written(tmp_path, name, data))
    assert any(part in message for part in ("is a ", "it is a ", "unknown format"))


def test_an_unknown_format_lists_the_known(tmp_path: Path) -> None:
    message = complaint(written(tmp_path, "x.xlsx", b"PK\3\4\0\0"))
    for part in ("unknown format", "ZIP", ".csv", ".parquet", ".zst"):
        assert part in message


@pytest.mark.parametrize("name", ["x.txt", "x.csv", "x.parquet", "x.arrow"])
def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    path = written(tmp_path, f"{name}.gz", b"")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert "permission denied" in complaint(path)


def test_a_disk_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "x.txt", "a\n")

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(LikewiseError, match=r"reading .*x\.txt failed: Input/output error") as raised:
        texts(path)
    assert raised.value.exit_code == 1


def test_a_folder_of_texts(tmp_path: Path) -> None:
    written(tmp_path, "b/2.txt", "two\r\nlines\n")
    written(tmp_path, "b/10.txt", "Zürich".encode("latin-1"))
    written(tmp_path, "a", "né")
    written(tmp_path, "c.md.gz", gzip.compress(b"packed"))
    written(tmp_path, "empty.txt", "")
    written(tmp_path, ".hidden", "not this")
    written(tmp_path, ".git/config", "nor this")
    assert ids(tmp_path) == ["a", "b/10.txt", "b/2.txt", "c.md.gz", "empty.txt"]
    assert texts(tmp_path) == ["né", "Zürich", "two\nlines\n", "packed", ""]
    assert texts(tmp_path, text="text", id="id") == texts(tmp_path)
    assert columns(tmp_path) == {}
    assert "no column 'body'" in complaint(tmp_path, text="body")


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("a")
    assert ids(tmp_path) == ["caf\\xe9.txt"]


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [("x.png", PNG, "a PNG image"), ("x.txt", b"\0\1\2", "NUL"), ("x.txt", "é\n".encode() + b"\xe9", "byte 0xe9")],
)
def test_a_file_of_a_folder_that_is_no_text(tmp_path: Path, name: str, data: bytes, what: str) -> None:
    written(tmp_path, "a.txt", "a")
    path = written(tmp_path, name, data)
    message = complaint(tmp_path)
    assert str(path) in message
    assert what in message
    assert "--on-error skip" in message
    assert skipping(tmp_path) == (["a"], 1)


def test_a_folder_without_texts(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    written(tmp_path, ".hidden", "a")
    assert "folder without files" in complaint(tmp_path)


def test_a_folder_that_may_not_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    assert "permission denied" in complaint(tmp_path)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".feather"])
def test_a_folder_of_shards_is_one_corpus(tmp_path: Path, suffix: str) -> None:
    data = contents()[suffix]
    written(tmp_path, f"part-1{suffix}.gz", gzip.compress(data))
    written(tmp_path, f"part-0{suffix}", data)
    written(tmp_path, "README.md", "about the data")
    assert texts(tmp_path) == ["one é", "two"] * 2
    assert ids(tmp_path) == ["0", "1", "2", "3"]


def test_shards_agree_on_their_columns_and_count_their_own_rows(tmp_path: Path) -> None:
    written(tmp_path, "0.csv", "id,body\n1,a\n")
    second = written(tmp_path, "1.csv", "text,body,id\nx,b,2\nbad\n")
    assert f"{second}, row 2 (line 3)" in complaint(tmp_path)
    assert skipping(tmp_path) == (["a", "b"], 1)
    written(tmp_path, "2.csv", "id,title\n3,c\n")
    assert "2.csv has no column 'body'" in complaint(tmp_path, on_error="skip")


def test_a_folder_of_several_formats(tmp_path: Path) -> None:
    written(tmp_path, "a.csv", "text\na\n")
    written(tmp_path, "b.txt", "b")
    assert "several formats (csv, txt)" in complaint(tmp_path)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", []),
        (b"a\nb\n", ["a", "b"]),
        ("né\n".encode("utf-16"), ["né"]),
        (b'{"text": "a"}\n{"text": "b"}\n', ["a", "b"]),
        (b'{"text": "a"}\nplain\n', ['{"text": "a"}', "plain"]),
        (gzip.compress(b"a\nb", mtime=0), ["a", "b"]),
        (zstd_of(b'{"text": "a"}'), ["a"]),
    ],
)
def test_standard_input(monkeypatch: pytest.MonkeyPatch, data: bytes, found: list[str]) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(data))
    monkeypatch.setattr(sys, "stdin", stdin)
    corpus = read("-")
    assert corpus.name == "standard input"
    assert texts(corpus) == found
    assert not stdin.buffer.closed
    assert "can be read only once" in complaint(corpus)


def test_standard_input_in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dripping(io.RawIOBase):
        left = b'{"text": "a"}\n' * 3

        def read(self, size: int = -1, /) -> bytes:
            piece, self.left = self.left[:5], self.left[5:]
            return piece

    stdin = type("Stdin", (), {"buffer": Dripping()})
    monkeypatch.setattr(sys, "stdin", stdin)
    assert texts("-") == ["a"] * 3


@pytest.mark.parametrize("suffix", [".txt", ".parquet"])
def test_a_pipe_is_read_once(tmp_path: Path, suffix: str) -> None:
    pipe = tmp_path / f"pipe{suffix}"
    os.mkfifo(pipe)
    feeding = threading.Thread(target=pipe.write_bytes, args=(contents()[suffix],))
    corpus = read(pipe)
    feeding.start()
    assert texts(corpus) == ["one é", "two"]
    feeding.join()
    assert "can be read only once" in complaint(corpus)


def test_reading_can_stop_early(tmp_path: Path) -> None:
    path = written(tmp_path, "x.csv.gz", gzip.compress(b"text\n" + b"a\n" * 20_000))
    reading = iter(read(path))
    assert len(next(reading)) > 0
    del reading


def test_the_head_is_longer_than_one_read(tmp_path: Path) -> None:
    path = written(tmp_path, "x.txt", "aé\nb\n")
    for head in (1, 3, 1000):
        assert texts(limited(path, line_batches, head_size=head)) == ["aé", "b"]
