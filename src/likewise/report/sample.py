"""The texts that the report shows, with their embeddings; numbers and texts as a person reads them."""

import math
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from likewise.arrays import Float32
from likewise.corpus.read import Corpus, read
from likewise.errors import InputError
from likewise.model.card import SAMPLE_CHARACTERS, SAMPLE_TEXTS
from likewise.model.embedder import TextModel
from likewise.tokens.distinct import text_hashes
from likewise.tokens.pretrained import MARKS

INVISIBLE = {"Cc", "Cf", "Cs", "Co"}  # escapes, direction overrides, lone surrogates
JOINERS = "\u200c\u200d"  # format characters that words and emoji are written with


def number(values: Any, name: str) -> float | None:
    """The number of that name; None if it is missing or not finite."""
    value = values.get(name) if isinstance(values, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def shown(value: Any) -> str:
    """A value as a person reads it: thousands separated, three significant digits."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() and abs(value) >= 1 else f"{value:.3g}"
    return readable(str(value))


def readable(text: str, most: int = 500) -> str:
    """A text on one line of at most `most` characters, without invisible characters and lone surrogates."""
    seen = "".join(
        " " if c.isspace() else c
        for c in text
        if c.isspace() or c in JOINERS or unicodedata.category(c) not in INVISIBLE
    )
    line = " ".join(seen.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


@dataclass(frozen=True)
class Sample:
    """Texts with their vectors.

    Attributes:
        texts: distinct texts with a word that the model knows.
        vectors: a unit row each.
        words: the distinct words of each, normalised by the tokenizer, without punctuation.
        unknown: number of texts left out because the model knows no word of them.
    """

    texts: tuple[str, ...]
    vectors: Float32[np.ndarray, "texts dim"]
    words: tuple[frozenset[str], ...]
    unknown: int

    def __len__(self) -> int:
        return len(self.texts)


def take_sample(model: TextModel, texts: Any = None) -> Sample:
    """The sample of the model, or of other texts, with embeddings.

    Args:
        model: what encodes them.
        texts: whatever `likewise.corpus.read.read` takes; of many, 1,000 are sampled by hash, so that the order of a
            file does not matter. None takes the sample stored with the model.

    Raises:
        InputError: `texts` cannot be read, or holds no text.
    """
    if texts is None:
        chosen = list(dict.fromkeys(model.sample))
    else:
        corpus = read(texts, ids=False)
        chosen = _drawn(corpus)
        if not chosen:
            raise InputError(f"{corpus.name} holds no text: give a file of texts such as those of the training")
    vectors = model.encode(chosen)
    known = np.flatnonzero(np.einsum("td,td->t", vectors, vectors) > 0.5)  # unit rows and rows of zeros
    kept = tuple(chosen[row] for row in known)
    words = tuple(frozenset(_words(model, text)) for text in kept)
    return Sample(kept, vectors[known], words, len(chosen) - len(kept))


def _drawn(corpus: Corpus) -> list[str]:
    """The texts with the lowest hashes: a random sample of distinct texts in bounded memory."""
    lowest: dict[int, str] = {}
    highest = 1 << 64
    for batch in corpus:
        hashes = text_hashes(batch.texts)
        for row in np.flatnonzero(hashes < np.uint64(highest - 1)):
            text = batch.texts[int(row)].as_py()[:SAMPLE_CHARACTERS]
            if text.strip():
                lowest[int(hashes[row])] = text
        if len(lowest) > SAMPLE_TEXTS:
            lowest = dict(sorted(lowest.items())[:SAMPLE_TEXTS])
            highest = max(lowest)
    return [text for _, text in sorted(lowest.items())]


def _words(model: TextModel, text: str) -> Iterator[str]:
    reference = model.tokenizer.reference
    normal = readable(text)  # without lone surrogates, which have no UTF-8
    if reference.normalizer is not None:
        normal = reference.normalizer.normalize_str(normal)
    split = reference.pre_tokenizer.pre_tokenize_str(normal) if reference.pre_tokenizer else [(normal, (0, 0))]
    for word, _ in split:
        plain = word.lstrip("".join(MARKS))
        if any(character.isalnum() for character in plain):
            yield plain
