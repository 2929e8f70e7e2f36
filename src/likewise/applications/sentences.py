"""A text in its sentences, and which of them a query asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import sentencex
from jaxtyping import Float64

from likewise.index.collection import Collection
from likewise.index.embedder import document_vectors, query_vectors
from likewise.model.beside import JoinedModel
from likewise.model.model import Model

__all__ = ["Asked", "Sentence", "sentences"]

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
        slow = isinstance(self._model, JoinedModel) or not isinstance(self._model, Model)
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
    return model.beside.model if isinstance(model, JoinedModel) and model.beside is not None else model
