"""The sentences that may answer a question, and how strong the best one is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from likewise.applications.relevance import Relevance
from likewise.applications.sentences import Sentence, sentences
from likewise.index.collection import Collection
from likewise.index.hybrid import Hit

QUESTION = re.compile(r"[?？؟]\W*$")
OTHERS = 0.5  # weight of the passages that were not chosen


@dataclass(frozen=True)
class Evidence:
    """A sentence that may answer the question.

    Attributes:
        sentence: its text.
        start: where it begins in the text of its passage.
        end: behind its last character.
        score: how well it and its passage fit the question: 0 to 1.
        hit: the passage, with its id and columns.
    """

    sentence: str
    start: int
    end: int
    score: float
    hit: Hit


def evidence_for(collection: Collection, question: str, hits: Sequence[Hit]) -> list[Evidence]:
    """Return the best sentence of each passage, best first; of equal scores that of the passage found first.

    Headings and questions, such as those of a FAQ, answer nothing: what stands under them is chosen, and they count for
    the passage.

    Its score is a mean: of the relevance of the sentence and that of the passage, which count twice, as they are means
    of two and more numbers themselves, and of the score of the search as a share of the best one.

    Args:
        collection: in which the passages were found.
        question: in words.
        hits: the passages, best first.
    """
    found, split = [], [sentences(hit.text) for hit in hits]
    best = max((hit.score for hit in hits), default=0.0)
    for hit, some, relevant in zip(hits, split, Relevance(collection, question).of(split), strict=True):
        if some:
            answering = [can_answer(each) for each in some]
            among = relevant.sentences if not any(answering) else np.where(answering, relevant.sentences, -1.0)
            place = int(among.argmax())
            sentence, of_search = some[place], hit.score / best if best > 0 else 0.0
            score = (2 * float(relevant.sentences[place]) + 2 * relevant.text + of_search) / 5
            found.append(Evidence(sentence.text, sentence.start, sentence.end, score, hit))
    return sorted(found, key=lambda one: -one.score)


def can_answer(sentence: Sentence) -> bool:
    """Whether a sentence is neither a heading nor a question."""
    return not sentence.heading and not QUESTION.search(sentence.text)


def strength(evidence: Sequence[Evidence]) -> float:
    """Return how strong the evidence is: the best score, less half the mean of the others.

    How high a question scores depends on its words, and the other passages that a search found for it show what it
    comes to without an answer. They count half, because where a corpus says the same twice they have an answer as well.
    """
    others = [one.score for one in evidence[1:]]
    return evidence[0].score - OTHERS * (float(np.mean(others)) if others else 0.0) if evidence else 0.0
