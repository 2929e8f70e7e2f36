"""How many near-duplicates the SimHash of a corpus finds at each distance, and what else it takes for one.

    python benchmarks/near_duplicates.py --data DATA [--quick] [--texts 12000]

A near-duplicate here is a pair of texts whose sets of words have a Jaccard similarity of 0.8 or more. All pairs of a
sample are compared exactly; no labels are used. The corpora are questions (Quora), headlines (ABC) and sentences of
film reviews (IMDb).
"""

import argparse
from pathlib import Path

import numpy as np
from record import record
from scipy.sparse import csr_array
from texts import add_data, lines, sentences

from likewise.encoders.lsa import log_idf
from likewise.negatives.near_duplicates import signatures
from likewise.tokens.tokenizer import Tokenizer
from likewise.tokens.vocabulary import learn_reference, vocabulary_size
from likewise.views.words import find_words

DISTANCES = (0, 6, 8, 10, 12, 14, 16)
BANDS = ((0.8, 1.01), (0.6, 0.8), (0.4, 0.6), (0.2, 0.4), (0.0, 0.2))
ROWS = 500  # of the matrix of all pairs at a time
SENTENCES = 200_000


def read(data: Path) -> dict[str, list[str]]:
    """The corpora, each distinct text once."""
    found = {
        "Quora questions": lines(data / "quora_pairs/text.txt"),
        "ABC headlines": lines(data / "abc_headlines_20k/text.txt"),
        "IMDb sentences": sentences(data, SENTENCES),
    }
    return {name: list(dict.fromkeys(text for text in texts if text.strip())) for name, texts in found.items()}


def pairs_by_distance(texts: list[str], weighted: bool) -> np.ndarray:
    """How many pairs of texts have each Jaccard band and each distance: (bands, 65)."""
    tokenizer = Tokenizer(learn_reference([texts], vocabulary_size(len(texts))))
    ids = tokenizer.encode(texts)
    vocabulary = tokenizer.vocabulary
    text_of = np.repeat(np.arange(len(texts)), ids.lengths)
    texts_with = np.bincount(np.unique(np.stack([text_of, ids.ids]), axis=1)[1], minlength=len(vocabulary.subwords))
    weights = log_idf(texts_with, len(texts)) if weighted else np.ones(len(texts_with), np.float32)
    hashed = signatures(ids, weights, vocabulary.continues)
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
    """Compare the texts of each corpus and record what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(parser)
    parser.add_argument("--texts", type=int, default=12_000, help="texts of each corpus, drawn at random")
    parser.add_argument("--unweighted", action="store_true", help="let every word weigh the same; nothing recorded")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="2,000 texts of each corpus, nothing recorded")
    given = parser.parse_args()
    for name, texts in read(given.data).items():
        rng = np.random.default_rng(given.seed)
        chosen = rng.choice(len(texts), min(2_000 if given.quick else given.texts, len(texts)), replace=False)
        found = pairs_by_distance([texts[text] for text in chosen], not given.unweighted)
        shares = found.cumsum(axis=1)[:, DISTANCES] / np.maximum(found.sum(axis=1, keepdims=True), 1)
        numbers = {
            f"{low:.1f} to {min(high, 1):.1f}": {
                "pairs": int(pairs),
                "share": dict(zip(map(str, DISTANCES), row.tolist(), strict=True)),
            }
            for (low, high), row, pairs in zip(BANDS, shares, found.sum(axis=1), strict=True)
        }
        print(f"\n{name}, {len(chosen):,} texts: share of pairs within a distance in bits, by Jaccard similarity")
        for band, some in numbers.items():
            print(f"  {band} {some['pairs']:12,} ", *(f"{bits}: {share:.2g}" for bits, share in some["share"].items()))
        if not (given.quick or given.unweighted):
            record("near_duplicates", {"data": name, "texts": len(chosen)}, numbers, given.seed)


if __name__ == "__main__":
    main()
