"""What a pupil is taught on: some texts of the corpus, a span of each, and the words."""

from dataclasses import dataclass

import numpy as np

from likewise.training.reading import Reading

__all__ = ["Lessons", "draw_lessons"]

MOST_TEXTS = 10_000  # a teacher that reads a hundred texts a second needs minutes for these
LONGEST = 90  # words of a text: about 128 tokens, as many as small teachers were trained on
LONGEST_CHARACTERS = 1_000  # where no spaces stand between words
SPAN = (4, 16)  # words, as queries have
SHORT = 20  # words; a text with fewer is a span itself


@dataclass(frozen=True)
class Lessons:
    """Texts that the teacher is asked about, all of them short enough for it to read whole.

    Attributes:
        said: beginnings of texts of the corpus, then a few consecutive words of each that is longer.
        texts: how many of them are beginnings.
    """

    said: list[str]
    texts: int


def draw_lessons(reading: Reading, rng: np.random.Generator, *, most: int = MOST_TEXTS) -> Lessons:
    """Draw from a corpus that was read, in one pass; memory holds what was drawn.

    Args:
        reading: the corpus.
        rng: where the random numbers come from.
        most: texts, and as many spans, at the most.
    """
    drawn = np.sort(rng.permutation(reading.kept)[:most])
    texts: list[str] = []
    spans: list[str] = []
    first = 0
    for batch in reading.spooled():
        here = drawn[(drawn >= first) & (drawn < first + batch.num_rows)] - first
        for text in batch.column(0).take(here).to_pylist():
            words = text.split()
            if len(words) >= SHORT:
                spans.append(_span(words, rng))
            texts.append(" ".join(words[:LONGEST])[:LONGEST_CHARACTERS])
        first += batch.num_rows
    return Lessons([*texts, *spans], len(texts))


def _span(words: list[str], rng: np.random.Generator) -> str:
    length = int(rng.integers(SPAN[0], SPAN[1] + 1))
    begin = int(rng.integers(0, len(words) - length + 1))
    return " ".join(words[begin : begin + length])[:LONGEST_CHARACTERS]
