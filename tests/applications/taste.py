"""Made-up items of three kinds, and users who each like one kind."""

from dataclasses import dataclass

import numpy as np

KINDS = {
    "kettle": "boils water steel cordless kitchen tea",
    "tent": "camping rain outdoors two persons poles",
    "lamp": "desk warm light reading office bulb",
}
EACH = 20
NEW = 2  # of each kind, the last ones, that nobody chose


class Words:
    """Counts of a few words."""

    words = sorted(" ".join((*KINDS, *KINDS.values())).split())

    def encode(self, texts):
        return np.array([[word in text.lower().split() for word in self.words] for text in texts], np.float32)


@dataclass(frozen=True)
class Taste:
    """Rows of items and of interactions."""

    items: list[dict]
    interactions: list[dict]


def taste(seed: int = 0, users: int = 60) -> Taste:
    """The same every time."""
    rng = np.random.default_rng(seed)
    items = [
        {"id": f"{kind}{n}", "text": f"{kind} " + " ".join(rng.permutation(words.split())[:3])}
        for kind, words in KINDS.items()
        for n in range(EACH)
    ]
    rows = []
    for user in range(users):
        kind = list(KINDS)[user % 3]
        for time, item in enumerate(rng.permutation(EACH - NEW)[: rng.integers(3, 9)]):
            rows.append({"user": f"u{user}", "item": f"{kind}{item}", "rating": 4.0 + time % 2, "timestamp": time})
        rows.append({"user": f"u{user}", "item": f"{list(KINDS)[(user + 1) % 3]}0", "rating": 1.0, "timestamp": 99})
    return Taste(items, rows)
