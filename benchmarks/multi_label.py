"""Several labels a text: the genres of a film from what it is about.

    python benchmarks/multi_label.py --data DATA [--cache FOLDER] [--seeds 3]

`likewise.Classifier` with a static model of the descriptions of all films but the judged ones, without their genres,
fitted on 200 and 1,000 labelled films; also with the names of the genres as `descriptions`, and on 200 with 100 more
that `select_for_labelling` selects among 2,000, or that are drawn at random. Peers of scikit-learn: TF-IDF of words and
word pairs with OneVsRestClassifier(LogisticRegression(C=10)); the same with balanced class weights; and with the
threshold of each label tuned for F1 by cross-validation (TunedThresholdClassifierCV in MultiOutputClassifier). Judged
on 2,000 films drawn once. Last, the seconds of one core that a fit on 5,000 films takes.
"""

import time
from pathlib import Path
from typing import Any

import numpy as np
from comparison import over
from record import arguments, be_quiet, record
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.preprocessing import MultiLabelBinarizer
from yardstick import rows, trained

import likewise

TESTED, LABELLED, POOL, MORE, MANY = 2_000, (200, 1_000), 2_000, 100, 5_000
BINS = 10


def films(data: Path) -> tuple[list[str], list[list[str]]]:
    """Descriptions and genres, in an order that is drawn once; the first are judged."""
    found = [row for row in rows(data / "tmdb_movies/items.jsonl") if row["text"].strip()]
    order = np.random.default_rng(0).permutation(len(found))
    return [found[row]["text"] for row in order], [found[row]["genres"] for row in order]


def scores(predicted: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Metrics of labels as columns of zeros and ones."""
    return {
        "micro F1": float(f1_score(truth, predicted, average="micro", zero_division=0.0)),
        "macro F1": float(f1_score(truth, predicted, average="macro", zero_division=0.0)),
        "exact match": float((predicted == truth).all(axis=1).mean()),
        "labels a text": float(predicted.sum(axis=1).mean()),
    }


def calibration_error(likely: np.ndarray, truth: np.ndarray) -> float:
    """Expected calibration error of the probabilities of all labels."""
    bins = np.minimum((likely * BINS).astype(int), BINS - 1)
    return float(sum(abs((likely - truth)[bins == each].sum()) for each in range(BINS)) / likely.size)


def peers(texts: list[str], truth: np.ndarray, queries: list[str]) -> dict[str, np.ndarray]:
    """What scikit-learn predicts, by the name of the way."""
    vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2))
    learned, judged = vectorizer.fit_transform(texts), vectorizer.transform(queries)
    plain = LogisticRegression(C=10, max_iter=1_000)
    ways = {
        "TF-IDF, one-vs-rest": plain,
        "TF-IDF, one-vs-rest, balanced": LogisticRegression(C=10, max_iter=1_000, class_weight="balanced"),
        "TF-IDF, one-vs-rest, tuned thresholds": TunedThresholdClassifierCV(plain, scoring="f1", cv=StratifiedKFold(5)),
    }
    enough = truth.sum(axis=0) >= 5  # texts in as many folds
    found = {}
    for name, way in ways.items():
        found[name] = np.zeros((len(queries), truth.shape[1]), int)
        several = MultiOutputClassifier(way) if "tuned" in name else OneVsRestClassifier(way)
        found[name][:, enough] = several.fit(learned, truth[:, enough]).predict(judged)
    always = np.zeros((len(queries), truth.shape[1]), int)
    always[:, np.argsort(-truth.sum(axis=0))[: round(truth.sum(axis=1).mean())]] = 1
    return {"always the most frequent": always, **found}


def measure(texts: list[str], genres: list[list[str]], model: Any, seed: int) -> dict[str, dict[str, float]]:
    """All ways of one draw."""
    binarizer = MultiLabelBinarizer().fit(genres)
    queries, truth = texts[:TESTED], binarizer.transform(genres[:TESTED])
    names = {str(name): str(name) for name in binarizer.classes_}
    order = TESTED + np.random.default_rng([seed, 17]).permutation(len(texts) - TESTED)
    found: dict[str, dict[str, float]] = {}

    def fitted(taken: np.ndarray, name: str, **more: Any) -> likewise.Classifier:
        classifier = likewise.Classifier(model, seed=seed)
        classifier.fit([texts[row] for row in taken], [genres[row] for row in taken], **more)
        likely = np.zeros(truth.shape)
        likely[:, np.isin(binarizer.classes_, classifier.classes_)] = classifier.predict_proba(queries)
        found[name] = scores(binarizer.transform(classifier.predict(queries)), truth)
        found[name]["calibration error"] = calibration_error(likely, truth)
        if classifier.estimate_ is not None:
            found[name]["estimated micro F1"] = classifier.estimate_.scores.micro_f1
            found[name]["estimated macro F1"] = classifier.estimate_.scores.macro_f1
        return classifier

    for count in LABELLED:
        taken = order[:count]
        learned = [texts[row] for row in taken]
        for name, predicted in peers(learned, binarizer.transform([genres[row] for row in taken]), queries).items():
            found[f"{name}, {count}"] = scores(predicted, truth)
        first = fitted(taken, f"likewise, {count}")
        fitted(taken, f"likewise, names, {count}", descriptions=names)
        if count == LABELLED[0]:
            pool = order[count : count + POOL]
            chosen = pool[first.select_for_labelling([texts[row] for row in pool], MORE)]
            fitted(np.concatenate([taken, chosen]), f"likewise, {count} and {MORE} selected")
            fitted(order[: count + MORE], f"likewise, {count} and {MORE} at random")
    return found


def main() -> None:
    parser = arguments(__doc__, seeds=3)
    parser.add_argument("--cache", type=Path, help="folder for the model")
    given = parser.parse_args()
    be_quiet()
    texts, genres = films(given.data)
    model = trained(texts[TESTED:], given.cache and given.cache / "films.model")
    each: dict[str, dict[str, list[float]]] = {}
    for seed in range(given.seeds):
        for name, values in measure(texts, genres, model, seed).items():
            for metric, value in values.items():
                each.setdefault(name, {}).setdefault(metric, []).append(value)
            print(seed, f"{name:48}", {metric: round(value, 3) for metric, value in values.items()}, flush=True)
    started = time.process_time()
    many = slice(TESTED, TESTED + MANY)
    likewise.Classifier(model).fit(texts[many], genres[many])
    numbers: dict[str, Any] = {name: {m: over(v) for m, v in row.items()} for name, row in each.items()}
    numbers["seconds"] = time.process_time() - started
    print(f"{MANY:,} texts: {numbers['seconds']:.0f} s of one core", flush=True)
    configuration = {
        "data": "tmdb_movies",
        "test": TESTED,
        "labels": len({g for row in genres for g in row}),
        "many": MANY,
    }
    record("multi_label", configuration, numbers, given.seeds)


if __name__ == "__main__":
    main()
