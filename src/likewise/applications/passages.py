"""Long texts in passages: of a chapter a vector says little, and an answer is looked for within a paragraph."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from likewise.applications.sentences import sentences
from likewise.corpus.batch import TextBatch, bounded
from likewise.errors import InputError

__all__ = ["DOCUMENT", "Passages", "passages"]

DOCUMENT = "document"  # the column that says which text a passage is of


class Passages:
    """A corpus whose texts are cut into passages, each named after its text: `p7.1`, `p7.2`.

    Attributes:
        name: of the corpus.
    """

    def __init__(self, corpus: Any, length: int) -> None:
        """Takes a corpus.

        Args:
            corpus: a stream of batches, as `corpus.read` gives it.
            length: characters of a passage, about.

        Raises:
            InputError: the length is below 1.
        """
        if length < 1:
            raise InputError(f"passages of {length} characters were asked for: expected at least 1, such as 800")
        self.name, self._corpus, self._length = corpus.name, corpus, length

    @property
    def skipped(self) -> int:
        """Rows that were left out, as they cannot be read."""
        skipped: int = self._corpus.skipped
        return skipped

    @property
    def numbered(self) -> bool | None:
        """Whether the ids of the texts are only the numbers of their rows."""
        numbered: bool | None = self._corpus.numbered
        return numbered

    def __iter__(self) -> Iterator[TextBatch]:
        """Begin a pass.

        Raises:
            InputError: a row cannot be read, or there is a column `document` already.
        """
        for batch in self._corpus:
            yield from bounded(self._cut(batch))

    def _cut(self, batch: TextBatch) -> TextBatch:
        ids, texts, rows = [], [], []
        for row, (id, text) in enumerate(zip(batch.ids.to_pylist(), batch.texts.to_pylist(), strict=True)):
            for number, passage in enumerate(passages(text, self._length), 1):
                ids.append(f"{id}.{number}")
                texts.append(passage)
                rows.append(row)
        others = (
            {} if batch.columns is None else dict(zip(batch.columns.schema.names, batch.columns.columns, strict=True))
        )
        if DOCUMENT in others:
            raise InputError(
                f"{self.name} has a column {DOCUMENT!r} already, where passages name their text: rename it"
            )
        places = pa.array(np.array(rows, np.int64))
        columns = {name: values.take(places) for name, values in others.items()}
        columns[DOCUMENT] = batch.ids.take(places)
        found = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
        return TextBatch(pa.array(ids, pa.string()), pa.array(texts, pa.large_string()), None, found)


def passages(text: str, length: int) -> list[str]:
    """A text in parts of whole sentences, of about the same length each; an empty text is one passage.

    Args:
        text: any.
        length: characters of a part at the most, but for a sentence that is longer by itself.
    """
    found = sentences(text)
    if not found:
        return [text]
    whole = found[-1].end - found[0].start
    aim = whole / -(-whole // length)
    parts: list[str] = []
    first = 0
    for place, sentence in enumerate(found):
        following = found[place + 1].end if place + 1 < len(found) else None
        start = found[first].start
        enough = sentence.end - found[0].start >= aim * (len(parts) + 1)
        if following is None or enough or following - start > length:
            parts.append(text[start : sentence.end])
            first = place + 1
    return parts
