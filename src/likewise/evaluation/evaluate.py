"""The door of this room: an embedder, labelled data, and the same baselines beside it every time."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from likewise.errors import InputError
from likewise.evaluation.baselines import BM25, FUSION, SHOWN, Comparison, asked_baselines
from likewise.evaluation.bootstrap import Judged
from likewise.evaluation.classification import judge_classification
from likewise.evaluation.clustering import judge_clustering
from likewise.evaluation.data import Data, Duplicates, Retrieval, Similarity
from likewise.evaluation.loading import data_of, task_of
from likewise.evaluation.pairs import judge_duplicates, judge_similarity
from likewise.evaluation.progress import Messages
from likewise.evaluation.result import Evaluation
from likewise.evaluation.retrieval import judge_retrieval
from likewise.evaluation.rows import Columns
from likewise.model.load import load_embedder, name_of

__all__ = ["evaluate"]

ON_ERROR = ("raise", "skip")


def evaluate(
    embedder: Any,
    data: Any,
    *,
    task: str | None = None,
    baselines: bool | str | Sequence[str] = True,
    seed: int = 0,
    split: str | None = None,
    labels_per_class: Sequence[int] | None = None,
    draws: int = 5,
    text: str | Sequence[str] | None = None,
    label: str | None = None,
    text1: str | None = None,
    text2: str | None = None,
    score: str | None = None,
    encoding: str | None = None,
    on_error: str = "raise",
    name: str | None = None,
    progress: bool = True,
) -> Evaluation:
    """Judge an embedder by labelled data, beside the same baselines on the same data.

    Args:
        embedder: anything with `encode(texts)`, a function from a list of texts to an array, or the path of a model.
        data: a folder or a file of labelled data, rows in a frame or a list of dicts, or `Retrieval`, `Similarity`,
            `Duplicates` or `Labelled` of `likewise.evaluation.data`.
        task: `retrieval`, `similarity`, `duplicates`, `classification` or `clustering`; None finds it from the data.
        baselines: True for all, False for none, or names: `bm25`, `tfidf`, `lsa`, `untrained`, `minilm`, `fusion`.
            With True, MiniLM is left out where it would take minutes; `all` has it too.
        seed: of everything random.
        split: which rows are judged; `test` where there is one, or else all.
        labels_per_class: for classification; 8 and 64 where the classes are large enough.
        draws: of the labelled texts, or runs of k-means.
        text: the column of texts, or several that are joined with ". ".
        label: the column of classes, or of 1 for duplicates and 0 for none.
        text1: the column of one text of each pair.
        text2: the column of the other.
        score: the column that says how similar they are.
        encoding: of text files; None to find out.
        on_error: `raise` at a row that cannot be used, or `skip` it and count it.
        name: what the embedder's row is called.
        progress: tell on standard error what is done.

    Raises:
        InputError: data, task, baselines or embedder cannot be used.
        LikewiseError: a package that the task needs is not installed.
    """
    began = time.perf_counter()
    if on_error not in ON_ERROR or draws < 1:
        raise InputError(f"on_error {on_error!r}, draws {draws}: expected one of {', '.join(ON_ERROR)}, and at least 1")
    texts = (text,) if isinstance(text, str) else None if text is None else tuple(text)
    columns = Columns(texts, label, text1, text2, score)
    field = _field(embedder, name, baselines, seed, Messages(shown=progress))
    held = data_of(data, task=task, split=split, columns=columns, encoding=encoding, skip=on_error == "skip")
    its = task_of(held, task)
    judged = _judged(held, its, field, labels_per_class, draws)
    main = next(iter(judged.rows[0].figures))
    seconds = time.perf_counter() - began
    return Evaluation(its, held.name, main, judged.rows, judged.counts, judged.notes, seed, judged.resamples, seconds)


def _field(
    embedder: Any, name: str | None, baselines: bool | str | Sequence[str], seed: int, messages: Messages
) -> Comparison:
    chosen = asked_baselines(baselines)
    its = name or name_of(embedder)
    its = f"{its} (judged)" if its in SHOWN.values() else its  # a row has a name of its own
    return Comparison((its, load_embedder(embedder)), chosen, seed, messages, named=baselines is not True)


def _judged(data: Data, task: str, field: Comparison, few: Sequence[int] | None, draws: int) -> Judged:
    rng = np.random.default_rng(field.seed)
    if isinstance(data, Retrieval):
        return judge_retrieval(data, field, rng)
    if isinstance(data, Similarity):
        judged = judge_similarity(data, field, rng)
    elif isinstance(data, Duplicates):
        judged = judge_duplicates(data, field, rng)
    elif task == "clustering":
        judged = judge_clustering(data, field, rng, draws)
    else:
        judged = judge_classification(data, field, rng, few, draws)
    if field.named and {BM25, FUSION} & set(field.baselines):
        judged = replace(judged, notes=(*judged.notes, "BM25 ranks documents: it takes part in retrieval only"))
    return judged
