"""A text in its sentences, and which of them a query asks for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import sentencex
from jaxtyping import Float64

from likewise.corpus.batch import TextBatch, bounded
from likewise.errors import InputError
from likewise.index.collection import Collection
from likewise.model.concatenated import ConcatenatedModel
from likewise.model.embedder import document_vectors, query_vectors
from likewise.model.model import Model

__all__ = ["DOCUMENT", "Asked", "Passages", "Sentence", "passages", "sentences"]


LANGUAGE = "en"  # decides which abbreviations end no sentence; the signs that end one are those of all scripts


@dataclass(frozen=True)
class Sentence:
    """A sentence and where it stands.

    Attributes:
        text: without white space around it.
        start: of its first character in the whole text.
        end: behind its last character.
    """

    text: str
    start: int
    end: int


def sentences(text: str) -> list[Sentence]:
    """The sentences of a text, in order; what is not white space stands in exactly one of them."""
    parts = sentencex.segment(LANGUAGE, text)
    ends = accumulate(map(len, parts), initial=0)
    found = []
    for part, (start, _) in zip(parts, pairwise(ends), strict=True):
        bare = part.strip()
        if bare:
            first = start + part.index(bare)
            found.append(Sentence(bare, first, first + len(bare)))
    return found


class Asked:
    """A query, by which sentences are scored.

    A sentence's score is the mean of two shares: of the query's words, rare ones counting more, those that it has
    (`index.overlap`); and the cosine of both vectors, where that is above zero. The first finds what is named, the
    second what is meant.

    Attributes:
        query: what was asked.
        overlap: with the words of the query.
    """

    def __init__(self, collection: Collection, query: str, *, quick: bool = False) -> None:
        """Takes a query.

        Args:
            collection: whose words and model count.
            query: what was asked.
            quick: leave meaning out where the model is no static one, which takes long for many sentences.
        """
        self.query, self.overlap = query, collection.overlap(query)
        self._model: Any = _quickest(collection.model)
        slow = not isinstance(self._model, Model)
        self._by_meaning = bool(query.strip()) and not (quick and slow)
        self._vector = query_vectors(self._model, [query], None)[0] if self._by_meaning else None

    def scores(self, texts: Sequence[str]) -> Float64[np.ndarray, " texts"]:
        """Of each text, 0 to 1."""
        words = np.array([self.overlap.share(text) for text in texts])
        if self._vector is None or not texts:
            return words
        cosines = document_vectors(self._model, list(texts), None) @ self._vector
        both: np.ndarray = (words + np.clip(cosines.astype(np.float64), 0.0, 1.0)) / 2
        return both

    def best(self, some: Sequence[Sentence]) -> Sentence | None:
        """The sentence with the highest score, the first of several; None of none."""
        return some[int(self.scores([sentence.text for sentence in some]).argmax())] if some else None


def _quickest(model: Any) -> Any:
    """The static model that stands beside a transformer, if one does: many sentences are compared."""
    return model.companion.model if isinstance(model, ConcatenatedModel) and model.companion is not None else model


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
