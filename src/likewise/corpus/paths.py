"""A path is a file of some format, a folder of such files, or standard input."""

import os
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from likewise.corpus.arrow import arrow_batches, parquet_batches
from likewise.corpus.batch import TextBatch
from likewise.corpus.columns import TEXT
from likewise.corpus.delimited import delimited_batches
from likewise.corpus.encoding import Encoding, encoding_of, foreign_format, undecodable
from likewise.corpus.json_rows import json_batches, looks_like_json_lines
from likewise.corpus.lines import line_batches
from likewise.corpus.rows import Row, grouped, rows_batch
from likewise.corpus.source import Reading, Source
from likewise.corpus.streams import HeadedStream, compression_of, mode_of, open_bytes, reporting_errors
from likewise.errors import InputError

__all__ = ["path_source"]


FORMATS = {
    ".txt": "txt",
    ".csv": "csv",
    ".tsv": "tsv", ".tab": "tsv",
    ".jsonl": "json", ".ndjson": "json", ".json": "json",
    ".parquet": "parquet", ".pq": "parquet",
    ".arrow": "arrow", ".feather": "arrow", ".ipc": "arrow",
}  # fmt: skip
ID = "id"
KNOWN = ".txt .csv .tsv .jsonl .json .parquet .arrow .feather, each also .gz or .zst"


def path_source(path: str) -> Source:
    """How to read a file, all files of a folder, or standard input, which is `-`.

    Raises:
        InputError: there is nothing, or nothing that holds texts.
    """
    if path == "-":
        return Source("standard input", False, partial(_file, None))
    mode = mode_of(path)
    if stat.S_ISDIR(mode):
        with reporting_errors(path):
            return Source(path, True, _folder(Path(path)))
    return Source(path, stat.S_ISREG(mode), partial(_file, Path(path)))


def _file(path: Path | None, reading: Reading) -> Iterator[TextBatch]:
    name = "standard input" if path is None else str(path)
    reading.begin(name)
    with reporting_errors(name):
        form = None if path is None else _format(path)
        if path is not None and form == "parquet":
            yield from parquet_batches(path, reading)
        elif path is not None and form == "arrow":
            yield from arrow_batches(path, reading)
        else:
            with open_bytes(path) as stream:
                yield from _text_file(stream, form, reading)


def _text_file(stream: HeadedStream, form: str | None, reading: Reading) -> Iterator[TextBatch]:
    if form is None and (foreign := foreign_format(stream.head)):
        raise InputError(f"{reading.source} has an unknown format, it is {foreign}: likewise reads {KNOWN}")
    encoding = _encoding(stream, reading)
    if form is None and looks_like_json_lines(encoding.decode(stream.head), complete=stream.complete):
        form = "json"
    if form in ("csv", "tsv"):
        return delimited_batches(stream, encoding, reading, tabs=form == "tsv")
    return (json_batches if form == "json" else line_batches)(stream, encoding, reading)


def _encoding(stream: HeadedStream, reading: Reading) -> Encoding:
    encoding = encoding_of(stream.head, reading.encoding, complete=stream.complete, source=reading.source)
    reading.decoded_as = encoding.name
    return encoding


def _folder(folder: Path) -> Callable[[Reading], Iterator[TextBatch]]:
    """Each file a text, or, where there are files of rows, one after the other as if they were one."""
    files = sorted(_visible(folder), key=lambda file: file.relative_to(folder).as_posix())
    forms = {form for file in files if (form := _format(file)) is not None}
    if not files:
        raise InputError(f"{folder} is a folder without files: give one that holds texts")
    if forms <= {"txt"}:
        return partial(_whole_files, folder, files)
    if len(forms) > 1:
        raise InputError(
            f"{folder} holds files of several formats ({', '.join(sorted(forms))}): give a folder of one, or a file"
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
    for numbers, held in grouped(_texts_of_files(folder, files, reading)):
        names, texts = zip(*held, strict=True)
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
            reading.refuse(f"{file}: {problem.says}; {problem.remedy}")
            continue
        # A name need not be text to the system; an id is.
        name = os.fsencode(file.relative_to(folder).as_posix()).decode(errors="backslashreplace")
        yield reading.rows, len(text), (name, text)
        reading.rows += 1


def _format(path: Path) -> str | None:
    return FORMATS.get((Path(path.stem) if compression_of(path) else path).suffix.lower())
