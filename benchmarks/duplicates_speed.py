"""How long it takes to find the duplicates among many short texts: likewise, SemHash and datasketch.

    python benchmarks/duplicates_speed.py --data DATA [--texts 1000000] [--repeats 5] [--peers 1000000]

All three get the same texts in turns in one process, and SemHash the vectors of the same static encoder by model2vec,
each vector of 256 numbers, so that what differs is the work and not the encoder. Likewise: `likewise.duplicates` with
that encoder. SemHash: `from_records` and `self_deduplicate`, with its defaults. datasketch: `MinHash.bulk` of the
words with 64 permutations, and an LSH with threshold 0.8 that is filled and queried. In the texts a thousand duplicates
are planted whose words stand in another order, with two letters changed over, or with the commonest word left out; how
many of them each finds is recorded with the time. Training the encoder, on 50,000 of the texts, is timed by itself.
"""

import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from usearch.index import Index  # noqa: F401 - loaded before faiss: the other way round it ends in a segmentation fault

from comparison import alternate, ratio, spread  # isort: skip
from datasketch import MinHash, MinHashLSH
from encode import model2vec_of
from record import arguments, record
from semhash import SemHash
from yardstick import short_texts, slip, trained

import likewise

PLANTED = 1_000
LEARNED = 50_000
DIM, PERMUTATIONS, THRESHOLD = 256, 64, 0.8


def planted(texts: list[str], rng: np.random.Generator) -> tuple[list[str], list[tuple[int, int]]]:
    """The texts with duplicates of some of the first of them in place of the last, and which belong together."""
    changed, pairs = list(texts), []
    for number in range(PLANTED):
        words = texts[number].split()
        way = number % 3
        if way == 0:
            cut = len(words) // 2
            words = words[cut:] + words[:cut]
        elif way == 1:
            words = slip(texts[number], rng).split()
        else:
            words.remove(min(words, key=len))
        pairs.append((number, len(texts) - 1 - number))
        changed[len(texts) - 1 - number] = " ".join(words)
    return changed, pairs


def by_semhash(texts: list[str], model: Any) -> Any:
    """What is found."""
    return SemHash.from_records(records=texts, model=model).self_deduplicate()


def by_datasketch(texts: list[str]) -> set[int]:
    """The rows that are left out."""
    words = ([word.encode() for word in set(text.lower().split())] for text in texts)
    index, left_out = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS), set()
    for row, one in enumerate(MinHash.generator(words, num_perm=PERMUTATIONS)):
        if index.query(one):
            left_out.add(row)
        else:
            index.insert(row, one, check_duplication=False)
    return left_out


def rows_of(selected: list[str], texts: list[str]) -> set[int]:
    """The rows that SemHash leaves out; it names the texts that it keeps, of copies the first."""
    firsts: dict[str, int] = {}
    for row, text in enumerate(texts):
        firsts.setdefault(text, row)
    return set(range(len(texts))) - {firsts[text] for text in selected}


def left_out(found: dict[str, Any], texts: list[str]) -> dict[str, set[int]]:
    """The rows that each leaves out, likewise and SemHash at two thresholds."""
    sets: dict[str, set[int]] = {}
    for precision in (0.99, 0.9):
        kept = found["likewise"].rethreshold(precision).kept.tolist()
        sets[f"likewise at precision {precision:g}"] = set(range(len(texts))) - set(kept)
    if "semhash" in found:
        for threshold in (0.9, 0.95):
            found["semhash"].rethreshold(threshold)
            sets[f"semhash at {threshold:g}"] = rows_of(found["semhash"].selected, texts)
    if "datasketch" in found:
        sets["datasketch"] = found["datasketch"]
    return sets


def summary(rows: set[int], texts: list[str], pairs: list[tuple[int, int]]) -> dict[str, Any]:
    """How many are left out, how many of them are no planted ones nor copies, and which share of those planted is."""
    firsts: dict[str, int] = {}
    copies = {row for row, text in enumerate(texts) if firsts.setdefault(text, row) != row}
    found = {two for _, two in pairs if two in rows}
    return {
        "all": len(rows),
        "neither planted nor copies": len(rows - found - copies),
        "share of planted": len(found) / len(pairs),
    }


def main() -> None:
    """Time all three, in turns."""
    parser = arguments(__doc__, texts=1_000_000, repeats=5)
    parser.add_argument("--no-peers", action="store_true", help="likewise alone")
    chosen = parser.parse_args()
    rng = np.random.default_rng(0)
    texts, pairs = planted(short_texts(chosen.data, chosen.texts, rng), rng)
    began = time.perf_counter()
    model = trained(texts[:LEARNED], dim=DIM)
    training = time.perf_counter() - began
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "a.model")
        peer = model2vec_of(model, Path(folder) / "a.model")

        def run(name: str, work: Any) -> None:
            found[name] = work()

        contestants = {"likewise": partial(run, "likewise", partial(likewise.duplicates, texts, model))}
        if not chosen.no_peers:
            contestants["semhash"] = partial(run, "semhash", partial(by_semhash, texts, peer))
            contestants["datasketch"] = partial(run, "datasketch", partial(by_datasketch, texts))
        likewise.duplicates(texts[:6_000], model)  # the loops are compiled
        seconds = alternate(contestants, chosen.repeats)
    numbers: dict[str, Any] = {"seconds": {name: spread(each).plain() for name, each in seconds.items()}}
    peers = [name for name in contestants if name != "likewise"]
    numbers["ratio"] = {name: ratio(seconds[name], seconds["likewise"]).plain() for name in peers}
    numbers["left_out"] = {name: summary(rows, texts, pairs) for name, rows in left_out(found, texts).items()}
    numbers["seconds_of_training"] = training
    settings = {
        "texts": len(texts),
        "distinct": len(set(texts)),
        "dim": DIM,
        "precision": 0.99,
        "semhash_threshold": 0.9,
    }
    record("duplicates_speed", settings | {"datasketch_threshold": THRESHOLD}, numbers, seed=0)
    print(numbers)


if __name__ == "__main__":
    main()
