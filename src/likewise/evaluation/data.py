"""Labelled data in memory, one class for each kind; each checks itself when it is made."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from likewise.errors import InputError

MAX_GRADE = 30  # its gain, 2^30 - 1, is the largest that trec_eval takes on every machine


@dataclass(frozen=True)
class Retrieval:
    """Documents, queries and relevance judgements.

    Attributes:
        documents: texts by id.
        queries: texts by id.
        qrels: relevance grades by query id and document id; 0 if missing.
        name: for messages.
        notes: what to know about the data when reading the metrics.
    """

    documents: Mapping[str, str]
    queries: Mapping[str, str]
    qrels: Mapping[str, Mapping[str, int]]
    name: str = "the retrieval data"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.documents or not self.queries:
            raise InputError(f"{self.name} has no {'queries' if self.documents else 'documents'}: give at least one")
        known = [id for id in self.qrels if id in self.queries]
        if not known:
            raise InputError(
                f"{self.name}: none of the {len(self.qrels):,} judged queries{_first(self.qrels)} is among the "
                f"{len(self.queries):,} queries: check that both use the same ids"
            )
        relevant = [id for query in known for id, grade in self.qrels[query].items() if grade > 0]
        if not relevant:
            raise InputError(f"{self.name}: no query has a document of relevance above 0: there is nothing to find")
        if not any(id in self.documents for id in relevant):
            raise InputError(
                f"{self.name}: none of the {len(relevant):,} relevant documents{_first(relevant)} is among the "
                f"{len(self.documents):,} documents: check that both use the same ids"
            )
        highest = max(max(grades.values(), default=0) for grades in self.qrels.values())
        if highest > MAX_GRADE:
            raise InputError(
                f"{self.name} has a relevance of {highest}: grades up to {MAX_GRADE} are expected, as a grade g has "
                "the gain 2^g - 1"
            )


@dataclass(frozen=True)
class Similarity:
    """Pairs of texts with similarity scores by people.

    Attributes:
        first: one text of each pair.
        second: the other.
        scores: one number for each pair, on any scale; higher is more similar.
        background: more texts of this kind, on which the baselines are fitted too.
        name: for messages.
        notes: what to know about the data when reading the metrics.
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
                f"{self.name} has {len(scores)} pairs with {len(np.unique(scores))} different scores: a correlation "
                "needs at least 3 pairs and 2 scores"
            )


@dataclass(frozen=True)
class Duplicates:
    """Pairs of texts that are duplicates, and pairs that are not.

    Attributes:
        first: one text of each pair.
        second: the other.
        labels: 1 for duplicates, 0 for others.
        background: more texts of this kind, on which the baselines are fitted too.
        name: for messages.
        notes: what to know about the data when reading the metrics.
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
            raise InputError(f"{self.name} has a label {odd!r}: 1 for duplicates and 0 for others are expected")
        if len(found) < 2:
            raise InputError(
                f"{self.name}: all {len(self.labels):,} labels are {next(iter(found), 'missing')}: both duplicates and "
                "others are needed"
            )


@dataclass(frozen=True)
class Labelled:
    """Texts with classes.

    Attributes:
        texts: the texts.
        labels: the class of each.
        test: whether a text is in the test set; None draws a quarter of each class.
        background: more texts of this kind, on which the baselines are fitted too.
        name: for messages.
        notes: what to know about the data when reading the metrics.
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
                    f"{self.name}: class {label!r} has one text: two are needed, one to train on and one to test on; "
                    "leave the class out, or merge it with another"
                )
            return
        _same_length(self.name, texts=self.texts, test=self.test)
        test = np.asarray(self.test, bool)
        if test.all() or not test.any():
            raise InputError(f"{self.name}: the {'training' if test.all() else 'test'} set is empty: both are needed")
        trained = {label for label, is_test in zip(self.labels, test, strict=True) if not is_test}
        untrained = sorted({label for label, is_test in zip(self.labels, test, strict=True) if is_test} - trained)
        if untrained:
            raise InputError(
                f"{self.name}: class {untrained[0]!r} is in the test set and has no text to train on: leave it out, or "
                "change the splits"
            )


Data: TypeAlias = Retrieval | Similarity | Duplicates | Labelled


def _first(ids: Mapping[str, object] | Sequence[str]) -> str:
    return f" (such as {next(iter(ids))!r})" if ids else ""


def _same_length(name: str, **columns: Sequence[object] | np.ndarray) -> None:
    lengths = {column: len(values) for column, values in columns.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{length} {column}" for column, length in lengths.items())
        raise InputError(f"{name} has {found}: the same number of each is expected")
    if not next(iter(lengths.values())):
        raise InputError(f"{name} is empty: give at least one row")
