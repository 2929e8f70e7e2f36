"""How relevant sentences, and the texts they stand in, are to a question.

The relevance is the mean of two or three numbers from 0 to 1:

- the share of the question's terms that a text has, rare ones counting more (`Collection.overlap`);
- the share of its tokens, each of which counts as much as the most similar token of the text: their cosine. This is
  MaxSim of Khattab and Zaharia (2020, arXiv 2004.12832) over the rows of a static encoder, whose norms are the weights;
- of a transformer or another encoder, the cosine of the vectors of question and sentence.

A static encoder adds no cosine of whole vectors: it is a mean of the rows that were compared one by one already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from likewise.applications.sentences import Sentence
from likewise.arrays import Float32, Float64, Int64
from likewise.index.collection import Collection
from likewise.model.embedder import document_vectors, query_vectors
from likewise.model.model import Model
from likewise.model.transformer import ConcatenatedModel

ENCODED = 2  # sentences of a text, the best by their words, that a transformer reads
SMALLEST_NORM = 1e-9


@dataclass(frozen=True)
class Relevant:
    """How relevant a text is.

    Attributes:
        sentences: the relevance of each of its sentences.
        text: that of all its sentences together; of cosines the highest counts.
    """

    sentences: Float64[np.ndarray, " sentences"]
    text: float


class Relevance:
    """The relevance of texts to one question.

    Args:
        collection: whose terms and model count.
        question: the question, or a query.
        encode: whether a transformer, or an encoder of another library, reads the best sentences, which takes long;
            otherwise their words alone count.
    """

    def __init__(self, collection: Collection, question: str, *, encode: bool = True) -> None:
        self._overlap, self._question, model = collection.overlap(question), question, collection.model
        self._places = {term: place for place, term in enumerate(self._overlap.idf)}
        self._static = _static(model)
        self._encoder = model if encode and question.strip() and not isinstance(model, Model) else None
        if self._static is not None:
            ids, _ = _tokens(self._static, [question])
            self._rows, self._norms = _rows(self._static, np.unique(ids))

    @property
    def rare_terms(self) -> set[str]:
        """The terms of the question that fewer than 27 % of the texts have; all of them if every one is frequent."""
        idf = self._overlap.idf
        return {term for term, weight in idf.items() if weight >= 1} or {*idf}

    def of(self, texts: Sequence[Sequence[Sentence]]) -> list[Relevant]:
        """Return the relevance of each text, given by its sentences; all at once, which is faster."""
        if not texts:
            return []
        flat = [sentence.text for some in texts for sentence in some]
        ends = np.cumsum([len(some) for some in texts], dtype=np.int64)
        evidence: list[Found] = [self._terms(flat)]
        if self._static is not None:
            evidence.append(self._similar_tokens(self._static, flat))
        if self._encoder is not None:
            by_words = np.split(_mean(evidence), ends[:-1])
            best = [
                end - len(some) + np.argsort(-some, kind="stable")[:ENCODED]
                for end, some in zip(ends, by_words, strict=True)
            ]
            evidence.append(self._cosines(self._encoder, flat, np.concatenate(best)))
        of_sentences, of_texts = _mean(evidence), np.zeros(len(texts))
        filled = np.flatnonzero([len(some) > 0 for some in texts])
        if len(filled):
            firsts = np.concatenate([[0], ends[:-1]])[filled]
            of_texts[filled] = _mean([(np.maximum.reduceat(each, firsts), weights) for each, weights in evidence])
        parts = np.split(of_sentences, ends[:-1])
        return [Relevant(part, float(text)) for part, text in zip(parts, of_texts, strict=True)]

    def best_of_each(self, texts: Sequence[Sequence[Sentence]]) -> list[Sentence | None]:
        """Return the most relevant sentence of each text, the first of equal ones; None if it has none."""
        found = zip(texts, self.of(texts), strict=True)
        return [some[int(relevant.sentences.argmax())] if some else None for some, relevant in found]

    def _terms(self, texts: list[str]) -> "Found":
        """Which of the question's terms each text has."""
        found = np.zeros((len(texts), len(self._places)), np.float32)
        for row, text in enumerate(texts):
            found[row, [self._places[term] for term in self._overlap.found(text)]] = 1.0
        return found, np.fromiter(self._overlap.idf.values(), np.float32, len(self._places))

    def _similar_tokens(self, model: Model, texts: list[str]) -> "Found":
        """The cosine of each of the question's tokens and the most similar one of each text."""
        found = np.zeros((len(texts), len(self._rows)), np.float32)
        ids, offsets = _tokens(model, texts)
        filled = np.flatnonzero(np.diff(offsets))
        if len(filled) and len(self._rows):
            distinct, places = np.unique(ids, return_inverse=True)
            cosines = (_rows(model, distinct)[0] @ self._rows.T)[places]
            found[filled] = np.maximum(np.maximum.reduceat(cosines, offsets[:-1][filled]), 0.0)
        return found, self._norms

    def _cosines(self, model: Any, texts: list[str], some: Int64[np.ndarray, " some"]) -> "Found":
        """The cosine of the question and each of some texts; 0 for the others."""
        found = np.zeros((len(texts), 1), np.float32)
        if len(some):
            wanted = [texts[place] for place in some]
            if isinstance(model, ConcatenatedModel):  # the companion's part are the similar tokens
                vectors = model.encode([self._question, *wanted])
                query, others = vectors[0], vectors[1:]
            else:
                query, others = query_vectors(model, [self._question])[0], document_vectors(model, wanted)
            found[some, 0] = np.clip(others @ query, 0.0, 1.0)
        return found, np.ones(1, np.float32)


Found = tuple[Float32[np.ndarray, "texts parts"], Float32[np.ndarray, " parts"]]
"""How much of each part of a question a text has, from 0 to 1, and what the parts weigh."""


def _mean(evidence: Sequence[Found]) -> Float64[np.ndarray, " texts"]:
    """The mean over all evidence of the share that is had; where nothing weighs anything it is 0."""
    shares = [found @ weights / max(float(weights.sum()), SMALLEST_NORM) for found, weights in evidence]
    return np.asarray(np.mean(shares, axis=0), np.float64)


def _static(model: Any) -> Model | None:
    """The static model of an index: its model, or the companion of its transformer."""
    if isinstance(model, ConcatenatedModel):
        return model.companion.model if model.companion else None
    return model if isinstance(model, Model) else None


def _tokens(model: Model, texts: list[str]) -> tuple[Int64[np.ndarray, " ids"], Int64[np.ndarray, " texts_and_1"]]:
    """The ids of the tokens of texts, forms of a word as one, end to end, and where those of each text begin."""
    ids = model.stemmed(model.tokenizer.encode(texts))
    return ids.ids.astype(np.int64), ids.offsets


def _rows(
    model: Model, ids: Int64[np.ndarray, " ids"]
) -> tuple[Float32[np.ndarray, "ids dim"], Float32[np.ndarray, " ids"]]:
    """The rows of tokens as unit vectors, and their norms."""
    rows = model.encoder.weights_of(ids)
    norms = np.linalg.norm(rows, axis=1)
    return rows / np.maximum(norms, SMALLEST_NORM)[:, None], norms
