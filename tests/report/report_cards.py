"""What the tests of the report share: texts of topics and a card."""

import random
from typing import Any

from likewise.model.card import Card

TOPICS, WORDS = 12, 12

HISTORY = tuple(
    {
        "step": 10 * row,
        "loss": 5.0 - row / 3 if row else 0.0,
        "masked": 0.001,
        "geometry": {
            "mrr": 0.1 + 0.3 * (1 - 0.6**row), "alignment": 1.8 - row / 20, "uniformity": -3.0 - row / 20,
            "effective_rank": 60.0 - row, "mean_cosine": 0.05, "dim": 64, "texts": 500,
        },
    }
    for row in range(13)
)  # fmt: skip


def card(**changes: Any) -> Card:
    """A card of a healthy run, with changes: mappings are merged, other values replace what was there."""
    healthy: dict[str, Any] = {
        "recipe": {"dim": 64, "epochs": 10, "temperature": 0.2},
        "corpus": {"name": "a/b.csv", "texts": 5000, "duplicates": 3, "empty": 0, "skipped": 0, "tokens": 250_000},
        "scores": {
            "MRR": 0.4, "MRR, untrained": 0.1, "MRR, LSA": 0.2, "alignment": 1.2, "uniformity": -3.6,
            "effective rank": 48.0, "mean cosine": 0.05, "dim": 64, "texts": 500,
        },
        "history": HISTORY,
        "versions": {"likewise": "0.1.0"},
        "pairs": {"edges": [-1.0, -0.5, 0.0, 0.5, 1.0], "positive": [0, 0, 10, 90], "random": [5, 45, 45, 5]},
    }  # fmt: skip
    for name, value in changes.items():
        healthy[name] = healthy[name] | value if isinstance(value, dict) and value and name in healthy else value
    return Card(**healthy)


def topical_words() -> list[list[str]]:
    """For each topic words of its own, letters at random, so that no two are spelled alike but by chance."""
    choose = random.Random(5)
    return [["".join(choose.choices("abdefgiklmnoprstuvz", k=7)) for _ in range(WORDS)] for _ in range(TOPICS)]


def topical_texts(count: int) -> list[str]:
    """Texts of fourteen words, the first of the topics in turn, with a number that makes each different."""
    choose = random.Random(6)
    topics = topical_words()
    return [" ".join(choose.choices(topics[row % TOPICS], k=14)) + f" {row}" for row in range(count)]
