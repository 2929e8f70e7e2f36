"""Read files, folders and standard input: pick the reader of each format; plain text files hold one text a line."""

import os
import re
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from likewise.corpus.arrow import arrow_batches, parquet_batches
from likewise.corpus.batch import MAX_ROWS, Reading, Source, TextBatch, text_batch
from likewise.corpus.columns import TEXT
from likewise.corpus.delimited import delimited_batches, layout_of
from likewise.corpus.encoding import Encoding, encoding_of, foreign_format, undecodable
from likewise.corpus.header import warn_input
from likewise.corpus.json_rows import is_json, json_batches
from likewise.corpus.rows import Row, grouped, rows_batch
from likewise.corpus.streams import HeadedStream, compression_of, mode_of, open_bytes, reporting_errors
from likewise.errors import InputError

FORMATS = {
    ".txt": "txt",
    ".csv": "csv",
    ".tsv": "tsv", ".tab": "tsv",
    ".jsonl": "json", ".ndjson": "json", ".json": "json",
    ".parquet": "parquet", ".pq": "parquet",
    ".arrow": "arrow", ".feather": "arrow", ".ipc": "arrow",
}  # fmt: skip
KNOWN = ".txt .csv .tsv .jsonl .json .parquet .arrow .feather, each also .gz or .zst"
LFS_POINTER = "version https://git-lfs.github.com/spec/"
MARKUP = re.compile(r"(<\?xml\b)|(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
ID = "id"
BLOCK_SIZE = 1 << 22  # characters of a text file that are read at once


def path_source(path: str) -> Source:
    """Return a source that reads a file, all files of a folder, or standard input for `-`.

    Raises:
        InputError: it does not exist, or holds no texts.
    """
    if path == "-":
        return Source("standard input", False, partial(_file, None))
    mode = mode_of(path)
    if stat.S_ISDIR(mode):
        with reporting_errors(path):
            return Source(path, True, _folder(Path(path)))
    return Source(path, stat.S_ISREG(mode), partial(_file, Path(path)))


def line_batches(
    stream: HeadedStream, encoding: Encoding, reading: Reading, *, block_size: int = BLOCK_SIZE
) -> Iterator[TextBatch]:
    r"""Read each line as a text; lines end with `\n`, `\r\n` or `\r`, not with the other line ends of Unicode.

    Raises:
        InputError: a line cannot be decoded, and bad rows are not skipped.
    """
    chosen = reading.choose([TEXT], [TEXT])
    for block in _whole_lines(stream, encoding, block_size):
        try:
            texts = _split(block.encode())
        except UnicodeEncodeError:
            lines = block.split("\n")[:-1]
            for start in range(0, len(lines), MAX_ROWS):
                part = lines[start : start + MAX_ROWS]
                yield from rows_batch(chosen, {TEXT: part}, _next_rows(reading, len(part)).tolist(), reading)
            continue
        for start in range(0, len(texts), MAX_ROWS):
            batch = texts.slice(start, MAX_ROWS)
            yield text_batch(chosen, {TEXT: batch}, _next_rows(reading, len(batch)))


def _file(path: Path | None, reading: Reading) -> Iterator[TextBatch]:
    name = "standard input" if path is None else str(path)
    reading.begin(name)
    with reporting_errors(name):
        kind = None if path is None else format_of(path)
        if path is not None and kind in ("parquet", "arrow"):
            _refuse_pointer(path)
        if path is not None and kind == "parquet":
            yield from parquet_batches(path, reading)
        elif path is not None and kind == "arrow":
            yield from arrow_batches(path, reading)
        else:
            with open_bytes(path) as stream:
                yield from _text_file(stream, kind, reading)


def _text_file(stream: HeadedStream, kind: str | None, reading: Reading) -> Iterator[TextBatch]:
    if kind is None and (foreign := foreign_format(stream.head)):
        raise InputError(f"{reading.source} has an unknown format, it is {foreign}: likewise reads {KNOWN}")
    encoding = _encoding(stream, reading)
    begins = encoding.decode(stream.head)
    _refuse_other(begins, kind, reading.source, complete=stream.complete)
    if kind is None and is_json(begins, complete=stream.complete):
        kind = "json"
    elif kind in (None, "txt") and _is_table(stream, encoding, reading, kind):
        kind = "csv"
    if kind in ("csv", "tsv"):
        return delimited_batches(stream, encoding, reading, tabs=kind == "tsv")
    return (json_batches if kind == "json" else line_batches)(stream, encoding, reading)


def _refuse_pointer(path: Path) -> None:
    if compression_of(path) is None and stat.S_ISREG(mode_of(str(path))):
        with path.open("rb") as file:
            _refuse_other(file.read(len(LFS_POINTER)).decode("latin-1"), "parquet", str(path), complete=False)


def _refuse_other(begins: str, kind: str | None, source: str, *, complete: bool) -> None:
    """Refuse what is text, and no texts."""
    start = begins[:4096].lstrip("\ufeff \t\r\n")
    if start.startswith(LFS_POINTER):
        raise InputError(f"{source} is a Git LFS pointer, not the file itself: fetch that with git lfs pull")
    if found := MARKUP.match(start):
        what = "an XML file" if found[1] else "an HTML page"
        raise InputError(f"{source} is {what}, not texts: if it was downloaded, fetch the file itself, else convert it")
    if kind in ("csv", "tsv") and is_json(begins, complete=complete):
        raise InputError(f"{source} is JSON, not {kind.upper()}: give it a name that ends in .jsonl or .json")


def _is_table(stream: HeadedStream, encoding: Encoding, reading: Reading, kind: str | None) -> bool:
    """Whether a file is a table though its name does not say so: its header has the columns that are named."""
    if kind == "txt" and not reading.named:
        return False
    layout = layout_of(stream, encoding, reading, tabs=False)
    names = list(layout.rows[0]) if layout.rows else []
    if not reading.header:
        return True
    if reading.named:
        if set(reading.named) <= set(names):
            return len(names) > 1 or kind is None
        if kind is None:
            shown = ", ".join(repr(name[:40]) for name in names[:8]) or "nothing"
            raise InputError(
                f"{reading.source} has no column {reading.named[0]!r}: as a column is named, it is a table, and its "
                f"first line has {shown}; name no column if each line is a text, or use --no-header (header=False)"
            )
        return False
    if kind is None and layout.equal and layout.has_names:
        if TEXT in names:
            return True
        warn_input(
            f"{reading.source} is read as one text a line, and its first line looks like the header of a table "
            f'({", ".join(map(repr, names[:5]))}): to read it as one, name the column of texts with --text (text="...")'
        )
    return False


def _encoding(stream: HeadedStream, reading: Reading) -> Encoding:
    encoding = encoding_of(stream.head, reading.encoding, complete=stream.complete, source=reading.source)
    reading.decoded_as = encoding.name
    return encoding


def _folder(folder: Path) -> Callable[[Reading], Iterator[TextBatch]]:
    """Read each file as one text, or, if there are files of rows, read them one after the other."""
    files = sorted(_visible(folder), key=lambda file: file.relative_to(folder).as_posix())
    kinds = {kind for file in files if (kind := format_of(file)) is not None}
    if not files:
        raise InputError(f"{folder} is a folder without files: give one that holds texts")
    if kinds <= {"txt"}:
        return partial(_whole_files, folder, files)
    if len(kinds) > 1:
        raise InputError(
            f"{folder} holds files of several formats ({', '.join(sorted(kinds))}): give a folder of one, or a file"
        )
    return partial(_row_files, [file for file in files if format_of(file) is not None])


def _visible(folder: Path) -> Iterator[Path]:
    def fail(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent, name) for name in names if not name.startswith("."))


def _row_files(files: list[Path], reading: Reading) -> Iterator[TextBatch]:
    for file in files:
        yield from _file(file, reading)


def _whole_files(folder: Path, files: list[Path], reading: Reading) -> Iterator[TextBatch]:
    reading.begin(str(folder))
    chosen = reading.choose([ID, TEXT], [TEXT])
    for numbers, rows in grouped(_texts_of_files(folder, files, reading)):
        names, texts = zip(*rows, strict=True)
        yield from rows_batch(chosen, {ID: names, TEXT: texts}, numbers, reading)


def _texts_of_files(folder: Path, files: list[Path], reading: Reading) -> Iterator[Row]:
    for file in files:
        reading.begin(str(file))
        with reporting_errors(str(file)), open_bytes(file) as stream:
            try:
                encoding = _encoding(stream, reading)
            except InputError as error:
                reading.refuse(str(error))
                continue
            with stream.text(encoding.codec, encoding.errors, newline=None) as decoded:
                text = decoded.read()
        if problem := undecodable(text, encoding.name):
            reading.refuse(f"{file}: {problem.reason}; {problem.remedy}")
            continue
        # The name of a file may be any bytes; an id is text.
        name = os.fsencode(file.relative_to(folder).as_posix()).decode(errors="backslashreplace")
        yield reading.rows, len(text), (name, text)
        reading.rows += 1


def format_of(path: Path) -> str | None:
    """Return the format that the name of a file says, one of the values of `FORMATS`; None if it says none."""
    return FORMATS.get((Path(path.stem) if compression_of(path) else path).suffix.lower())


def _whole_lines(stream: HeadedStream, encoding: Encoding, block_size: int) -> Iterator[str]:
    """Yield blocks that end with a line end; the parts of a line longer than a block are joined once."""
    begun: list[str] = []
    with stream.text(encoding.codec, encoding.errors, newline=None) as text:
        while block := text.read(block_size):
            end = block.rfind("\n") + 1
            if end:
                yield "".join((*begun, block[:end]))
                begun = []
            if end < len(block):
                begun.append(block[end:])
    if begun:
        yield "".join((*begun, "\n"))


def _split(data: bytes) -> pa.Array:
    """Split lines into an Arrow array by building its buffers, without a Python object per line."""
    characters = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(characters == ord("\n"))
    offsets = np.zeros(len(ends) + 1, np.int64)
    offsets[1:] = ends - np.arange(len(ends))
    kept = characters[characters != ord("\n")]
    return pa.LargeStringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(kept))


def _next_rows(reading: Reading, count: int) -> np.ndarray:
    rows = np.arange(reading.rows, reading.rows + count, dtype=np.int64)
    reading.rows += count
    return rows
