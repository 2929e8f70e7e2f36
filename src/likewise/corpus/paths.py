"""Read files, folders and standard input: pick the reader of each format; plain text files hold one text a line."""

import os
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from likewise.corpus.arrow import arrow_batches, parquet_batches
from likewise.corpus.batch import MAX_ROWS, Reading, Source, TextBatch, text_batch
from likewise.corpus.columns import TEXT
from likewise.corpus.delimited import delimited_batches
from likewise.corpus.encoding import Encoding, encoding_of, foreign_format, undecodable
from likewise.corpus.json_rows import is_json_lines, json_batches
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
        kind = None if path is None else _format(path)
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
    if kind is None and is_json_lines(encoding.decode(stream.head), complete=stream.complete):
        kind = "json"
    if kind in ("csv", "tsv"):
        return delimited_batches(stream, encoding, reading, tabs=kind == "tsv")
    return (json_batches if kind == "json" else line_batches)(stream, encoding, reading)


def _encoding(stream: HeadedStream, reading: Reading) -> Encoding:
    encoding = encoding_of(stream.head, reading.encoding, complete=stream.complete, source=reading.source)
    reading.decoded_as = encoding.name
    return encoding


def _folder(folder: Path) -> Callable[[Reading], Iterator[TextBatch]]:
    """Read each file as one text, or, if there are files of rows, read them one after the other."""
    files = sorted(_visible(folder), key=lambda file: file.relative_to(folder).as_posix())
    kinds = {kind for file in files if (kind := _format(file)) is not None}
    if not files:
        raise InputError(f"{folder} is a folder without files: give one that holds texts")
    if kinds <= {"txt"}:
        return partial(_whole_files, folder, files)
    if len(kinds) > 1:
        raise InputError(
            f"{folder} holds files of several formats ({', '.join(sorted(kinds))}): give a folder of one, or a file"
        )
    return partial(_row_files, [file for file in files if _format(file) is not None])


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


def _format(path: Path) -> str | None:
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
