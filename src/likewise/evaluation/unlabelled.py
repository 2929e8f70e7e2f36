"""Two tests made of texts that nobody labelled, by which models of any origin can be compared.

A **made question** keeps some words of a sentence and has words of other texts in place of others: a model that knows
which words matter finds its text. The **lead** of a text, its first sentence or title, has to find what follows it: a
model that knows which words belong together does. A model that was trained on a text has seen its words together, so
both are made of texts that no model has seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from likewise.applications.confidence import made_question, words_of
from likewise.applications.sentences import sentences
from likewise.arrays import Float, Float64, Int64

LONGEST = 4_000  # characters of a text that count
LEAD_SHARE = 1 / 3  # of the words of a text of a single sentence
FEWEST_WORDS = 2  # of a question, a lead or what follows it
EQUAL = 1e-6  # similarities closer than this are equal in float32


@dataclass(frozen=True)
class UnlabelledTests:
    """The tests of some held-out texts.

    Attributes:
        documents: texts among which those of the questions are to be found; the held-out ones first.
        held_out: number of held-out texts.
        questions: the made questions.
        question_rows: the document of each.
        leads: the beginnings of texts.
        rests: what each has to find among all of these: the rest of its text.
        lead_rows: the document that each is the beginning of.
    """

    documents: list[str]
    held_out: int
    questions: list[str]
    question_rows: Int64[np.ndarray, " questions"]
    leads: list[str]
    rests: list[str]
    lead_rows: Int64[np.ndarray, " leads"]

    def score(
        self,
        questions: Float[np.ndarray, "questions documents"],
        leads: Float[np.ndarray, "leads rests"],
    ) -> Float64[np.ndarray, "held_out tests"]:
        """Score a model by its similarities.

        Args:
            questions: of the questions to the documents.
            leads: of the leads to the rests.

        Returns:
            The reciprocal rank of each held-out text by its question and by its lead; NaN where it has none.
        """
        found = np.full((self.held_out, 2), np.nan)
        found[self.question_rows, 0] = reciprocal_ranks(questions, self.question_rows)
        found[self.lead_rows, 1] = reciprocal_ranks(leads, np.arange(len(leads)))
        return found


def make_tests(held_out: Sequence[str], others: Sequence[str], rng: np.random.Generator) -> UnlabelledTests:
    """Make a question and a lead of each held-out text; a text that is too short for one has none.

    Args:
        held_out: texts that no model has seen.
        others: further texts among which those of the questions are to be found, and whose words the questions get.
        rng: draws sentences and words.
    """
    pool = [word for text in others for word in text[:LONGEST].split()] or ["?"]
    shares = (rng.permutation(len(held_out)) + 0.5) / max(1, len(held_out))
    questions, leads = [], []
    for row, (whole, share) in enumerate(zip(held_out, shares.tolist(), strict=True)):
        text = whole[:LONGEST]
        parts = [one.text for one in sentences(text)] or [text]
        question = made_question(words_of(parts[int(rng.integers(len(parts)))], rng), share, pool, rng)
        if len(question) >= FEWEST_WORDS:
            questions.append((row, " ".join(question)))
        lead, rest = _lead(parts, rng)
        if rest:
            leads.append((row, lead, rest))
    return UnlabelledTests(
        [*held_out, *others],
        len(held_out),
        [question for _, question in questions],
        np.array([row for row, _ in questions], np.int64),
        [lead for _, lead, _ in leads],
        [rest for _, _, rest in leads],
        np.array([row for row, _, _ in leads], np.int64),
    )


def reciprocal_ranks(
    similarity: Float[np.ndarray, "queries documents"], own: Int64[np.ndarray, " queries"]
) -> Float64[np.ndarray, " queries"]:
    """Return 1 / rank of the own document of each query, its expectation over the orders of tied documents.

    Args:
        similarity: of each query to each document.
        own: the document that each query should find.
    """
    if not len(own):
        return np.zeros(0)
    true = similarity[np.arange(len(own)), own][:, None]
    better = (similarity > true + EQUAL).sum(axis=1)
    equal = (similarity >= true - EQUAL).sum(axis=1) - better
    harmonic = np.concatenate([np.zeros(1), np.cumsum(1 / np.arange(1, similarity.shape[1] + 1))])
    ranks: Float64[np.ndarray, " queries"] = (harmonic[better + equal] - harmonic[better]) / equal
    return ranks


def _lead(parts: list[str], rng: np.random.Generator) -> tuple[str, str]:
    """The first sentence of a text, or a third of its only one, and the rest; an empty rest if it is too short."""
    if len(parts) > 1:
        return parts[0], " ".join(parts[1:])
    # A space follows the last part of each word, so that parts put together are text again, in every script.
    words = [list(words_of(word, rng)) for word in parts[0].split()]
    pieces = [part for word in words for part in (*word[:-1], f"{word[-1]} ")]
    first = max(FEWEST_WORDS, round(LEAD_SHARE * len(pieces)))
    if len(pieces) < first + FEWEST_WORDS:
        return "", ""
    return "".join(pieces[:first]).strip(), "".join(pieces[first:]).strip()
