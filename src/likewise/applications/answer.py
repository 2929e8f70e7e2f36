"""Question answering: the sentence of an index that answers a question, with a confidence, or none.

What a score means differs from corpus to corpus. So the scores of questions without an answer are measured on the index
itself: some words of one of its sentences are the question, and all other passages are searched. The confidence of an
answer is the share of these null scores that are lower than its score. No labelled question is needed.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from likewise.applications.sentences import SentenceScorer, sentences
from likewise.atomic import replacing_file
from likewise.errors import InputError, LikewiseError
from likewise.index.collection import Collection
from likewise.index.filters import Where
from likewise.index.hybrid import Hit
from likewise.notebook import passage, table

PASSAGES = 5  # whose sentences are scored
CONFIDENCE = 0.9
NULL_QUESTIONS = 200  # questions without an answer
KEPT_WORDS = 0.5  # probability that a word of the sentence is in the question
FEWEST_WORDS = 3
FILE = "null_scores.json"
FALLBACK_SCORE = 0.5  # from which an answer counts, where there are too few passages to measure null scores


@dataclass(frozen=True)
class Evidence:
    """A sentence that may answer the question.

    Attributes:
        sentence: its text.
        start: where it begins in the text of its passage.
        end: behind its last character.
        score: how well it fits the question, 0 to 1.
        hit: the passage, with its id and columns.
    """

    sentence: str
    start: int
    end: int
    score: float
    hit: Hit


@dataclass(frozen=True)
class Answer:
    """The answer of an index to a question.

    Attributes:
        question: the question.
        found: whether the confidence of the best sentence reaches the threshold.
        confidence: the share of questions without an answer whose best sentence scores lower.
        evidence: the best sentence of each passage, best first; empty if nothing was found.
    """

    question: str
    found: bool
    confidence: float
    evidence: tuple[Evidence, ...]

    @property
    def text(self) -> str | None:
        """The sentence that answers; None if none does."""
        return self.evidence[0].sentence if self.found else None

    def _repr_html_(self) -> str:
        """Show itself in a notebook: the best sentence in its passage, and that of other texts."""
        if not self.evidence:
            return table("no answer found: no text of the index is related to the question")
        best = self.evidence[0]
        text, facts = best.hit.text, {"confidence": f"{self.confidence:.0%}", "id": best.hit.id}
        title = self.question if self.found else f"no answer found; the nearest sentence to: {self.question}"
        others = [(each.score, each.hit.id, each.sentence) for each in self.evidence[1:]]
        return (
            table(title, facts)
            + passage(text[: best.start], best.sentence, text[best.end :])
            + (table("other texts", None, ("score", "id", "sentence"), others) if others else "")
        )


def answer(
    index: str | Path | Collection,
    question: str,
    *,
    confidence: float = CONFIDENCE,
    passages: int = PASSAGES,
    where: Where | None = None,
    model: Any = None,
) -> Answer:
    """Answer a question from the texts of an index.

    Args:
        index: its folder, or the open index; its texts are the passages, ideally a paragraph each.
        question: in words.
        confidence: threshold from which a sentence counts as an answer, 0 to 1.
        passages: how many are read.
        where: a filter on columns.
        model: the model of the index, if the index does not store it.

    Raises:
        InputError: there is no index, it is empty, or the question or a number cannot be used.
    """
    with nullcontext(index) if isinstance(index, Collection) else Collection.open(index, model) as collection:
        return Answerer(collection, confidence=confidence, passages=passages).answer(question, where)


class Answerer:
    """Answers questions from one index.

    Args:
        collection: the open index.
        confidence: threshold from which a sentence counts as an answer, 0 to 1.
        passages: how many are read for a question.

    Raises:
        InputError: the index is empty, or a number is out of range.
    """

    def __init__(self, collection: Collection, *, confidence: float = CONFIDENCE, passages: int = PASSAGES) -> None:
        if not 0 <= confidence <= 1:
            raise InputError(f"confidence is {confidence}: expected a number from 0 to 1")
        if passages < 1:
            raise InputError(f"passages is {passages}: expected at least 1")
        if not len(collection):
            raise InputError(f"{collection.path} has no texts: add some first")
        self._collection, self._confidence, self._passages = collection, confidence, passages
        self._null_scores: Float64[np.ndarray, " questions"] | None = None

    def answer(self, question: str, where: Where | None = None) -> Answer:
        """Answer a question.

        Args:
            question: in words.
            where: a filter on columns.

        Raises:
            InputError: the question is empty, or the filter cannot be parsed.
        """
        if not question.strip():
            raise InputError("the question is empty: expected words")
        evidence = tuple(self._evidence(question, self._collection.search(question, self._passages, where=where)))
        if not evidence:
            return Answer(question, False, 0.0, ())
        confidence = self._confidence_of(evidence[0].score)
        return Answer(question, confidence >= self._confidence, confidence, evidence)

    def _evidence(self, question: str, hits: Sequence[Hit]) -> list[Evidence]:
        """Return the best sentence of each passage, best first; of equal scores that of the passage found first."""
        scorer, found = SentenceScorer(self._collection, question), []
        for hit, best in zip(hits, scorer.best_of_each([sentences(hit.text) for hit in hits]), strict=True):
            if best is not None:
                one, score = best
                found.append(Evidence(one.text, one.start, one.end, score, hit))
        return sorted(found, key=lambda one: -one.score)

    def _confidence_of(self, score: float) -> float:
        if self._null_scores is None:
            self._null_scores = self._read()
        if self._null_scores is None:
            self._null_scores = np.sort([*self._measure()])
            self._write(self._null_scores)
        if len(self._null_scores) < 1 / max(1e-9, 1 - self._confidence):  # too few for so small a share
            return float(score >= FALLBACK_SCORE)
        return float(np.searchsorted(self._null_scores, score, side="left") / len(self._null_scores))

    def _measure(self) -> Iterator[float]:
        """Yield the best score of each question whose passage was left out."""
        rng = np.random.default_rng(0)
        for entry in self._collection.sample(NULL_QUESTIONS, rng):
            some = sentences(entry.text)
            if not some:
                continue
            sentence = some[int(rng.integers(len(some)))].text
            question = " ".join(word for word in sentence.split() if rng.random() < KEPT_WORDS)
            if len(question.split()) < FEWEST_WORDS:
                continue
            hits = self._collection.search(question, 2 * self._passages + 1)
            others = [hit for hit in hits if hit.id != entry.id and sentence not in hit.text][: self._passages]
            yield max((one.score for one in self._evidence(question, others)), default=0.0)

    def _read(self) -> Float64[np.ndarray, " questions"] | None:
        """Read the null scores of this state of the index; None if there are none or they cannot be read."""
        try:
            stored = json.loads((self._collection.path / FILE).read_text(encoding="utf-8"))
            same = stored["generation"] == self._collection.generation and stored["passages"] == self._passages
            return np.array(stored["scores"], np.float64) if same else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _write(self, scores: Float64[np.ndarray, " questions"]) -> None:
        """Store the null scores in the index for later questions; an index that cannot be written stays as it is."""
        stored = {"generation": self._collection.generation, "passages": self._passages, "scores": scores.tolist()}
        try:
            with replacing_file(self._collection.path / FILE) as path:
                path.write_text(json.dumps(stored), encoding="utf-8")
        except (LikewiseError, OSError):
            return
