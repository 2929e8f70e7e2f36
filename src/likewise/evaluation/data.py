"""Labelled data in memory, one class a kind; each checks itself, so that whatever holds one can trust it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from likewise.errors import InputError

__all__ = ["HIGHEST_RELEVANCE", "Data", "Duplicates", "Labelled", "Retrieval", "Similarity"]

HIGHEST_RELEVANCE = 30  # its gain, 2^30 - 1, is the last one that trec_eval takes on every machine


@dataclass(frozen=True)
class Retrieval:
    """Documents, queries, and which documents answer which query.

    Attributes:
        documents: text by id.
        queries: text by id.
        judged: of each query the relevance of documents, by their ids; what is not in it has 0.
        name: for messages.
        notes: what a reader of the figures should know of the data.
    """

    documents: Mapping[str, str]
    queries: Mapping[str, str]
    judged: Mapping[str, Mapping[str, int]]
    name: str = "the retrieval data"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.documents or not self.queries:
            raise InputError(f"{self.name} has no {'queries' if self.documents else 'documents'}: give at least one")
        known = [id for id in self.judged if id in self.queries]
        if not known:
            raise InputError(
                f"{self.name}: none of the {len(self.judged):,} judged queries{_first(self.judged)} is among the "
                f"{len(self.queries):,} queries: check that the ids are written alike in both"
            )
        relevant = [id for query in known for id, relevance in self.judged[query].items() if relevance > 0]
        if not relevant:
            raise InputError(f"{self.name}: no query has a document of relevance above 0: nothing can be found")
        if not any(id in self.documents for id in relevant):
            raise InputError(
                f"{self.name}: none of the {len(relevant):,} relevant documents{_first(relevant)} is among the "
                f"{len(self.documents):,} documents: check that the ids are written alike in both"
            )
        highest = max(max(relevance.values(), default=0) for relevance in self.judged.values())
        if highest > HIGHEST_RELEVANCE:
            raise InputError(
                f"{self.name} has a relevance of {highest}: grades up to {HIGHEST_RELEVANCE} are expected, as a grade "
                "g counts 2^g - 1"
            )


@dataclass(frozen=True)
class Similarity:
    """Pairs of texts and how similar people found them.

    Attributes:
        first: one text of each pair.
        second: the other.
        scores: one number a pair, on any scale, higher is more similar.
        background: more texts of this kind, without scores; baselines that learn from text learn from these too.
        name: for messages.
        notes: what a reader of the figures should know of the data.
    """

    first: Sequence[str]
    second: Sequence[str]
    scores: Sequence[float] | Sequence[int] | np.ndarray
    background: Sequence[str] = ()
    name: str = "the pairs"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _same_length(self.name, first=self.first, second=self.second, scores=self.scores)
        scores = np.asarray(self.scores, np.float64)
        if not np.isfinite(scores).all():
            raise InputError(f"{self.name}: pair {int(np.flatnonzero(~np.isfinite(scores))[0])} has no finite score")
        if len(scores) < 3 or (scores == scores[0]).all():
            raise InputError(
                f"{self.name} has {len(scores)} pairs with {len(np.unique(scores))} different scores: an order needs "
                "at least 3 pairs and 2 scores"
            )


@dataclass(frozen=True)
class Duplicates:
    """Pairs of texts that mean the same, and pairs that do not.

    Attributes:
        first: one text of each pair.
        second: the other.
        labels: 1 for a duplicate, 0 for none.
        background: more texts of this kind, without labels; baselines that learn from text learn from these too.
        name: for messages.
        notes: what a reader of the figures should know of the data.
    """

    first: Sequence[str]
    second: Sequence[str]
    labels: Sequence[int] | np.ndarray
    background: Sequence[str] = ()
    name: str = "the pairs"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _same_length(self.name, first=self.first, second=self.second, labels=self.labels)
        found = set(np.asarray(self.labels).tolist())
        if not found <= {0, 1}:
            odd = next(iter(found - {0, 1}))
            raise InputError(f"{self.name} has a label {odd!r}: 1 for a duplicate and 0 for none are expected")
        if len(found) < 2:
            raise InputError(
                f"{self.name}: all {len(self.labels):,} labels are {next(iter(found), 'missing')}: duplicates and "
                "others are needed to tell them apart"
            )


@dataclass(frozen=True)
class Labelled:
    """Texts in classes.

    Attributes:
        texts: the texts.
        labels: the class of each.
        test: whether a text is one to test on, rather than one whose label may be learned from; None draws a quarter of
            each class by the seed.
        background: more texts of this kind, without labels; baselines that learn from text learn from these too.
        name: for messages.
        notes: what a reader of the figures should know of the data.
    """

    texts: Sequence[str]
    labels: Sequence[str]
    test: Sequence[bool] | np.ndarray | None = None
    background: Sequence[str] = ()
    name: str = "the texts"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _same_length(self.name, texts=self.texts, labels=self.labels)
        if len(set(self.labels)) < 2:
            raise InputError(
                f"{self.name}: all {len(self.texts):,} texts have one label: at least 2 classes are needed"
            )
        if self.test is None:
            label, count = min(Counter(self.labels).items(), key=lambda item: item[1])
            if count < 2:
                raise InputError(
                    f"{self.name}: class {label!r} has one text: two are needed, one to learn from and one to test on; "
                    "leave the class out, or join it to another"
                )
            return
        _same_length(self.name, texts=self.texts, test=self.test)
        test = np.asarray(self.test, bool)
        if test.all() or not test.any():
            raise InputError(
                f"{self.name}: texts to learn from and texts to test on are needed, one of them is missing"
            )
        learned = {label for label, held in zip(self.labels, test, strict=True) if not held}
        unlearned = sorted({label for label, held in zip(self.labels, test, strict=True) if held} - learned)
        if unlearned:
            raise InputError(
                f"{self.name}: class {unlearned[0]!r} is tested and has no text to learn from: leave it out, or give "
                "other splits"
            )


Data: TypeAlias = Retrieval | Similarity | Duplicates | Labelled


def _first(ids: Mapping[str, object] | Sequence[str]) -> str:
    return f" (such as {next(iter(ids))!r})" if ids else ""


def _same_length(name: str, **columns: Sequence[object] | np.ndarray) -> None:
    lengths = {column: len(values) for column, values in columns.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{length} {column}" for column, length in lengths.items())
        raise InputError(f"{name} has {told}: as many of each are expected")
    if not next(iter(lengths.values())):
        raise InputError(f"{name}: there is nothing in it")
