"""Passages of whole sentences, into which long texts are cut for an index."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from likewise.applications.headings import Heading, headings
from likewise.applications.sentences import Sentence, sentences
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

    A passage is of one section, and begins with the headings that it stands under, the highest first.

    Args:
        text: any; white space between two passages is in neither.
        length: characters of a passage at most; a longer sentence is cut. Of headings that take more than half of it,
            the highest are left out.
    """
    found = headings(text)
    parts: list[str] = []
    above: list[Heading] = []
    for start, end, own in _sections(text, found):
        while above and own and above[-1].level >= own[0].level:
            above.pop()
        for number, (first, last) in enumerate(
            _cut(text, start, end, length - len(_lines(text, [*above, *own], length)))
        ):
            shown = above if number == 0 else [*above, *own]
            parts.append(_lines(text, shown, length) + text[first:last])
        above += own
    return parts or [text]


def _sections(text: str, found: Sequence[Heading]) -> Iterator[tuple[int, int, list[Heading]]]:
    """Yield begin and end of each section, and the headings that it begins with; one without a text joins the next."""
    start, own = 0, list[Heading]()
    for each in found:
        if text[own[-1].end if own else start : each.start].strip():
            yield start, each.start, own
            start, own = each.start, []
        while own and own[-1].level >= each.level:
            own.pop()
        own.append(each)
    yield start, len(text), own


def _lines(text: str, shown: Sequence[Heading], length: int) -> str:
    """The lines of headings, without the highest ones where they are too long."""
    lines = [text[each.start : each.end] + "\n" for each in shown]
    while lines and sum(map(len, lines)) > length // 2:
        lines.pop(0)
    return "".join(lines)


def _cut(text: str, start: int, end: int, length: int) -> Iterator[tuple[int, int]]:
    """Yield begin and end of parts of whole sentences, of about equal length."""
    found = [Sentence(each.text, each.start + start, each.end + start) for each in sentences(text[start:end], length)]
    if not found:
        return
    total = found[-1].end - found[0].start
    aim = total / -(-total // length)
    first = count = 0
    for place, sentence in enumerate(found):
        following = found[place + 1].end if place + 1 < len(found) else None
        begin = found[first].start
        long_enough = sentence.end - found[0].start >= aim * (count + 1)
        if following is None or long_enough or following - begin > length:
            yield begin, sentence.end
            first, count = place + 1, count + 1
