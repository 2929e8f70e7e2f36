"""The model card: a description of a model, for people in README.md, for programs in likewise.json."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from likewise.errors import InputError
from likewise.notebook import table

SAMPLE_TEXTS, SAMPLE_CHARACTERS = 1000, 500  # as many points as a map can show, as much of each as a person reads


@dataclass(frozen=True)
class Card:
    """Where a model comes from and how good it is known to be.

    Attributes:
        recipe: every setting of the training, resolved.
        corpus: what it was trained on: name, fingerprint, counts.
        scores: the label-free score of the model, of the untrained encoder and of LSA.
        history: the evaluations during training, as plain values.
        versions: of this package and of the libraries that made the model.
        warnings: what a user should know, in plain words.
        pairs: histograms of the cosines of held-out positive pairs and of random pairs; may be empty.
    """

    recipe: Mapping[str, Any] = field(default_factory=dict)
    corpus: Mapping[str, Any] = field(default_factory=dict)
    scores: Mapping[str, Any] = field(default_factory=dict)
    history: tuple[Mapping[str, Any], ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    pairs: Mapping[str, Any] = field(default_factory=dict)

    def as_html(self, kind: str, dim: int) -> str:
        """Return what a notebook shows of the model."""
        rows = [(name, value) for name, value in self.scores.items() if not isinstance(value, Mapping)]
        facts = {
            "encoder": kind, "dimensions": dim, "texts": self.corpus.get("texts"),
            "warnings": "; ".join(self.warnings) or None,
        }  # fmt: skip
        return table(str(self.corpus.get("name", "A text encoder")), facts, ("without labels", ""), rows)


def readme(card: Card, *, dim: int, vocab: int, kind: str = "static") -> str:
    """The model card, in Markdown with the header that model hubs read.

    Args:
        card: what is known.
        dim: length of a vector.
        vocab: size of the vocabulary.
        kind: of the encoder: `static`, or a model type of transformers.
    """
    corpus, scores = card.corpus, card.scores
    rows = [f"| {name} | {_number(value)} |" for name, value in scores.items()]
    settings = [f"| {name} | {value} |" for name, value in card.recipe.items()]
    warnings = [f"- {warning}" for warning in card.warnings]
    sections = [
        "---\ntags:\n- likewise\n- sentence-transformers\n- sentence-similarity\n- feature-extraction\n"
        "pipeline_tag: sentence-similarity\nlibrary_name: sentence-transformers\n---\n",
        f"# {corpus.get('name', 'A text encoder')}\n",
        f"A {kind} text encoder: a vocabulary of {vocab:,} subwords, {dim} dimensions, unit vectors; compare them by "
        f"their dot product. {_origin(card, kind)}\n",
        '```python\nimport likewise\nmodel = likewise.load(FOLDER)\nvectors = model.encode(["a text"])\n```\n\n'
        "`sentence_transformers.SentenceTransformer(FOLDER)` loads it too and gives the same vectors.\n",
        "## The corpus\n\n" + "\n".join(f"- {name}: {_number(value)}" for name, value in corpus.items()) + "\n",
        "## What it learned\n\nNo label was used. Held-out texts were cut into two random halves, every word of the "
        "first was removed from the second, and each half was a query that had to retrieve the other among all.\n\n"
        "| | |\n|---|---|\n" + "\n".join(rows) + "\n",
        _pairs(card.pairs),
        "## Warnings\n\n" + "\n".join(warnings) + "\n" if warnings else "",
        "## Settings\n\n| | |\n|---|---|\n" + "\n".join(settings) + "\n",
    ]
    return "\n".join(section for section in sections if section)


def _origin(card: Card, kind: str) -> str:
    if kind == "static" and "teacher" in card.recipe:
        return f"It was distilled from {card.recipe['teacher']}, with contrastive learning on unlabelled text."
    if kind == "static":
        return "It was trained by contrastive learning on unlabelled text, without pretrained weights."
    if not card.recipe:
        return "It was not trained any further after it was loaded."
    queries = " A static student of it encodes queries." if card.recipe.get("queries") == "static" else ""
    return f"It was adapted from {card.recipe.get('encoder')} by contrastive learning on unlabelled text.{queries}"


def _pairs(pairs: Mapping[str, Any]) -> str:
    """The mean cosines of positive and random pairs, by the middles of the bins."""
    if not pairs or not sum(pairs["positive"]) or not sum(pairs["random"]):
        return ""
    middles = [(low + high) / 2 for low, high in pairwise(pairs["edges"])]
    positive, random = (
        sum(middle * count for middle, count in zip(middles, pairs[name], strict=True)) / sum(pairs[name])
        for name in ("positive", "random")
    )
    return f"The two halves of a text have a cosine of {positive:.2f} on average, those of two texts {random:.2f}.\n"


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def sample_of(texts: Sequence[str]) -> tuple[str, ...]:
    """The first 1,000 texts, each cut at 500 characters."""
    return tuple(text[:SAMPLE_CHARACTERS] for text in texts[:SAMPLE_TEXTS])


def write_sample(path: Path, texts: Sequence[str]) -> None:
    """Write one JSON object per line, `{"text": ...}`."""
    lines = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
    # A lone surrogate has no UTF-8: escaped, it is still JSON.
    path.write_text(lines, encoding="utf-8", errors="backslashreplace")


def read_sample(path: Path) -> tuple[str, ...]:
    """Read the texts that `write_sample` wrote.

    Raises:
        InputError: a line holds something else.
    """
    try:
        texts = tuple(json.loads(line)["text"] for line in path.read_text(encoding="utf-8").split("\n")[:-1])
        if not all(isinstance(text, str) for text in texts):
            raise TypeError("a text is no string")
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged ({error}): restore it from a copy, or remove it") from error
    return texts
