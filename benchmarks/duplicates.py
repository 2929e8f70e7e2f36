"""How well duplicates are separated from other pairs without labels, and how true the estimated precision is.

    python benchmarks/duplicates.py --data DATA [--seeds 1] [--minilm] [--adapted] [FOLDER ...]

Data sets are quora_pairs, askubuntu_dups and abt_buy. `likewise.train` gets their texts without labels, with its
defaults; the score of a pair is the semantic similarity of `likewise.duplicates`. It is compared with the cosine of the
same vectors, as SemHash has it, the MinHash of words of datasketch, with 128 permutations, and the cosine of TF-IDF;
with `--minilm` also with that of all-MiniLM-L6-v2, alone and with the static encoder as its companion, and with
`--adapted` with that of all-MiniLM-L6-v2 adapted to the texts by `likewise.train`. The measure is average precision on
the test pairs. Then all texts are searched for duplicates, and of the labelled pairs found the share that people called
duplicates is recorded, at several precisions. How texts are perturbed for the calibration was settled with the labels
of Quora in view; the weights of rare words, similar words and numbers with those of all three, test pairs among them.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from comparison import over
from datasketch import MinHash
from record import arguments, record
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import average_precision_score
from yardstick import MINILM, lines, model_folder, rows, table, trained

import likewise
from likewise.applications.duplicates.similarity import compare
from likewise.model.transformer import Companion, TransformerModel

DATA_SETS = ("quora_pairs", "askubuntu_dups", "abt_buy")
PRECISIONS = (0.99, 0.95, 0.9, 0.8)
PERMUTATIONS = 128
MOST_PAIRS = 6_000
Pairs = list[tuple[str, str, bool]]


def unlabelled(data: Path, name: str) -> list[str]:
    """The texts of a data set, each once."""
    if name == "abt_buy":
        tables = (rows(data / name / f"table{side}.jsonl") for side in "AB")
        both = (filter(None, (row["title"], row["text"])) for side in tables for row in side)
        return list(dict.fromkeys(" . ".join(parts) for parts in both))
    return lines(data / name / "text.txt")


def labelled(data: Path, name: str, split: str | None) -> Pairs:
    """The pairs of a split, or all."""
    found = (row for row in table(data / name / "pairs.tsv") if split in (None, row["split"]))
    return [(row["text1"], row["text2"], row["label"] == "1") for row in found]


def minhashes(texts: Sequence[str]) -> list[MinHash]:
    """Of the words of each text."""
    return MinHash.bulk(
        [[word.encode() for word in set(text.lower().split())] for text in texts], num_perm=PERMUTATIONS
    )


def peers(first: list[str], second: list[str], model: Any) -> dict[str, np.ndarray]:
    """The score of each pair by what the peers compare."""
    weighting = TfidfVectorizer().fit([*first, *second])
    one, other = weighting.transform(first), weighting.transform(second)
    sketches = zip(minhashes(first), minhashes(second), strict=True)
    return {
        "cosine of the same encoder": cosines(model.encode(first), model.encode(second)),
        "minhash of words": np.array([a.jaccard(b) for a, b in sketches]),
        "tf-idf": np.asarray(one.multiply(other).sum(axis=1)).ravel(),
    }


def cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of each pair of unit rows."""
    return np.einsum("pd,pd->p", one, other)


def precision_reached(texts: list[str], model: Any, known: Pairs) -> dict[str, Any]:
    """The share of the labelled pairs found that people called duplicates, at each estimated precision."""
    labels = {frozenset((one, other)): same for one, other, same in known}
    found = likewise.duplicates(texts, model)
    numbers: dict[str, Any] = {}
    for precision in PRECISIONS:
        pairs = found.rethreshold(precision).pairs
        both = zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)
        known_labels = [
            label for one, other in both if (label := labels.get(frozenset((texts[one], texts[other])))) is not None
        ]
        share = float(np.mean(known_labels)) if known_labels else None
        numbers[f"{precision:g}"] = {"pairs": len(pairs), "with a label": len(known_labels), "called duplicates": share}
    return numbers


def main() -> None:
    """Train, score and search each data set."""
    parser = arguments(__doc__, seeds=1)
    parser.add_argument("folders", nargs="*", default=DATA_SETS)
    parser.add_argument("--minilm", action="store_true", help="all-MiniLM-L6-v2 too, which takes minutes")
    parser.add_argument("--adapted", action="store_true", help="and adapted, which takes more")
    parser.add_argument("--models", type=Path, help="a folder to keep models in, and to take them from")
    chosen = parser.parse_args()
    place = chosen.models or Path(tempfile.mkdtemp())
    for name in chosen.folders:
        texts, test = unlabelled(chosen.data, name), labelled(chosen.data, name, "test")[:MOST_PAIRS]
        first, second = [pair[0] for pair in test], [pair[1] for pair in test]
        same = np.array([pair[2] for pair in test])
        scores: dict[str, list[float]] = {}
        for seed in range(chosen.seeds):
            model = trained(texts, place / f"{name}-{seed}.model", seed=seed)
            scores_of_pairs = {"duplicates": compare(first, second, model).semantic, **peers(first, second, model)}
            if chosen.minilm:
                large = TransformerModel.load(model_folder())
                scores_of_pairs["minilm"] = cosines(large.encode(first), large.encode(second))
                large.companion = Companion(model, 1.0)
                scores_of_pairs["minilm and the static encoder"] = compare(first, second, large).semantic
            if chosen.adapted:
                adapted = likewise.train(texts, encoder=MINILM, seed=seed, progress=False)
                scores_of_pairs["minilm, adapted"] = cosines(adapted.encode(first), adapted.encode(second))
                scores_of_pairs["minilm, adapted, and its static encoder"] = compare(first, second, adapted).semantic
            for what, values in scores_of_pairs.items():
                scores.setdefault(what, []).append(float(average_precision_score(same, values)))
        means = {what: over(values) for what, values in scores.items()}
        reached = precision_reached(texts, model, labelled(chosen.data, name, None))
        settings = {"data": name, "texts": len(texts), "test_pairs": len(test), "duplicates": int(same.sum())}
        numbers = {"average_precision": means, "precision_reached": reached}
        record("duplicates", settings, numbers, seed=chosen.seeds - 1)
        print(name, numbers, flush=True)


if __name__ == "__main__":
    main()
