"""How often is the right sentence found, how many questions are answered, and is the confidence right?

    python benchmarks/answer.py --data DATA [--quick] [--search]

Questions of XQuAD in six languages, CMRC 2018, PIAF, TQuAD, three Arabic sets and SQuAD's sentences, 600 of each drawn
once. Likewise learns from the paragraphs alone. On XQuAD in English it is beside BM25 (bm25s, English stop words) and
all-MiniLM-L6-v2, which take the best sentence of their best paragraph, and two models that were made from MiniLM:
adapted to the paragraphs, and distilled on them.

"Right sentence" is the share of all questions whose chosen sentence is of the right paragraph and holds the answer.
Every question is put again with its paragraphs left out, so that nothing answers it. "Answered" is the share of
questions that are answered where 5 % of those without an answer are; then both by the default threshold.
"Calibration error" is the distance between the confidence and the share of right answers, the mean over tenths of
confidence by their size. No label is used in a run; which evidence counts, and how questions are made, was settled with
the labels of these sets in view (docs/experiments.md). Intervals are of a bootstrap over the questions.

`--search` also searches single sentences of SQuAD by question, which takes an hour.
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

SETS = (
    "xquad_en", "xquad_de", "xquad_es", "xquad_hi", "xquad_tr", "xquad_zh", "cmrc2018", "piaf", "tquad", "arabic_qa",
    "squad_sentences",
)  # fmt: skip
QUESTIONS, SEARCHED = 600, 1_500
PASSAGES = 5  # in which BM25 and MiniLM look
FALSE = 0.05  # answers to questions without one
TENTHS = 10
Outcome = dict[str, np.ndarray]


@contextmanager
def opened(model: likewise.Model, data: Retrieval) -> Iterator[likewise.Collection]:
    """An index of the documents."""
    with tempfile.TemporaryDirectory() as place, likewise.Collection.create(Path(place) / "a.index", model) as index:
        index.add(data.texts, ids=data.ids)
        yield index


def outcome(model: Any, data: Retrieval, answers: dict[str, list[str]]) -> Outcome:
    """Of each question whether paragraph and sentence are right, the confidence, and that without its paragraphs."""
    found: dict[str, list[Any]] = {name: [] for name in ("recall@1", "right sentence", "confidence", "without")}
    with opened(model, data) as index:
        answerer = Answerer(index)
        for query, question in data.queries.items():
            own = set(data.judged[query])
            reply = answerer.answer(question)
            best = reply.evidence[0] if reply.evidence else None
            first = index.search(question, 1)
            found["recall@1"].append(bool(first) and first[0].id in own)
            right = best is not None and best.hit.id in own and any(each in best.sentence for each in answers[query])
            found["right sentence"].append(right)
            found["confidence"].append(reply.confidence)
            others = " and ".join(f"id != '{each}'" for each in sorted(own))
            found["without"].append(answerer.answer(question, others).confidence)
    return {name: np.array(values) for name, values in found.items()}


def peers(data: Retrieval, answers: dict[str, list[str]]) -> dict[str, Outcome]:
    """The same of BM25 and MiniLM: the best paragraph, and its best sentence, whose score is the confidence."""
    gold = [next(iter(data.judged[query])) for query in data.queries]
    questions, expected = [*data.queries.values()], [answers[query] for query in data.queries]
    parts = [[one.text for one in sentences(text)] for text in data.texts]
    every = [one for some in parts for one in some]
    firsts = np.cumsum([0, *map(len, parts)])
    encoder = likewise.load(model_folder())
    vectors = encoder.encode(questions)
    whole, single = (
        {"BM25 (bm25s)": bm25(some), "all-MiniLM-L6-v2": vectors @ encoder.encode(some.texts).T}
        for some in (data, replace(data, ids=every, texts=every))
    )
    found: dict[str, Outcome] = {}
    for name, scores in whole.items():
        order = np.argsort(-scores, axis=1, kind="stable")[:, :PASSAGES]
        right, highest = [], []
        for row, (own, some) in enumerate(zip(gold, expected, strict=True)):
            first, last = firsts[order[row, 0]], firsts[order[row, 0] + 1]
            place = first + int(single[name][row, first:last].argmax())
            right.append(data.ids[order[row, 0]] == own and any(each in every[place] for each in some))
            highest.append(single[name][row, first:last].max())
        places = np.array([data.ids.index(own) for own in gold])
        rest = np.where(np.arange(len(data.ids)) == places[:, None], -np.inf, scores).argmax(axis=1)
        others = [single[name][row, firsts[at] : firsts[at + 1]].max() for row, at in enumerate(rest)]
        found[name] = {
            "recall@1": order[:, 0] == places, "right sentence": np.array(right), "confidence": np.array(highest),
            "without": np.array(others),
        }  # fmt: skip
    return found


def answered(found: Outcome) -> float:
    """The share of questions that are answered where so few of those without an answer are."""
    return float(np.mean(found["confidence"] > np.quantile(found["without"], 1 - FALSE)))


def tenths(runs: list[Outcome]) -> list[dict[str, float]]:
    """Of each tenth of the confidence, over questions with an answer and without, the share of right ones."""
    stated = np.concatenate([np.concatenate([run["confidence"], run["without"]]) for run in runs])
    right = np.concatenate([np.concatenate([run["right sentence"], np.zeros(len(run["without"]))]) for run in runs])
    place = np.minimum((TENTHS * stated).astype(int), TENTHS - 1)
    return [
        {"stated": float(stated[place == tenth].mean()), "right": float(right[place == tenth].mean()),
         "answers": int(np.count_nonzero(place == tenth))}
        for tenth in range(TENTHS) if (place == tenth).any()
    ]  # fmt: skip


def figures(runs: list[Outcome], *, calibrated: bool) -> dict[str, Any]:
    """Figures of one system, the means of its seeds."""
    numbers: dict[str, Any] = {
        name: interval(np.mean([run[name] for run in runs], axis=0)) for name in ("recall@1", "right sentence")
    }
    labels = np.repeat([1, 0], [len(runs[0]["confidence"]), len(runs[0]["without"])])
    areas = [roc_auc_score(labels, np.concatenate([run["confidence"], run["without"]])) for run in runs]
    numbers["answered at 5 % false"] = over([answered(run) for run in runs])
    numbers["area under the curve"] = over([float(area) for area in areas])
    if calibrated:
        numbers["answered by default"] = over([float(np.mean(run["confidence"] >= 0.5)) for run in runs])
        numbers["false by default"] = over([float(np.mean(run["without"] >= 0.5)) for run in runs])
        errors = []
        for run in runs:
            found = tenths([run])
            weights = np.array([each["answers"] for each in found])
            errors.append(float(np.abs([each["stated"] - each["right"] for each in found]) @ weights / weights.sum()))
        numbers["calibration error"] = over(errors)
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
            models["likewise, adapted MiniLM"] = likewise.train(
                data.texts, encoder=MINILM, steps=60, seed=seed, progress=False
            )
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


def contestants(data: Retrieval, seeds: int, *, quick: bool) -> Iterator[tuple[str, list[Any]]]:
    """The models that answer, one a seed."""
    yield "likewise", [trained(data.texts, seed=seed) for seed in range(seeds)]
    if data.name == "xquad_en" and not quick:
        yield "likewise, adapted MiniLM", [likewise.train(data.texts, encoder=MINILM, steps=60, progress=False)]
        yield (
            "likewise, distilled MiniLM",
            [likewise.distill(model_folder(), data.texts, seed=seed, progress=False) for seed in range(seeds)],
        )


def main() -> None:
    """Judge all sets and record them."""
    parser = arguments(__doc__, quick="one seed, two sets, no model is made from MiniLM", seeds=3)
    parser.add_argument("--search", action="store_true", help="search single sentences too")
    given = parser.parse_args()
    be_quiet()
    seeds = 1 if given.quick else given.seeds
    every: list[Outcome] = []
    for name in SETS[:2] if given.quick else SETS:
        data = some_queries(read_retrieval(given.data / name), QUESTIONS)
        answers = {str(row["id"]): row.get("answers") or [""] for row in rows(given.data / name / "queries.jsonl")}
        numbers = {}
        for system, models in contestants(data, seeds, quick=given.quick):
            runs = [outcome(model, data, answers) for model in models]
            numbers[system] = figures(runs, calibrated=True)
            every += runs if system == "likewise" else []
        if name == "xquad_en":
            numbers |= {peer: figures([run], calibrated=False) for peer, run in peers(data, answers).items()}
        print(name, json.dumps(numbers, indent=1), flush=True)
        if not given.quick:
            record("answer", {"data": name, "questions": len(data.queries)}, numbers, seeds)
    print(json.dumps(tenths(every), indent=1), flush=True)
    if not given.quick:
        record("answer", {"data": "all sets"}, {"tenths of the confidence": tenths(every)}, seeds)
    if given.search:
        data = some_queries(read_retrieval(given.data / "squad_sentences"), SEARCHED)
        numbers = single_sentences(data, seeds, adapted=not given.quick)
        print(json.dumps(numbers, indent=1))
        if not given.quick:
            sizes = {"sentences": len(data.ids), "questions": len(data.queries)}
            configuration = {"data": f"{data.name}, searched"} | sizes
            record("answer", configuration | {"measure": "MRR@10"}, numbers, seeds)


if __name__ == "__main__":
    main()
