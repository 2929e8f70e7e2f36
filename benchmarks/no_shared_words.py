"""Is a text found by its meaning, where it has no word of the query? By words alone it cannot be.

    python benchmarks/no_shared_words.py --data DATA [--quick]

Of the judged queries of scifact, npl and AskUbuntu those count that have a relevant document without any content word
of theirs (words of three letters or more that are no English stop words, cut to their first five letters, so that
forms of a word are one), and of their relevant documents only such. BM25 finds none of them for a word that counts;
what it still finds, it finds by stop words of other lists. Likewise learns from the documents alone. Beside it LSA
with 256 dimensions on the same documents, and all-MiniLM-L6-v2, which a billion pairs have taught. Recall among the
first 100, and the mean reciprocal rank among them. Intervals are of a bootstrap over the queries; no label chooses
anything.
"""

import re
from dataclasses import replace
from typing import Any

import numpy as np
from comparison import interval
from record import arguments, be_quiet, record
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS
from yardstick import Judge, Retrieval, bm25, lsa, model_folder, read_retrieval, some_queries, trained

import likewise

DATA_SETS = ("scifact", "npl", "askubuntu_dups")
FIRST = 100
STEM, SHORTEST = 5, 3  # letters


def content_words(text: str) -> set[str]:
    """Stems of the words that say something."""
    words = re.findall(r"[^\W_]+", text.lower())
    return {word[:STEM] for word in words if len(word) >= SHORTEST and word not in ENGLISH_STOP_WORDS}


def without_shared_words(data: Retrieval) -> Retrieval:
    """The queries and relevant documents that have no content word in common."""
    texts = dict(zip(data.ids, map(content_words, data.texts), strict=True))
    judged = {}
    for query, text in data.queries.items():
        words = content_words(text)
        far = {id: grade for id, grade in data.judged[query].items() if id in texts and not words & texts[id]}
        if words and far:
            judged[query] = far
    return replace(data, queries={query: data.queries[query] for query in judged}, judged=judged)


def ranks(judge: Judge, scores: np.ndarray) -> np.ndarray:
    """Of each query the reciprocal rank of its first relevant document and the recall, among the first 100."""
    data, scores = judge.data, judge.others_only(scores)
    places = {id: place for place, id in enumerate(data.ids)}
    found = []
    for row, query in enumerate(data.queries):
        order = np.argsort(-scores[row], kind="stable")[:FIRST]
        wanted = np.array([places[id] for id in data.judged[query]])
        hits = np.flatnonzero(np.isin(order, wanted) & (scores[row][order] > 0))
        found.append((1 / (1 + hits[0]) if len(hits) else 0.0, len(hits) / min(FIRST, len(wanted))))
    return np.array(found)


def measure(data: Retrieval, seeds: int) -> dict[str, Any]:
    """All ways of one data set."""
    judge, queries = Judge(data), [*data.queries.values()]
    encoder = likewise.load(model_folder())
    several: dict[str, list[np.ndarray]] = {
        "BM25 (bm25s)": [ranks(judge, bm25(data))],
        "all-MiniLM-L6-v2": [ranks(judge, encoder.encode(queries) @ encoder.encode(data.texts).T)],
    }
    for seed in range(seeds):
        several.setdefault("LSA 256", []).append(ranks(judge, lsa(data, seed)))
        model = trained(data.texts, seed=seed)
        scores = model.encode_query(queries) @ model.encode_document(data.texts).T
        several.setdefault("likewise, from scratch", []).append(ranks(judge, scores))
    means = {name: np.mean(runs, axis=0) for name, runs in several.items()}
    numbers: dict[str, Any] = {
        name: {"MRR@100": interval(each[:, 0]), "recall@100": interval(each[:, 1])} for name, each in means.items()
    }
    numbers["difference"] = {
        f"likewise - {other}": interval(means["likewise, from scratch"][:, 1] - means[other][:, 1])
        for other in means if other != "likewise, from scratch"
    }  # fmt: skip
    return numbers


def main() -> None:
    """Judge every data set and record what came out."""
    given = arguments(__doc__, quick="npl, one seed", seeds=3).parse_args()
    be_quiet()
    for name in DATA_SETS[1:2] if given.quick else DATA_SETS:
        data = some_queries(without_shared_words(read_retrieval(given.data / name)))
        print(f"\n{name}: {len(data.queries):,} queries", flush=True)
        numbers = measure(data, 1 if given.quick else given.seeds)
        for way, found in numbers.items():
            print(f"  {way:26}", {key: round(value["mean"], 4) for key, value in found.items()}, flush=True)
        if not given.quick:
            record("no_shared_words", data.configuration, numbers, given.seeds)


if __name__ == "__main__":
    main()
