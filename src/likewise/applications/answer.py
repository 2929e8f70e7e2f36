"""Question answering: the sentence of an index that answers, in its passage, or the word that there is none.

What a score is worth differs from corpus to corpus. So questions are made that the index cannot answer: some words of
one of its sentences, asked of all other passages. How far above their best scores a sentence lies says how certain an
answer is, without any labelled question.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from likewise.applications.sentences import Asked, sentences
from likewise.atomic import replacing_file
from likewise.errors import InputError, LikewiseError
from likewise.index.collection import Collection, Hit
from likewise.index.filters import Where

__all__ = ["Answerer", "Evidence", "Reply", "answer"]

PASSAGES = 5  # whose sentences are looked at
CERTAINTY = 0.9
MADE = 200  # questions without an answer
KEPT_WORDS = 0.5  # share of a sentence's words that such a question has
FEWEST_WORDS = 3
FILE = "answers.json"
HALF = 0.5  # the score from which on an answer counts where too few passages are there to tell


@dataclass(frozen=True)
class Evidence:
    """A sentence that may answer.

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
class Reply:
    """What an index has to say to a question.

    Attributes:
        question: as it was asked.
        found: whether the best sentence is certain enough to count as an answer.
        certainty: the share of questions without an answer whose best sentence scores lower.
        evidence: the best sentence of each passage that was looked at, best first; none if nothing was found at all.
    """

    question: str
    found: bool
    certainty: float
    evidence: tuple[Evidence, ...]

    @property
    def answer(self) -> str | None:
        """The sentence that answers; None if none does."""
        return self.evidence[0].sentence if self.found else None


def answer(
    index: str | Path | Collection,
    question: str,
    *,
    certainty: float = CERTAINTY,
    passages: int = PASSAGES,
    where: Where | None = None,
    model: Any = None,
) -> Reply:
    """Answer a question from the texts of an index.

    Args:
        index: its folder, or the open index; its texts are the passages, a paragraph each at best.
        question: whatever one may ask.
        certainty: how certain an answer must be to count, 0 to 1.
        passages: how many are looked at.
        where: a filter on columns.
        model: the model of the index, for one that does not hold its own.

    Raises:
        InputError: there is no index, it is empty, or the question or a number cannot be used.
    """
    if isinstance(index, Collection):
        return Answerer(index, certainty=certainty, passages=passages).reply(question, where)
    with Collection.open(index, model) as collection:
        return Answerer(collection, certainty=certainty, passages=passages).reply(question, where)


class Answerer:
    """Answers questions from one index.

    Args:
        collection: the open index.
        certainty: how certain an answer must be to count, 0 to 1.
        passages: how many are looked at.

    Raises:
        InputError: the index is empty, or a number is out of range.
    """

    def __init__(self, collection: Collection, *, certainty: float = CERTAINTY, passages: int = PASSAGES) -> None:
        if not 0 <= certainty <= 1:
            raise InputError(f"certainty is {certainty}, expected a number from 0 to 1")
        if passages < 1:
            raise InputError(f"passages is {passages}, expected at least 1")
        if not len(collection):
            raise InputError(f"{collection.path} holds no texts: add some before asking")
        self._collection, self._certainty, self._passages = collection, certainty, passages
        self._doubt: Float64[np.ndarray, " questions"] | None = None

    def reply(self, question: str, where: Where | None = None) -> Reply:
        """The reply to a question."""
        if not question.strip():
            raise InputError("the question is empty: ask one in words")
        evidence = tuple(self._evidence(question, self._collection.search(question, self._passages, where=where)))
        if not evidence:
            return Reply(question, False, 0.0, ())
        certainty = self._certain(evidence[0].score)
        return Reply(question, certainty >= self._certainty, certainty, evidence)

    def _evidence(self, question: str, hits: Sequence[Hit]) -> list[Evidence]:
        """The best sentence of each passage, best first; of equal scores that of the passage found first."""
        asked, found = Asked(self._collection, question), []
        parts = [sentences(hit.text) for hit in hits]
        scores = iter(asked.scores([part.text for some in parts for part in some]).tolist())
        for hit, some in zip(hits, parts, strict=True):
            score, place = max(((next(scores), -place) for place in range(len(some))), default=(0.0, 0))
            if some:
                best = some[-place]
                found.append(Evidence(best.text, best.start, best.end, score, hit))
        return sorted(found, key=lambda one: -one.score)

    def _certain(self, score: float) -> float:
        if self._doubt is None:
            self._doubt = self._read()
        if self._doubt is None:
            self._doubt = np.sort([*self._unanswered()])
            self._keep(self._doubt)
        if len(self._doubt) < 1 / max(1e-9, 1 - self._certainty):  # too few to tell so much
            return float(score >= HALF)
        return float(np.searchsorted(self._doubt, score, side="left") / len(self._doubt))

    def _unanswered(self) -> Iterator[float]:
        """The best scores of questions whose answer was left out."""
        rng = np.random.default_rng(0)
        for entry in self._collection.sample(MADE, rng):
            some = sentences(entry.text)
            if not some:
                continue
            sentence = some[int(rng.integers(len(some)))].text
            words = sentence.split()
            question = " ".join(word for word in words if rng.random() < KEPT_WORDS)
            if len(question.split()) < FEWEST_WORDS:
                continue
            hits = self._collection.search(question, 2 * self._passages + 1)
            others = [hit for hit in hits if hit.id != entry.id and sentence not in hit.text][: self._passages]
            yield max((one.score for one in self._evidence(question, others)), default=0.0)

    def _read(self) -> Float64[np.ndarray, " questions"] | None:
        """What was kept for this state of the index, if it can be read."""
        try:
            kept = json.loads((self._collection.path / FILE).read_text(encoding="utf-8"))
            same = kept["generation"] == self._collection.generation and kept["passages"] == self._passages
            return np.array(kept["scores"], np.float64) if same else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _keep(self, doubt: Float64[np.ndarray, " questions"]) -> None:
        """Beside the index, so that the next question need not wait; nowhere where that cannot be written."""
        kept = {"generation": self._collection.generation, "passages": self._passages, "scores": doubt.tolist()}
        try:
            with replacing_file(self._collection.path / FILE) as beside:
                beside.write_text(json.dumps(kept), encoding="utf-8")
        except (LikewiseError, OSError):
            return
