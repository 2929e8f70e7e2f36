"""How long it takes to find whether one more text is a duplicate of a stored million.

    python benchmarks/duplicates_store.py --data DATA [--texts 1000000]

Distinct sentences of film reviews are searched for duplicates with an encoder trained on 50,000 of them, stored, and
opened again. Then single texts are queried: stored ones, stored ones with a typo, and others.
Milliseconds are of whole calls of `Store.duplicates_of`. How many of the typos are found says what the store misses.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from record import record
from yardstick import add_data, sentences

import likewise
from likewise.applications.duplicates.store import Store

QUERIES = 300
LEARNED, DIM = 50_000, 256


def slip(text: str, rng: np.random.Generator) -> str:
    """Two letters of the longest word swapped."""
    words = text.split()
    at = max(range(len(words)), key=lambda place: len(words[place]))
    place, word = int(rng.integers(max(1, len(words[at]) - 1))), words[at]
    words[at] = word[:place] + word[place + 1 : place + 2] + word[place : place + 1] + word[place + 2 :]
    return " ".join(words)


def main() -> None:
    """Store, open, query, and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(parser)
    parser.add_argument("--texts", type=int, default=1_000_000)
    chosen = parser.parse_args()
    rng = np.random.default_rng(0)
    every = sentences(chosen.data, chosen.texts + QUERIES)
    rng.shuffle(every)
    texts, others = every[:-QUERIES], every[-QUERIES:]
    model = likewise.train(texts[: min(LEARNED, len(texts))], dim=DIM, progress=False)
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        made = Store.of(likewise.duplicates(texts, model))
        made.save(Path(folder) / "seen")
        seconds["search and store"] = time.perf_counter() - began
        began = time.perf_counter()
        store = Store.load(Path(folder) / "seen")
        seconds["open"] = time.perf_counter() - began
        drawn = rng.choice(len(texts), QUERIES, replace=False).tolist()
        queries = {
            "stored": [texts[row] for row in drawn], "with a slip": [slip(texts[row], rng) for row in drawn],
            "others": others,
        }  # fmt: skip
        store.duplicates_of(texts[0])  # the loops are compiled
        numbers: dict[str, Any] = {"seconds": seconds}
        for name, some in queries.items():
            taken, found = [], 0
            for text, row in zip(some, drawn, strict=True):
                began = time.perf_counter()
                members = store.duplicates_of(text)
                taken.append(1000 * (time.perf_counter() - began))
                found += any(member.text == texts[row] for member in members) if name != "others" else bool(members)
            numbers[name] = {
                "milliseconds, median": float(np.median(taken)), "milliseconds, 95 %": float(np.quantile(taken, 0.95)),
                "found": found / QUERIES,
            }  # fmt: skip
            print(name, numbers[name], flush=True)
    print(seconds)
    record("duplicates_store", {"texts": len(store), "dim": DIM, "requested": QUERIES}, numbers, seed=0)


if __name__ == "__main__":
    main()
