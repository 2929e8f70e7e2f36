"""The confidence of an answer: the probability that it is right, measured on questions made of the index.

From a sentence two questions are made, as by someone who does not know it. How many of its words a question has is
drawn anew for every sentence, because nobody knows it. In the question that has an answer the words are drawn one by
one, and half of the lost ones are replaced by words of other texts, since people ask in words of their own. The one
without is a part of the sentence, as who asks for what is not there uses words that belong together; it is answered
from the index without the texts that hold the sentence. Logistic regression on the strength of the evidence of all
answers gives the probability. No label is needed.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

import numpy as np
from scipy.special import expit

from likewise.applications.evidence import can_answer, evidence_for, strength
from likewise.applications.logistic import fitted
from likewise.applications.sentences import sentences
from likewise.arrays import Bool, Float64
from likewise.atomic import replacing_file
from likewise.errors import LikewiseError
from likewise.index.collection import Collection
from likewise.index.stems import UNSPACED
from likewise.model.model import Model

QUESTIONS, SLOW_QUESTIONS = 400, 60  # that are made; fewer where a transformer reads the sentences
LEAST = 10  # right answers, and wrong ones, without which nothing is known
REPLACED = 0.5  # of the words that a question has not kept
FEWEST_WORDS = 3
SHORTEST, LONGEST = 2, 5  # characters of a word in scripts that do not separate words
SPREAD = (10.0, 100.0)  # of intercept and slope before any question: practically no prior
FILE = "confidence.json"
CHANGED = 0.1  # share by which the number of texts changes before questions are made anew
TIMES = 2  # as many texts as are read for a question have to be there, so that the others are not always the same


@dataclass(frozen=True)
class Confidence:
    """What is known of the answers of an index: P(right) = 1 / (1 + exp(-intercept - slope strength)).

    Attributes:
        intercept: of the logistic curve.
        slope: by which it rises with the strength of the evidence.
        questions: how many were made; 0 if there was too little to learn from.
        passages: how many are read for a question.
        texts: of the index when the questions were made.
    """

    intercept: float
    slope: float
    questions: int
    passages: int
    texts: int

    @classmethod
    def of(cls, collection: Collection, passages: int) -> "Confidence":
        """Return what is stored in an index; it is measured first if it is not there, or the index has changed much.

        Args:
            collection: the index.
            passages: how many are read for a question.
        """
        stored = _read(collection)
        if stored is not None and stored.passages == passages and stored.is_of(len(collection)):
            return stored
        measured = cls.measured(collection, passages)
        _write(collection, measured)
        return measured

    @classmethod
    def measured(cls, collection: Collection, passages: int) -> "Confidence":
        """Answer questions that are made of an index, and fit the curve."""
        texts = len(collection)
        if texts < TIMES * passages:
            return cls(0.0, 0.0, 0, passages, texts)
        strengths, right = _answers(collection, passages)
        if min(np.count_nonzero(right), np.count_nonzero(~right)) < LEAST:
            return cls(0.0, 0.0, 0, passages, texts)
        rows = np.stack([np.ones(len(strengths)), strengths], axis=1)
        (intercept, slope), _ = fitted(rows, right, np.zeros(2), np.array(SPREAD))
        return cls(float(intercept), max(0.0, float(slope)), len(strengths), passages, texts)

    def is_of(self, texts: int) -> bool:
        """Whether it was measured on about as many texts."""
        return abs(texts - self.texts) <= CHANGED * self.texts

    def probability(self, strength: float, score: float) -> float:
        """Return the probability that an answer is right, where every other question has one.

        Args:
            strength: of the evidence.
            score: of the best, which is returned where nothing could be measured.
        """
        return float(expit(self.intercept + self.slope * strength)) if self.questions else score


def _answers(collection: Collection, passages: int) -> tuple[Float64[np.ndarray, " all"], Bool[np.ndarray, " all"]]:
    """Answer all made questions; how strong the evidence is, and which answers are right."""
    count = QUESTIONS if isinstance(collection.model, Model) else SLOW_QUESTIONS
    made = list(made_questions(collection, count, np.random.default_rng(0)))
    strengths, right = [], []
    for each, hits in zip(made, collection.search_many([one.answered for one in made], passages), strict=True):
        evidence = evidence_for(collection, each.answered, hits)
        strengths.append(strength(evidence))
        right.append(bool(evidence) and evidence[0].sentence == each.sentence)
    found = collection.search_many([one.unanswered for one in made], 2 * passages + 1)
    for each, hits in zip(made, found, strict=True):
        others = [hit for hit in hits if each.sentence not in hit.text][:passages]
        strengths.append(strength(evidence_for(collection, each.unanswered, others)))
    return np.array(strengths, np.float64), np.array(right + [False] * len(made), bool)


@dataclass(frozen=True)
class MadeQuestions:
    """Two questions made of a sentence.

    Attributes:
        sentence: the sentence.
        answered: some of its words, and words of other texts.
        unanswered: a part of it.
    """

    sentence: str
    answered: str
    unanswered: str


def made_questions(collection: Collection, count: int, rng: np.random.Generator) -> Iterator[MadeQuestions]:
    """Yield questions made of sentences of an index; fewer than `count` where sentences are too short.

    Args:
        collection: the index.
        count: how many sentences are drawn.
        rng: draws them, and the words of the questions.
    """
    drawn = collection.sample(count, rng)
    texts = [[one.text for one in sentences(entry.text) if can_answer(one)] for entry in drawn]
    texts = [some for some in texts if some]
    words = [word for some in texts for sentence in some for word in words_of(sentence, rng)]
    for number, share in enumerate(((rng.permutation(count) + 0.5) / count).tolist() if texts else ()):
        some = texts[number % len(texts)]
        sentence = some[int(rng.integers(len(some)))]
        own = list(words_of(sentence, rng))
        length = round(share * len(own))
        first = int(rng.integers(max(1, len(own) - length + 1)))
        question = made_question(own, share, words, rng)
        if min(length, len(question)) >= FEWEST_WORDS:
            yield MadeQuestions(sentence, " ".join(question), " ".join(own[first : first + length]))


def made_question(words: Iterable[str], share: float, others: list[str], rng: np.random.Generator) -> list[str]:
    """Keep a share of words, and put words of other texts in the place of half of the rest.

    Args:
        words: of a sentence.
        share: of them that is kept.
        others: words of other texts; at least one.
        rng: draws both.
    """
    question = []
    for word in words:
        if rng.random() < share:
            question.append(word)
        elif rng.random() < REPLACED:
            question.append(others[int(rng.integers(len(others)))])
    return question


def words_of(text: str, rng: np.random.Generator) -> Iterator[str]:
    """Yield the words of a text; in scripts that do not separate them, pieces of a few characters."""
    for word in text.split():
        first = 0
        while UNSPACED.search(word, first) and len(word) - first > LONGEST:
            last = first + int(rng.integers(SHORTEST, LONGEST + 1))
            yield word[first:last]
            first = last
        yield word[first:]


def _read(collection: Collection) -> Confidence | None:
    """Read what an index has stored; None if there is nothing, or it cannot be read."""
    try:
        stored = json.loads((collection.path / FILE).read_text(encoding="utf-8"))
        return Confidence(
            float(stored["intercept"]), float(stored["slope"]), int(stored["questions"]), int(stored["passages"]),
            int(stored["texts"]),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(collection: Collection, confidence: Confidence) -> None:
    """Store it in the index for later questions; an index that cannot be written stays as it is."""
    try:
        with replacing_file(collection.path / FILE) as path:
            path.write_text(json.dumps(asdict(confidence)), encoding="utf-8")
    except (LikewiseError, OSError):
        return
