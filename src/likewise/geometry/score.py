"""The score without labels, by which training and tuning choose: texts are found by a few words, and words count."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int64

from likewise.geometry.inverse_cloze import inverse_cloze
from likewise.geometry.view_retrieval import ViewRetrieval, view_retrieval
from likewise.geometry.word_agreement import WordNeighbours, word_agreement, word_neighbours
from likewise.tokens.ragged import Ragged
from likewise.views.pair import Views

__all__ = ["Score", "ScoreTask", "combined", "label_free_score", "score_task"]

ASKING = 1_000  # held-out texts that the score is taken on at the most
ROUNDS = 4  # of spans, at the most, where there are fewer
POOL = 5_000  # texts among which neighbours are looked for
WORDS = 3  # times that the agreement with words counts as much as the cloze

Encode = Callable[[Ragged], Float[np.ndarray, "texts dim"]]


@dataclass(frozen=True)
class ScoreTask:
    """What an encoder is scored on; made once and kept fixed, so that scores compare.

    Attributes:
        clozes: rounds of spans of held-out texts and their rests.
        words: word neighbours of held-out texts among all.
    """

    clozes: tuple[Views, ...]
    words: WordNeighbours

    def __len__(self) -> int:
        return len(self.clozes[0])


@dataclass(frozen=True)
class Score:
    """How good an encoder is as far as that can be told without labels.

    Attributes:
        value: `combined` of `cloze` and `words`, in [0, 1]; compares encoders on one task, not corpora.
        cloze: nDCG of finding the rest of a text among all rests by a span of it, and the span by the rest
            (`inverse_cloze`, `view_retrieval`).
        words: how far neighbours in the space are neighbours by words too (`word_agreement`).
        texts: how many held-out texts this was measured on.
    """

    value: float
    cloze: float
    words: float
    texts: int


def score_task(
    take: Callable[[Int64[np.ndarray, " some"]], Ragged],
    texts: int,
    held_out: Int64[np.ndarray, " held_out"],
    continues: Bool[np.ndarray, " vocab"],
    rng: np.random.Generator,
) -> ScoreTask:
    """The task of a corpus.

    Args:
        take: gives the texts at some positions; only those that are needed are asked for.
        texts: how many there are.
        held_out: positions of those that training does not see; at most 1,000 of them are taken. The others fill the
            pool of word neighbours to 5,000.
        continues: whether a piece continues the word before it.
        rng: where the random numbers come from; the same state and texts give the same task, whatever the vocabulary.
    """
    asking = np.sort(rng.permutation(held_out)[:ASKING])
    others = np.setdiff1d(np.arange(texts), asking)
    pool = np.concatenate([asking, rng.permutation(others)[: max(0, POOL - len(asking))]])
    rounds = max(1, min(ROUNDS, round(ASKING / max(1, len(asking)))))
    whole = take(asking)
    clozes = tuple(inverse_cloze(whole, continues, rng) for _ in range(rounds))
    return ScoreTask(clozes, word_neighbours(take(pool), np.arange(len(asking)), continues))


def label_free_score(encode: Encode, task: ScoreTask, encode_documents: Encode | None = None) -> Score:
    """Score an encoder.

    Args:
        encode: gives one unit vector a text.
        task: from `score_task`.
        encode_documents: gives one vector of at most length one to a text that is to be found, where that is another.
    """
    found = [_found(encode, encode_documents or encode, views).ndcg for views in task.clozes]
    cloze, words = float(np.mean(found)), word_agreement(np.asarray(encode(task.words.pool)), task.words)
    return Score(combined(cloze, words), cloze, words, len(task))


def combined(cloze: float, words: float) -> float:
    """Both parts in one: their geometric mean, in which words count thrice (docs/score.md says why)."""
    return float((cloze * words**WORDS) ** (1 / (1 + WORDS)))


def _found(encode: Encode, encode_documents: Encode, views: Views) -> ViewRetrieval:
    return view_retrieval(np.asarray(encode(views.anchors)), np.asarray(encode_documents(views.positives)))
