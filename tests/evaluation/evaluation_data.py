"""Small labelled data and deterministic embedders for the tests of the evaluation."""

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from likewise.evaluation.baselines import Comparison, System
from likewise.evaluation.data import Retrieval
from likewise.training.progress import Messages

TOPICS = {
    "sea": "ship sailor harbour anchor wave tide island captain".split(),
    "kitchen": "kettle oven recipe flour spoon butter dinner stove".split(),
    "garden": "seed soil flower spade rain hedge bulb weed".split(),
}


class Bigrams:
    """Embeds a text by the counts of its character bigrams: near for texts that share words. Not of unit length."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.zeros((len(texts), 256), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for first, second in pairwise(text):
                row[(31 * ord(first) + ord(second)) % 256] += 1
        return 3 * rows


class Lookup:
    """Embeds texts by a table."""

    def __init__(self, vectors: Mapping[str, Sequence[float]]) -> None:
        self._vectors = vectors

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([self._vectors[text] for text in texts], np.float32)


def sentences(count: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Texts of five words, and the topic of each."""
    rng = np.random.default_rng(seed)
    topics = [list(TOPICS)[row % len(TOPICS)] for row in range(count)]
    return [" ".join(rng.choice(TOPICS[topic], 5)) + f" n{row}" for row, topic in enumerate(topics)], topics


def retrieval(count: int = 60) -> Retrieval:
    """Documents of three topics, and queries for each topic."""
    texts, topics = sentences(count)
    queries = {f"{topic}{n}": " ".join(words[n : n + 3]) for topic, words in TOPICS.items() for n in range(4)}
    qrels = {
        query: {f"d{row}": 1 + row % 3 for row, topic in enumerate(topics) if query.startswith(topic)}
        for query in queries
    }
    return Retrieval({f"d{row}": text for row, text in enumerate(texts)}, queries, qrels, "topics")


def comparison(embedder: Any, *baselines: str, explicit: bool = True) -> Comparison:
    return Comparison("it", embedder, baselines, 0, Messages(shown=False), explicit)


def system_of(embedder: Any) -> System:
    system = comparison(embedder).systems(["a"], ["a"])[0]
    assert isinstance(system, System)
    return system


def write_lines(path: Path, *rows: Any) -> Path:
    """JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_retrieval(folder: Path, data: Retrieval, *, id: str = "_id") -> Path:
    """The layout of BEIR."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{id: one, "title": "", "text": text} for one, text in data.documents.items()]
    write_lines(folder / "corpus.jsonl", *rows)
    write_lines(folder / "queries.jsonl", *[{id: one, "text": text} for one, text in data.queries.items()])
    lines = [f"{q}\t{d}\t{grade}" for q, grades in data.qrels.items() for d, grade in grades.items()]
    (folder / "qrels.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *lines, ""]), encoding="utf-8")
    return folder
