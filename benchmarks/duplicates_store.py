"""How long it takes to find whether one more text is a duplicate of a stored million.

    python benchmarks/duplicates_store.py --data DATA [--texts 1000000]

Distinct sentences of film reviews are searched for duplicates with an encoder trained on 50,000 of them, stored, and
opened again. Then single texts are queried: stored ones, stored ones with a typo, and others.
Milliseconds are of whole calls of `Store.duplicates_of`. How many of the typos are found says what the store misses.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from comparison import milliseconds
from record import arguments, record
from yardstick import sentences, slip, trained

import likewise
from likewise.applications.duplicates.store import Store

QUERIES = 300
LEARNED, DIM = 50_000, 256


def main() -> None:
    """Store, open, query, and record."""
    chosen = arguments(__doc__, texts=1_000_000).parse_args()
    rng = np.random.default_rng(0)
    every = sentences(chosen.data, chosen.texts + QUERIES)
    rng.shuffle(every)
    texts, others = every[:-QUERIES], every[-QUERIES:]
    model = trained(texts[:LEARNED], dim=DIM)
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
                taken.append(time.perf_counter() - began)
                found += any(member.text == texts[row] for member in members) if name != "others" else bool(members)
            numbers[name] = {**milliseconds(taken), "found": found / QUERIES}
            print(name, numbers[name], flush=True)
    print(seconds)
    record("duplicates_store", {"texts": len(store), "dim": DIM, "requested": QUERIES}, numbers, seed=0)


if __name__ == "__main__":
    main()
