"""Passages of whole sentences, into which long texts are cut for an index."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from likewise.applications.sentences import sentences
from likewise.corpus.batch import TextBatch, bounded, repeated_id
from likewise.errors import InputError
from likewise.index.columns import DOCUMENT


class Passages:
    """A corpus whose texts are cut into passages of whole sentences; a corpus as well.

    A passage has the id of its text and a number from 1, such as `7.1`, the columns of its text, and the id of its text
    in the column `document`. In an index they belong to their text: adding it again replaces all of them.

    Args:
        corpus: of texts.
        length: characters of a passage at most; a longer sentence is cut.

    Attributes:
        name: of the corpus.
        cut: true; an index looks for it.

    Raises:
        InputError: the length is below 1.
    """

    cut = True

    def __init__(self, corpus: Any, length: int) -> None:
        if length < 1:
            raise InputError(f"the length of a passage is {length} characters: expected at least 1, such as 800")
        self.name, self._corpus, self._length = corpus.name, corpus, length

    @property
    def skipped(self) -> int:
        """How many rows could not be read and were skipped."""
        skipped: int = self._corpus.skipped
        return skipped

    @property
    def numbered(self) -> bool | None:
        """Whether the ids of the texts are only row numbers."""
        numbered: bool | None = self._corpus.numbered
        return numbered

    def __iter__(self) -> Iterator[TextBatch]:
        """Begin a pass over the corpus.

        Raises:
            InputError: a row cannot be read, an id occurs twice, or there is a column `document` already.
        """
        seen: set[str] = set()
        for batch in self._corpus:
            yield from bounded(self._cut(batch, seen))

    def _cut(self, batch: TextBatch, seen: set[str]) -> TextBatch:
        ids, texts, rows = [], [], []
        for row, (id, text) in enumerate(zip(batch.ids.to_pylist(), batch.texts.to_pylist(), strict=True)):
            if id in seen:
                place = row if batch.rows is None else int(batch.rows[row])
                self._corpus.reject(place, repeated_id(id))
                continue
            if not self.numbered:
                seen.add(id)
            for number, passage in enumerate(passages(text, self._length), 1):
                ids.append(f"{id}.{number}")
                texts.append(passage)
                rows.append(row)
        others = (
            {} if batch.columns is None else dict(zip(batch.columns.schema.names, batch.columns.columns, strict=True))
        )
        if DOCUMENT in others:
            raise InputError(
                f"{self.name} has a column {DOCUMENT!r}, in which passages have the id of their text: rename it"
            )
        places = pa.array(np.array(rows, np.int64))
        columns = {name: values.take(places) for name, values in others.items()}
        columns[DOCUMENT] = batch.ids.take(places)
        found = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
        return TextBatch(pa.array(ids, pa.string()), pa.array(texts, pa.large_string()), None, found)


def passages(text: str, length: int) -> list[str]:
    """Cut a text into passages of whole sentences, of about equal length; an empty text is one passage.

    Args:
        text: any; white space between two passages is in neither.
        length: characters of a passage at most; a longer sentence is cut.
    """
    found = sentences(text, length)
    if not found:
        return [text]
    total = found[-1].end - found[0].start
    aim = total / -(-total // length)
    parts: list[str] = []
    first = 0
    for place, sentence in enumerate(found):
        following = found[place + 1].end if place + 1 < len(found) else None
        start = found[first].start
        long_enough = sentence.end - found[0].start >= aim * (len(parts) + 1)
        if following is None or long_enough or following - start > length:
            parts.append(text[start : sentence.end])
            first = place + 1
    return parts
