"""How many near-duplicates the SimHash of a corpus finds at each distance, and what else it takes for one.

    python benchmarks/near_duplicates.py headlines.txt questions.txt.zst --texts 20000

A near-duplicate here is a pair of texts whose sets of words have a Jaccard similarity of 0.8 or more. All pairs of a
sample are compared exactly; no labels are used.
"""

import argparse
import json
import re
from pathlib import Path

import numpy as np
import zstandard
from scipy.sparse import csr_array

from likewise.encoders.lsa import log_idf
from likewise.negatives.signatures import signatures
from likewise.tokens.compiled import Tokenizer
from likewise.tokens.vocabulary import learn_reference, vocabulary_size
from likewise.views.words import find_words

DISTANCES = (0, 6, 8, 10, 12, 14, 16)
BANDS = ((0.8, 1.01), (0.6, 0.8), (0.4, 0.6), (0.2, 0.4), (0.0, 0.2))
ROWS = 500  # of the matrix of all pairs at a time


def read(path: Path, sentences: bool) -> list[str]:
    """The texts of a file, one a line; or their sentences."""
    raw = path.read_bytes()
    if path.suffix == ".zst":
        raw = zstandard.ZstdDecompressor().decompressobj().decompress(raw)
    lines = raw.decode().splitlines()
    if sentences:
        lines = [part for line in lines[:20_000] for part in re.split(r"(?<=[.!?])\s+", line)]
    return list(dict.fromkeys(line for line in lines if line.strip()))


def pairs_by_distance(texts: list[str], weighted: bool) -> np.ndarray:
    """How many pairs of texts have each Jaccard band and each distance: (bands, 65)."""
    tokenizer = Tokenizer(learn_reference([texts], vocabulary_size(len(texts))))
    ids = tokenizer.encode(texts)
    vocabulary = tokenizer.vocabulary
    text_of = np.repeat(np.arange(len(texts)), ids.lengths)
    texts_with = np.bincount(np.unique(np.stack([text_of, ids.ids]), axis=1)[1], minlength=len(vocabulary.pieces))
    weights = log_idf(texts_with, len(texts)) if weighted else np.ones(len(texts_with), np.float32)
    hashed = signatures(ids, weights, vocabulary.continues).simhash
    words = find_words(ids, vocabulary.continues)
    columns = np.unique(words.types, return_inverse=True)[1]
    bags = csr_array((np.ones(len(columns), np.float32), columns, words.offsets))
    bags.sum_duplicates()
    bags.data[:] = 1
    sizes = bags.sum(axis=1)
    found = np.zeros((len(BANDS), 65), np.int64)
    for start in range(0, len(texts), ROWS):
        rows = slice(start, min(start + ROWS, len(texts)))
        shared = (bags[rows] @ bags.T).toarray()
        jaccard = shared / np.maximum(sizes[rows, None] + sizes[None, :] - shared, 1)
        distance = np.bitwise_count(hashed[rows, None] ^ hashed[None, :])
        later = np.arange(len(texts))[None, :] > np.arange(rows.start, rows.stop)[:, None]
        for band, (low, high) in enumerate(BANDS):
            found[band] += np.bincount(distance[later & (jaccard >= low) & (jaccard < high)], minlength=65)
    return found


def main() -> None:
    """Print one table a file, and with --json one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", type=Path, help="files of one text a line, .zst or not")
    parser.add_argument("--texts", type=int, default=20_000, help="texts of each file, drawn at random")
    parser.add_argument("--sentences", action="store_true", help="take the sentences of the texts")
    parser.add_argument("--unweighted", action="store_true", help="let every word weigh the same")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print JSON lines instead of tables")
    given = parser.parse_args()
    for path in given.paths:
        texts = read(path, given.sentences)
        rng = np.random.default_rng(given.seed)
        chosen = rng.choice(len(texts), min(given.texts, len(texts)), replace=False)
        found = pairs_by_distance([texts[text] for text in chosen], not given.unweighted)
        share = found.cumsum(axis=1)[:, DISTANCES] / np.maximum(found.sum(axis=1, keepdims=True), 1)
        if given.json:
            bands = {
                f"{low:.1f}": dict(zip(DISTANCES, row.tolist(), strict=True))
                for (low, _), row in zip(BANDS, share, strict=True)
            }
            print(
                json.dumps({"name": "near_duplicates", "file": path.parent.name, "texts": len(chosen), "share": bands})
            )
            continue
        print(f"\n{path.parent.name}/{path.name}, {len(chosen):,} texts; share of pairs within a distance (bits)\n")
        print("| Jaccard of the words | pairs | " + " | ".join(map(str, DISTANCES)) + " |")
        print("|---" * (len(DISTANCES) + 2) + "|")
        for (low, high), row, pairs in zip(BANDS, share, found.sum(axis=1), strict=True):
            print(
                f"| {low:.1f} to {min(high, 1):.1f} | {pairs:,} | " + " | ".join(f"{value:.2g}" for value in row) + " |"
            )


if __name__ == "__main__":
    main()
