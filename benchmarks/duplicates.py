"""How well duplicates are separated from other pairs without labels, and how true the estimated precision is.

    python benchmarks/duplicates.py --data DATA [--seeds 3] [--minilm] [--adapted] [FOLDER ...]

Of quora_pairs, askubuntu_dups, abt_buy and stsb people labelled pairs; of STS-B those of 4 and more of 5 are the same.
Of loghub_hadoop (log lines of one event), tickets_de (tickets of one queue) and flickr8k_captions (captions of one
picture) half of the pairs have one label, and the others are drawn among those that have two. `likewise.train` gets the
texts without labels, with its defaults; the score of a pair is `likewise.duplicate_probability`. Peers are the cosine
of the same vectors, as SemHash has it, the MinHash of words of datasketch, with 128 permutations, the cosines of TF-IDF
of words and of runs of two to five characters, and sums of these; with `--minilm` also the cosine of all-MiniLM-L6-v2,
alone and with the static encoder as its companion, and with `--adapted` that of all-MiniLM-L6-v2 adapted to the texts
by `likewise.train`. The measure is average precision. Then all texts are searched for duplicates, and of the labelled
pairs found the share that people called duplicates is recorded, at several precisions. Which evidence there is was
settled with the labels of these sets in view, what it weighs was not.
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
from likewise.applications.duplicates.decisions import Decision
from likewise.applications.duplicates.pairs import DECIDED
from likewise.applications.duplicates.result import Duplicates
from likewise.model.transformer import Companion, TransformerModel

PAIRED = ("quora_pairs", "askubuntu_dups", "abt_buy", "stsb")
GROUPED = ("loghub_hadoop", "tickets_de", "flickr8k_captions")
SAME = 4.0  # of a similarity from 0 to 5
MOST_TEXTS = 12_000
PRECISIONS = (0.99, 0.95, 0.9, 0.8)
PERMUTATIONS = 128
MOST_PAIRS = 4_000
ANSWERS, FEWEST = 30, 20  # labelled pairs whose share is worth recording
Pairs = list[tuple[str, str, bool]]


def paired(data: Path, name: str) -> tuple[list[str], Pairs, Pairs]:
    """The texts of a data set, each once, its test pairs, and all labelled ones."""
    found = list(table(data / name / "pairs.tsv"))

    def pairs_of(some: list[dict[str, str]]) -> Pairs:
        return [
            (row["text1"], row["text2"], row["label"] == "1" if "label" in row else float(row["score"]) >= SAME)
            for row in some
        ]

    every, test = pairs_of(found), pairs_of([row for row in found if row["split"] == "test"])
    if name == "abt_buy":
        tables = (rows(data / name / f"table{side}.jsonl") for side in "AB")
        both = (filter(None, (row["title"], row["text"])) for side in tables for row in side)
        texts = [" . ".join(parts) for parts in both]
    elif name == "stsb":
        texts = [text for pair in every for text in pair[:2]]
    else:
        texts = lines(data / name / "text.txt")
    return list(dict.fromkeys(texts)), test[:MOST_PAIRS], every


def grouped(data: Path, name: str) -> tuple[list[str], Pairs, Pairs]:
    """The texts of a data set, each once, and pairs of one label and of two."""
    if name == "flickr8k_captions":
        captions = list(table(data / name / "captions.tsv"))
        picture, *_, caption = captions[0]
        labels = {row[caption]: row[picture].split("#")[0] for row in reversed(captions[: MOST_TEXTS + 500])}
    else:
        labels = {row["text"]: row["label"] for row in reversed(list(rows(data / name / "data.jsonl")))}
    texts = list(labels)[:MOST_TEXTS]
    rng, of = np.random.default_rng(0), np.array([labels[text] for text in texts])
    same: Pairs = []
    other: Pairs = []
    for row in rng.permutation(len(texts)).tolist()[: MOST_PAIRS // 2]:
        partners, others = np.flatnonzero(of == of[row]), np.flatnonzero(of != of[row])
        if len(partners := partners[partners != row]):
            same.append((texts[row], texts[int(rng.choice(partners))], True))
            other.append((texts[row], texts[int(rng.choice(others))], False))
    return texts, same + other, []


def minhashes(texts: Sequence[str]) -> list[MinHash]:
    """Of the words of each text."""
    return MinHash.bulk(
        [[word.encode() for word in set(text.lower().split())] for text in texts], num_perm=PERMUTATIONS
    )


def peers(first: list[str], second: list[str], model: Any) -> dict[str, np.ndarray]:
    """The score of each pair by what the peers compare."""
    cosine = cosines(model.encode(first), model.encode(second))
    words = tf_idf(first, second, sublinear_tf=True)
    characters = tf_idf(first, second, analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    sketches = zip(minhashes(first), minhashes(second), strict=True)
    return {
        "cosine of the same encoder": cosine,
        "minhash of words": np.array([a.jaccard(b) for a, b in sketches]),
        "tf-idf": words,
        "tf-idf of characters": characters,
        "cosine + characters": cosine + characters,
        "cosine + words + characters": cosine + words + characters,
    }


def tf_idf(first: list[str], second: list[str], **how: Any) -> np.ndarray:
    """The cosine of the TF-IDF of each pair."""
    weighting = TfidfVectorizer(**how).fit([*first, *second])
    one, other = weighting.transform(first), weighting.transform(second)
    return np.asarray(one.multiply(other).sum(axis=1)).ravel()


def cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of each pair of unit rows."""
    return np.einsum("pd,pd->p", one, other)


def precision_reached(texts: list[str], model: Any, known: Pairs, seeds: int) -> dict[str, Any]:
    """The share of the labelled pairs found that people called duplicates, at each precision asked for.

    Before any answer, and after thirty, which the labels give; pairs without a label are skipped.
    """
    labels = {frozenset((one, other)): same for one, other, same in known}
    found = likewise.duplicates(texts, model)
    numbers: dict[str, Any] = {}
    for precision in PRECISIONS:
        at = found.rethreshold(precision)
        numbers[f"{precision:g}"] = {"pairs": len(at.pairs), **called_duplicates(at, labels)}
        after = [called_duplicates(answered(at, labels, seed), labels) for seed in range(seeds)]
        shares = [each["called duplicates"] for each in after if each["with a label"] >= FEWEST]
        numbers[f"{precision:g}"]["after 30 answers"] = {
            "found in": len(shares) / seeds,
            "called duplicates": over(shares) if shares else None,
            "with a label": float(np.mean([each["with a label"] for each in after])),
            "mean distance": float(np.mean(np.abs(np.array(shares) - precision))) if shares else None,
            "interval holds": float(np.mean([each["holds"] for each in after])),
        }
    return numbers


def called_duplicates(found: Duplicates, labels: dict[frozenset[str], bool]) -> dict[str, Any]:
    """How many of the pairs found have a label, and which share of these people called duplicates; without answers."""
    pairs = found.pairs.take(np.flatnonzero(found.pairs.reason != DECIDED))
    of_pairs = zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)
    texts = found.texts.to_pylist()
    known = [
        label for one, other in of_pairs if (label := labels.get(frozenset((texts[one], texts[other])))) is not None
    ]
    share, interval = float(np.mean(known)) if known else None, found.interval
    holds = share is None or interval is None or interval[0] <= share <= interval[1]
    return {"with a label": len(known), "called duplicates": share, "holds": holds}


def answered(found: Duplicates, labels: dict[frozenset[str], bool], seed: int) -> Duplicates:
    """The same after thirty answers by the labels."""
    rng, skipped, made = np.random.default_rng(seed), set[tuple[int, int]](), list[Decision]()
    while len(made) < ANSWERS and (pair := found.question(rng, skipped)) is not None:
        texts = found.texts[pair[0]].as_py(), found.texts[pair[1]].as_py()
        if (label := labels.get(frozenset(texts))) is None:
            skipped.add(pair)
        else:
            made.append(Decision((found.ids[pair[0]], found.ids[pair[1]]), texts, label))
            found = found.with_decisions(made)
    return found


def main() -> None:
    """Train, score and search each data set."""
    parser = arguments(__doc__, seeds=3)
    parser.add_argument("folders", nargs="*", default=[*PAIRED, *GROUPED])
    parser.add_argument("--minilm", action="store_true", help="all-MiniLM-L6-v2 too, which takes minutes")
    parser.add_argument("--adapted", action="store_true", help="and adapted, which takes more")
    parser.add_argument("--models", type=Path, help="a folder to keep models in, and to take them from")
    chosen = parser.parse_args()
    place = chosen.models or Path(tempfile.mkdtemp())
    for name in chosen.folders:
        texts, test, known = (paired if name in PAIRED else grouped)(chosen.data, name)
        first, second = [pair[0] for pair in test], [pair[1] for pair in test]
        same = np.array([pair[2] for pair in test])
        scores: dict[str, list[float]] = {}
        for seed in range(chosen.seeds):
            model = trained(texts, place / f"{name}-{seed}.model", seed=seed)
            scores_of_pairs = {
                "duplicates": likewise.duplicate_probability(first, second, model, seed=seed),
                **peers(first, second, model),
            }
            if chosen.minilm:
                large = TransformerModel.load(model_folder())
                scores_of_pairs["minilm"] = cosines(large.encode(first), large.encode(second))
                large.companion = Companion(model, 1.0)
                scores_of_pairs["minilm and the static encoder"] = likewise.duplicate_probability(first, second, large)
            if chosen.adapted:
                adapted = likewise.train(texts, encoder=MINILM, steps=60, seed=seed, progress=False)
                scores_of_pairs["minilm, adapted"] = cosines(adapted.encode(first), adapted.encode(second))
                scores_of_pairs["minilm, adapted, and its static encoder"] = likewise.duplicate_probability(
                    first, second, adapted
                )
            for what, values in scores_of_pairs.items():
                scores.setdefault(what, []).append(float(average_precision_score(same, values)))
        means = {what: over(values) for what, values in scores.items()}
        settings = {"data": name, "texts": len(texts), "test_pairs": len(test), "duplicates": int(same.sum())}
        numbers: dict[str, Any] = {"average_precision": means}
        if known:
            numbers["precision_reached"] = precision_reached(texts, model, known, 10 * chosen.seeds)
        record("duplicates", settings, numbers, seed=chosen.seeds - 1)
        print(name, numbers, flush=True)


if __name__ == "__main__":
    main()
