"""Text files: one text a line."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from likewise.corpus.batch import MOST_ROWS, TextBatch, text_batch
from likewise.corpus.columns import TEXT
from likewise.corpus.encoding import Encoding
from likewise.corpus.rows import rows_batch
from likewise.corpus.source import Reading
from likewise.corpus.streams import HeadedStream

__all__ = ["line_batches"]


BLOCK = 1 << 22  # characters that are read at once


def line_batches(stream: HeadedStream, encoding: Encoding, reading: Reading) -> Iterator[TextBatch]:
    r"""Each line is a text; lines end with `\n`, `\r\n` or `\r`, and with nothing else that Unicode calls a line end.

    Raises:
        InputError: a line is not in the file's encoding, and rows are not to be left out.
    """
    chosen = reading.choose([TEXT], [TEXT])
    for block in _whole_lines(stream, encoding):
        try:
            texts = _split(block.encode())
        except UnicodeEncodeError:
            lines = block.split("\n")[:-1]
            for start in range(0, len(lines), MOST_ROWS):
                part = lines[start : start + MOST_ROWS]
                yield from rows_batch(chosen, {TEXT: part}, _next_rows(reading, len(part)).tolist(), reading)
            continue
        for start in range(0, len(texts), MOST_ROWS):
            batch = texts.slice(start, MOST_ROWS)
            yield text_batch(chosen, {TEXT: batch}, _next_rows(reading, len(batch)))


def _whole_lines(stream: HeadedStream, encoding: Encoding) -> Iterator[str]:
    """Blocks that end with a line; a line longer than a block is put together once."""
    begun: list[str] = []
    with stream.text(encoding.codec, encoding.errors, newline=None) as text:
        while block := text.read(BLOCK):
            end = block.rfind("\n") + 1
            if end:
                yield "".join((*begun, block[:end]))
                begun = []
            if end < len(block):
                begun.append(block[end:])
    if begun:
        yield "".join((*begun, "\n"))


def _split(data: bytes) -> pa.Array:
    """The lines as an Arrow array: its buffers are made of the bytes at once, no line becomes a Python object."""
    characters = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(characters == ord("\n"))
    offsets = np.zeros(len(ends) + 1, np.int64)
    offsets[1:] = ends - np.arange(len(ends))
    held = characters[characters != ord("\n")]
    return pa.LargeStringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(held))


def _next_rows(reading: Reading, count: int) -> np.ndarray:
    rows = np.arange(reading.rows, reading.rows + count, dtype=np.int64)
    reading.rows += count
    return rows
