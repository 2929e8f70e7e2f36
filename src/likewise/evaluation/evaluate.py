"""Evaluate a model on labelled data, with the same baselines on the same data."""

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from likewise.errors import InputError
from likewise.evaluation.baselines import BM25, FUSION, NAMES, Comparison, parse_baselines
from likewise.evaluation.bootstrap import Estimate, Row, TaskResult
from likewise.evaluation.data import Data, Duplicates, Retrieval, Similarity
from likewise.evaluation.labelled import evaluate_classification, evaluate_clustering
from likewise.evaluation.loading import load_data, task_of
from likewise.evaluation.pairs import evaluate_duplicates, evaluate_similarity
from likewise.evaluation.retrieval import evaluate_retrieval
from likewise.evaluation.rows import ReadOptions
from likewise.model.load import load_embedder, name_of
from likewise.notebook import table
from likewise.training.progress import Messages

ON_ERROR = ("raise", "skip")


@dataclass(frozen=True)
class Evaluation:
    """A model and its baselines on one task.

    Attributes:
        task: retrieval, similarity, duplicates, classification or clustering.
        data: name of the data.
        metric: the main metric, the first of each row.
        rows: the model first, then its baselines.
        counts: sizes of the data, such as queries and documents.
        notes: what to know about the data when reading the metrics, one sentence each.
        seed: of all random numbers.
        resamples: number of bootstrap resamples.
        seconds: run time.
    """

    task: str
    data: str
    metric: str
    rows: tuple[Row, ...]
    counts: Mapping[str, int]
    notes: tuple[str, ...]
    seed: int
    resamples: int
    seconds: float

    @property
    def model(self) -> Row:
        """The row of the model."""
        return self.rows[0]

    def __getitem__(self, name: str) -> Row:
        """The row with that name.

        Raises:
            KeyError: there is none.
        """
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"no row {name!r}; there are {', '.join(repr(row.name) for row in self.rows)}")

    def _repr_html_(self) -> str:
        """Show itself in a notebook: the metrics of each row with their intervals."""
        metrics = list(self.model.metrics)
        rows = [
            (row.name, *(_with_interval(row.metrics.get(name)) for name in metrics),
             row.note or _with_interval(row.difference))
            for row in self.rows
        ]  # fmt: skip
        return table(f"{self.data}: {self.sizes}", {"task": self.task}, ("", *metrics, "difference"), rows)

    def as_dict(self) -> dict[str, Any]:
        """The result as plain values, as `likewise evaluate --json` prints it; NaN becomes None."""
        rows = [
            {
                "name": row.name,
                "metrics": {name: _plain(estimate) for name, estimate in row.metrics.items()},
                "difference": row.difference and _plain(row.difference),
                "note": row.note,
            }
            for row in self.rows
        ]
        return {
            "task": self.task, "data": self.data, "metric": self.metric, "counts": dict(self.counts), "rows": rows,
            "notes": list(self.notes), "seed": self.seed, "resamples": self.resamples,
            "seconds": round(self.seconds, 3),
        }  # fmt: skip

    def as_json(self) -> str:
        """The result as one line of JSON."""
        return json.dumps(self.as_dict(), ensure_ascii=True, allow_nan=False)

    @property
    def sizes(self) -> str:
        """The task and the sizes of the data, such as `retrieval, 225 queries, 1,400 documents`."""
        return ", ".join((self.task, *(f"{count:,} {name}" for name, count in self.counts.items())))

    def __str__(self) -> str:
        width = max(len(row.name) for row in self.rows)
        lines = [f"{self.data}: {self.sizes} (with 95 % bootstrap intervals)"]
        for row in self.rows:
            cells = [f"{name} {e.value:.3f} ({e.low:.3f}–{e.high:.3f})" for name, e in row.metrics.items()]
            if row.difference:
                value, low, high = (f"{number:+.3f}" for number in vars(row.difference).values())
                cells.append(f"difference {value} ({low} to {high})")
            lines.append("  ".join([row.name.ljust(width), *(cells or [row.note])]))
        return "\n".join([*lines, *(f"- {note}" for note in self.notes)])


def evaluate(
    embedder: Any,
    data: Any,
    *,
    task: str | None = None,
    baselines: bool | str | Sequence[str] = True,
    seed: int = 0,
    split: str | None = None,
    labels_per_class: Sequence[int] | None = None,
    repeats: int = 5,
    text: str | Sequence[str] | None = None,
    label: str | None = None,
    text1: str | None = None,
    text2: str | None = None,
    score: str | None = None,
    encoding: str | None = None,
    header: bool = True,
    on_error: str = "raise",
    name: str | None = None,
    progress: bool = True,
) -> Evaluation:
    """Evaluate a model on labelled data, with the same baselines on the same data.

    Args:
        embedder: anything with `encode(texts)`, a function from a list of texts to an array, or the path of a model.
        data: a folder or file of labelled data, a frame, a list of dicts, or a class of `likewise.evaluation.data`.
        task: `retrieval`, `similarity`, `duplicates`, `classification` or `clustering`; None decides by the data.
        baselines: True (not MiniLM if slow), `all`, False, `bm25`, `tfidf`, `lsa`, `untrained`, `minilm` or `fusion`.
        seed: of all random numbers.
        split: the split to evaluate on; `test` if it exists, else all.
        labels_per_class: for classification; None takes 8 and 64 if the classes are large enough.
        repeats: how often to draw the training texts of classification, or to run k-means.
        text: the column of texts, or several to join with ". ".
        label: the column of classes, or of 1 for duplicates and 0 for others.
        text1: the column of one text of each pair.
        text2: the column of the other.
        score: the column of similarity scores.
        encoding: of text files; None detects it.
        header: whether the first row of a CSV or TSV file names the columns; they are called 1, 2, ... if not.
        on_error: `raise` at an unusable row, or `skip` and count it.
        name: of the model's row.
        progress: write progress to standard error.

    Raises:
        InputError: data, task, baselines or embedder cannot be used.
        LikewiseError: a package that the task needs is not installed.
    """
    began = time.perf_counter()
    if on_error not in ON_ERROR or repeats < 1:
        raise InputError(
            f"on_error is {on_error!r}, repeats {repeats}: {' or '.join(ON_ERROR)} and at least 1 expected"
        )
    texts = (text,) if isinstance(text, str) else None if text is None else tuple(text)
    options = ReadOptions(texts, label, text1, text2, score, split, encoding, on_error == "skip", header)
    comparison = _comparison(embedder, name or name_of(embedder), baselines, seed, Messages(shown=progress))
    loaded = load_data(data, task, options)
    task = task or task_of(loaded)
    found = _evaluate(loaded, task, comparison, labels_per_class, repeats)
    metric, seconds = next(iter(found.rows[0].metrics)), time.perf_counter() - began
    return Evaluation(task, loaded.name, metric, found.rows, found.counts, found.notes, seed, found.resamples, seconds)


def _comparison(
    embedder: Any, name: str, baselines: bool | str | Sequence[str], seed: int, messages: Messages
) -> Comparison:
    chosen = parse_baselines(baselines)
    name = f"{name} (model)" if name in NAMES.values() else name  # rows have different names
    return Comparison(name, load_embedder(embedder), chosen, seed, messages, explicit=baselines is not True)


def _evaluate(
    data: Data, task: str, comparison: Comparison, labels_per_class: Sequence[int] | None, repeats: int
) -> TaskResult:
    rng = np.random.default_rng(comparison.seed)
    if isinstance(data, Retrieval):
        return evaluate_retrieval(data, comparison, rng)
    if isinstance(data, Similarity):
        found = evaluate_similarity(data, comparison, rng)
    elif isinstance(data, Duplicates):
        found = evaluate_duplicates(data, comparison, rng)
    elif task == "clustering":
        found = evaluate_clustering(data, comparison, rng, repeats)
    else:
        found = evaluate_classification(data, comparison, rng, labels_per_class, repeats)
    if comparison.explicit and {BM25, FUSION} & set(comparison.baselines):
        found = replace(found, notes=(*found.notes, "BM25 ranks documents: it is a baseline of retrieval only"))
    return found


def _plain(estimate: Estimate) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in vars(estimate).items()}


def _with_interval(estimate: Estimate | None) -> str:
    return "" if estimate is None else f"{estimate.value:.3f} ({estimate.low:.3f}–{estimate.high:.3f})"
