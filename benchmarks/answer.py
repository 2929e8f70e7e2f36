"""How often is the right paragraph found, does the sentence hold the answer, and is it known when there is none?

    python benchmarks/answer.py --data DATA [--quick]

Questions of SQuAD: on the 240 paragraphs of XQuAD (English), where Likewise learns from these paragraphs alone, and on
the 13,447 sentences of `squad_sentences`, of which each is the answer to some of the questions (1,500 drawn once).
Beside it BM25 (bm25s, English stop words), and all-MiniLM-L6-v2 untouched. "Sentence" is the share of all questions
whose chosen sentence is of the right paragraph and holds the answer; BM25 and MiniLM take the best sentence of their
best paragraph. "No answer" is told apart by asking every question again with its paragraph left out: the area under
the ROC curve of the score, and what comes of `confidence=0.9`: how many answerable questions are answered, and how many
of the others. No label chooses anything. Intervals are of a bootstrap over the questions.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from comparison import interval, over
from record import arguments, be_quiet, record
from sklearn.metrics import roc_auc_score
from yardstick import MINILM, Judge, Retrieval, bm25, joined, model_folder, read_retrieval, rows, some_queries, trained

import likewise
from likewise.applications.answer import Answerer
from likewise.applications.sentences import sentences

QUESTIONS = 1_500
PASSAGES = 5


@contextmanager
def opened(model: likewise.Model, data: Retrieval) -> Iterator[likewise.Collection]:
    """An index of the documents."""
    with tempfile.TemporaryDirectory() as place, likewise.Collection.create(Path(place) / "a.index", model) as index:
        index.add(data.texts, ids=data.ids)
        yield index


def paragraphs(data: Retrieval, answers: dict[str, str], seed: int) -> dict[str, np.ndarray]:
    """Of each question whether the paragraph and the sentence are right, and the scores with and without it."""
    gold = [next(iter(data.judged[query])) for query in data.queries]
    questions, gold_answers = [*data.queries.values()], [answers[query] for query in data.queries]
    model = trained(data.texts, seed=seed)
    with opened(model, data) as index:
        hits = index.search_many(questions, k=PASSAGES)
        answerer = Answerer(index, passages=PASSAGES)
        replies = [answerer.answer(question) for question in questions]
        without = []
        for question, own in zip(questions, gold, strict=True):
            evidence = answerer.answer(question, {"id": ("!=", own)})
            without.append((evidence.evidence[0].score if evidence.evidence else 0.0, evidence.found))
    best = [reply.evidence[0] for reply in replies]
    return {
        "recall@1": np.array([some[0].id == own for some, own in zip(hits, gold, strict=True)]),
        "recall@5": np.array([own in [hit.id for hit in some] for some, own in zip(hits, gold, strict=True)]),
        "sentence": np.array(
            [
                one.hit.id == own and answer in one.sentence
                for one, own, answer in zip(best, gold, gold_answers, strict=True)
            ]
        ),
        "score": np.array([one.score for one in best]),
        "score without": np.array([score for score, _ in without]),
        "answered": np.array([reply.found for reply in replies]),
        "answered without": np.array([answered for _, answered in without]),
    }


def peers(data: Retrieval, answers: dict[str, str]) -> dict[str, dict[str, np.ndarray]]:
    """The same of BM25 and MiniLM: the best paragraph, and its best sentence."""
    gold = [next(iter(data.judged[query])) for query in data.queries]
    questions, gold_answers = [*data.queries.values()], [answers[query] for query in data.queries]
    parts = [[one.text for one in sentences(text)] for text in data.texts]
    every = [one for some in parts for one in some]
    firsts = np.cumsum([0, *map(len, parts)])
    encoder = likewise.load(model_folder())
    vectors = encoder.encode(questions)
    whole, single = (
        {"BM25 (bm25s)": bm25(some), "all-MiniLM-L6-v2": vectors @ encoder.encode(some.texts).T}
        for some in (data, replace(data, ids=every, texts=every))
    )
    found: dict[str, dict[str, np.ndarray]] = {}
    for name, scores in whole.items():
        order = np.argsort(-scores, axis=1, kind="stable")[:, :PASSAGES]
        right, highest = [], []
        for row, (own, answer) in enumerate(zip(gold, gold_answers, strict=True)):
            first, last = firsts[order[row, 0]], firsts[order[row, 0] + 1]
            place = first + int(single[name][row, first:last].argmax())
            right.append(data.ids[order[row, 0]] == own and answer in every[place])
            highest.append(single[name][row, first:last].max())
        places = np.array([data.ids.index(own) for own in gold])
        rest = np.where(np.arange(len(data.ids)) == places[:, None], -np.inf, scores).argmax(axis=1)
        others = [single[name][row, firsts[at] : firsts[at + 1]].max() for row, at in enumerate(rest)]
        found[name] = {
            "recall@1": order[:, 0] == places, "recall@5": (order == places[:, None]).any(axis=1),
            "sentence": np.array(right), "score": np.array(highest), "score without": np.array(others),
        }  # fmt: skip
    return found


def summary(found: dict[str, dict[str, np.ndarray]]) -> dict[str, Any]:
    """Figures with intervals."""
    numbers: dict[str, Any] = {}
    for name, each in found.items():
        figures = {key: interval(each[key]) for key in ("recall@1", "recall@5", "sentence")}
        labels = np.repeat([1, 0], [len(each["score"]), len(each["score without"])])
        scores = np.concatenate([each["score"], each["score without"]])
        figures["no answer, area under the curve"] = float(roc_auc_score(labels, scores))
        for key, words in (("answered", "answered, where there is one"), ("answered without", "where there is none")):
            if key in each:
                figures[words] = interval(each[key])
        numbers[name] = figures
    for other in ("BM25 (bm25s)", "all-MiniLM-L6-v2"):
        if "likewise" in found and other in found:
            numbers[f"likewise - {other}"] = {
                key: interval(found["likewise"][key].astype(float) - found[other][key].astype(float))
                for key in ("recall@1", "recall@5", "sentence")
            }
    return numbers


def single_sentences(data: Retrieval, seeds: int, *, adapted: bool) -> dict[str, Any]:
    """MRR@10 of the sentence that answers."""
    judge, queries = Judge(data), [*data.queries.values()]
    words = bm25(data)
    encoder = likewise.load(model_folder())
    cosines = encoder.encode(queries) @ encoder.encode(data.texts).T
    each = {"BM25 (bm25s)": judge.scored(words.copy()), "all-MiniLM-L6-v2": judge.scored(cosines.copy())}
    each["all-MiniLM-L6-v2 + BM25"] = judge.scored(joined(cosines, words))
    several: dict[str, list[np.ndarray]] = {}
    for seed in range(seeds):
        models = {"likewise": trained(data.texts, seed=seed)}
        if adapted:
            models["likewise, adapted MiniLM"] = likewise.train(data.texts, encoder=MINILM, seed=seed, progress=False)
        for name, model in models.items():
            with opened(model, data) as index:
                for mode in ("vector", "hybrid"):
                    hits = index.search_many(queries, k=10, mode=mode)
                    got = judge.found([[hit.id for hit in some] for some in hits])
                    several.setdefault(f"{name}, {mode}", []).append(got)
    numbers: dict[str, Any] = {name: interval(values) for name, values in each.items()}
    numbers |= {name: over([float(one.mean()) for one in runs]) for name, runs in several.items()}
    means = {name: np.mean(runs, axis=0) for name, runs in several.items()} | each
    pairs = [("likewise, hybrid", "BM25 (bm25s)"), ("likewise, adapted MiniLM, vector", "all-MiniLM-L6-v2")]
    pairs += [("likewise, adapted MiniLM, hybrid", "all-MiniLM-L6-v2")]
    numbers["difference"] = {
        f"{one} - {other}": interval(means[one] - means[other]) for one, other in pairs if one in means
    }
    return numbers


def main() -> None:
    """Judge both sets and record them."""
    given = arguments(__doc__, quick="one seed, no transformer is adapted", seeds=3).parse_args()
    be_quiet()
    seeds = 1 if given.quick else given.seeds
    data = read_retrieval(given.data / "xquad_en")
    answers = {row["id"]: row["answers"][0] for row in rows(given.data / "xquad_en" / "queries.jsonl")}
    runs = [paragraphs(data, answers, seed) for seed in range(seeds)]
    mean = {key: np.mean([run[key] for run in runs], axis=0) for key in runs[0]}
    numbers = summary({"likewise": mean} | peers(data, answers))
    print(json.dumps(numbers, indent=1))
    if not given.quick:
        configuration = {"data": data.name, "paragraphs": len(data.ids), "questions": len(data.queries)}
        record("answer", configuration, numbers, seeds)
    data = some_queries(read_retrieval(given.data / "squad_sentences"), QUESTIONS)
    numbers = single_sentences(data, seeds, adapted=not given.quick)
    print(json.dumps(numbers, indent=1))
    if not given.quick:
        configuration = {"data": data.name, "sentences": len(data.ids), "questions": len(data.queries)}
        record("answer", configuration | {"measure": "MRR@10"}, numbers, seeds)


if __name__ == "__main__":
    main()
