"""Question answering: the sentence of an index that answers a question, with a confidence, or none."""

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from likewise.applications.confidence import Confidence
from likewise.applications.evidence import Evidence, evidence_for, strength
from likewise.errors import InputError
from likewise.index.collection import Collection
from likewise.index.filters import Where
from likewise.notebook import passage, table

PASSAGES = 8  # whose sentences are scored
CONFIDENCE = 0.5


@dataclass(frozen=True)
class Answer:
    """The answer of an index to a question.

    Attributes:
        question: the question.
        found: whether the confidence reaches the threshold.
        confidence: the probability that the best sentence answers, where every other question has an answer.
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
        passages: how many are read; the others show what the question comes to without an answer.
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
        self._collection, self._threshold, self._passages = collection, confidence, passages
        self._confidence: Confidence | None = None

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
        hits = self._collection.search(question, self._passages, where=where)
        evidence = tuple(evidence_for(self._collection, question, hits))
        if not evidence:
            return Answer(question, False, 0.0, ())
        if self._confidence is None or not self._confidence.is_of(len(self._collection)):
            self._confidence = Confidence.of(self._collection, self._passages)
        confidence = self._confidence.probability(strength(evidence), evidence[0].score)
        return Answer(question, confidence >= self._threshold, confidence, evidence)
