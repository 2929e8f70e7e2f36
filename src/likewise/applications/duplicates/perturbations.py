"""Texts made of a text to calibrate by: the same text with typos, and one with another meaning."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

__all__ = ["perturbations", "typos"]


DELETED = 0.05  # of the words
MISTYPED = 0.5  # of the texts
LEAST = 6  # words of a text that any is deleted of, or characters of one without spaces
REPLACED = 0.125  # of the words, of the rarer half, and one at least


def typos(texts: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Each text with a twentieth of its words left out, half of them with two letters of one word swapped too."""
    return [_with_typos(_parts(text), rng) for text in texts]


def perturbations(texts: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Each text with some of its rarer words replaced by such of others: the same sentence about something else."""
    parts = [_parts(text) for text in texts]
    often = Counter(word.lower() for words, _ in parts for word in set(words))
    places = [_rarer(words, often) for words, _ in parts]
    made = []
    for number, (words, between) in enumerate(parts):
        changed = list(words)
        count = max(1, int(REPLACED * len(words)))
        for place in rng.permutation(places[number])[:count]:
            other = int(rng.integers(len(parts)))
            candidates = [parts[other][0][at] for at in places[other]] or [""]
            drawn = candidates[int(rng.integers(len(candidates)))]
            changed[place] = drawn if drawn.lower() != words[place].lower() else words[place][::-1]
        made.append(between.join(changed))
    return made


def _parts(text: str) -> tuple[list[str], str]:
    """The words of a text, and what stood between them; characters where it has no spaces, as Chinese has none."""
    words = text.split()
    if len(words) > 1 or len(text) < LEAST or text.isascii():
        return words, " "
    return list(text), ""


def _rarer(words: list[str], often: Counter[str]) -> list[int]:
    """Where the rarer half of the words stand."""
    order = sorted(range(len(words)), key=lambda at: (often[words[at].lower()], -len(words[at]), at))
    return order[: (len(words) + 1) // 2]


def _with_typos(parts: tuple[list[str], str], rng: np.random.Generator) -> str:
    words, between = list(parts[0]), parts[1]
    if len(words) >= LEAST:
        staying = rng.random(len(words)) >= DELETED
        words = [word for word, stays in zip(words, staying, strict=True) if stays]
    long = [at for at, word in enumerate(words) if len(word) > 2]
    if long and rng.random() < MISTYPED:
        at = long[int(rng.integers(len(long)))]
        place = int(rng.integers(len(words[at]) - 1))
        word = words[at]
        words[at] = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return between.join(words)
