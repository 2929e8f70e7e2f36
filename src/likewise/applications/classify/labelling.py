"""Active learning: a session in which a person labels the texts of an index, the most useful ones first.

Until two classes have labels, the texts are chosen for their diversity; then for the uncertainty of the classifier that
the labels make, as `Classifier.select_for_labelling` does. For a class that is rare so far, the texts nearest to its
labelled ones are among them. The labels are in a file of their own (`label_log.py`); everything else is computed from
them, so that a session goes on after a crash, and in any process.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from likewise.applications.classify.active_learning import select_batch
from likewise.applications.classify.classifier import Classifier
from likewise.applications.classify.features import Features
from likewise.applications.classify.label_errors import find_label_errors
from likewise.applications.classify.label_log import MAX_ROWS, EstimatePoint, Labelled, LabelLog
from likewise.applications.classify.metrics import AccuracyEstimate
from likewise.arrays import Float32, Float64, Int64
from likewise.errors import InputError
from likewise.index.collection import Collection
from likewise.model.model import Model

MAX_TEXTS = 4_000  # of the index, from which texts to label are chosen
MAX_TEXTS_SLOW = 1_000  # where a transformer encodes them
MAX_CHARACTERS = 20_000_000  # of all these texts
SAMPLED_ANEW = 0.1  # change of the size of the index from which on other texts are sampled
MIN_LABELS = 2  # of each of two classes, from which on uncertainty says something
RARE_SHARE = 0.25  # of the labels that a class would have if all had as many: with fewer it is rare
MAX_RARE = 5  # classes for which near texts are searched
RARE_TEXTS = 3  # one of so many texts is near to a rare class
NEAREST_TO, MAX_QUERY = 3, 2_000  # labelled texts of a rare class, and characters of each


class Why(StrEnum):
    """Why a text is to be labelled next."""

    DIVERSE = "diverse"
    UNCERTAIN = "uncertain"
    RARE = "rare"


@dataclass(frozen=True)
class Prediction:
    """A text without a label, and what the classifier predicts.

    Attributes:
        id: of the text.
        text: it.
        label: that is predicted; None before there is a classifier.
        probability: of this label.
    """

    id: str
    text: str
    label: str | None
    probability: float | None


@dataclass(frozen=True)
class Candidate(Prediction):
    """A text to label next.

    Attributes:
        columns: of the index.
        why: it was chosen.
        rare: the rare class that it is near to.
    """

    columns: dict[str, Any]
    why: Why
    rare: str | None


@dataclass(frozen=True)
class DoubtfulLabel:
    """A labelled text that cross-validation confidently predicts as another class.

    Attributes:
        id: of the text.
        text: it.
        label: that it was given.
        predicted: the other class.
        probability: of the other class.
        given: probability of the label that it was given.
    """

    id: str
    text: str
    label: str
    predicted: str
    probability: float
    given: float


@dataclass(frozen=True)
class Progress:
    """How far a session is.

    Attributes:
        revision: of the labels.
        counts: number of labelled texts of each class.
        skipped: number of texts without a label that were skipped.
        texts: number of texts from which the next ones are chosen.
        sampled: whether the index has more.
        estimate: of the classifier that the labels make, by cross-validation; None if there are too few.
        curve: estimates after fewer labels.
    """

    revision: int
    counts: dict[str, int]
    skipped: int
    texts: int
    sampled: bool
    estimate: AccuracyEstimate | None
    curve: list[EstimatePoint]


class TextSample:
    """A sample of the texts of an index with their embeddings, which all sessions share.

    Attributes:
        ids: of the texts, which are distinct and not blank.
        texts: these.
        embeddings: (texts, dim), unit rows.
        size: number of texts in the index when it was sampled.
        is_part: whether the index has more texts than were drawn.
    """

    def __init__(self, index: Collection, rng: np.random.Generator, max_texts: int | None = None) -> None:
        self._model = index.model
        self.size = len(index)
        limit = max_texts or (MAX_TEXTS if isinstance(self._model, Model) else MAX_TEXTS_SLOW)
        self.is_part = self.size > limit
        distinct: dict[str, str] = {}
        characters = 0
        for entry in index.sample(limit, rng):
            characters += len(entry.text)
            if entry.text.strip() and characters <= MAX_CHARACTERS:
                distinct.setdefault(entry.text, entry.id)
        self.texts, self.ids = list(distinct), list(distinct.values())
        self.embeddings: Float32[np.ndarray, "texts dim"] = Features(self._model, None).embed(self.texts)
        self._known = dict(zip(self.texts, self.embeddings, strict=True))

    def is_current(self, index: Collection) -> bool:
        """Whether the index still has about as many texts as when it was sampled, and the same model."""
        changed = abs(len(index) - self.size) > SAMPLED_ANEW * self.size
        return not changed and index.model is self._model

    def encode(self, texts: Sequence[str], /) -> Float32[np.ndarray, "texts dim"]:
        """One unit vector per text; each text is encoded once."""
        if new := [text for text in dict.fromkeys(texts) if text not in self._known]:
            self._known |= zip(new, Features(self._model, None).embed(new), strict=True)
        return np.stack([self._known[text] for text in texts])


@dataclass(frozen=True)
class _Fitted:
    """A classifier of one revision of the labels; None if they are of fewer than two classes."""

    labelled: Labelled
    ids: list[str]
    texts: list[str]
    labels: list[str]
    classifier: Classifier | None

    @property
    def is_ready(self) -> bool:
        """Whether two classes have enough labels to trust what the classifier is uncertain of."""
        return sum(count >= MIN_LABELS for count in self.labelled.counts().values()) >= 2


class ActiveLearningSession:
    """Labels of the texts of an index, the classifier that they make, and what to label next.

    Args:
        log: the file of the labels.
        sample: texts of the index.
        seed: of the choice of texts.
    """

    def __init__(self, log: LabelLog, sample: TextSample, seed: int = 0) -> None:
        self.log, self.sample, self.seed = log, sample, seed
        self._lock = threading.RLock()
        self._fitted: _Fitted | None = None
        self._ranked: tuple[int, Int64[np.ndarray, " rows"], Any] | None = None

    @classmethod
    def create(cls, path: str | Path, index: Collection, classes: Sequence[str]) -> "ActiveLearningSession":
        """Start a session, whose labels are kept in the file `path`.

        Raises:
            InputError: `path` exists, the classes are not 2 to 200 distinct names, or the index is empty.
        """
        if not len(index):
            raise InputError(f"{index.path} has no texts to label: add some first")
        return cls(LabelLog.create(Path(path), classes), TextSample(index, np.random.default_rng(0)))

    @classmethod
    def open(cls, path: str | Path, index: Collection) -> "ActiveLearningSession":
        """Go on with a session.

        Raises:
            InputError: there is none at `path`, or its file is damaged.
        """
        return cls(LabelLog(Path(path)), TextSample(index, np.random.default_rng(0)))

    def progress(self) -> Progress:
        """Return counts, and the estimate of the classifier on texts like the labelled ones.

        What is labelled because it is uncertain is harder than most texts: of all texts the accuracy is often higher.
        """
        fitted = self._fit()
        estimate = None if fitted.classifier is None else fitted.classifier.estimate_
        counts, labelled = fitted.labelled.counts(), fitted.labelled
        skipped, sample = len(labelled.labels) - len(fitted.labels), self.sample
        return Progress(
            labelled.revision, counts, skipped, len(sample.texts), sample.is_part, estimate, self.log.estimates()
        )

    def suggest(self, index: Collection, k: int = 10) -> list[Candidate]:
        """Return the texts to label next, the most useful first.

        Raises:
            InputError: `k` is less than 1.
        """
        if k < 1:
            raise InputError(f"k is {k}, expected at least 1 text to label")
        fitted = self._fit()
        taken = {*fitted.labelled.labels}
        near = self._near_rare_classes(index, fitted, max(1, k // RARE_TEXTS), taken)
        rows = self._open_rows({*taken, *near}, fitted.texts)
        texts = [self.sample.texts[row] for row in rows]
        if fitted.classifier is not None and fitted.is_ready:
            why, chosen = Why.UNCERTAIN, fitted.classifier.select_for_labelling(texts, k)
        else:
            rng = np.random.default_rng([self.seed, fitted.labelled.revision])
            why, chosen = Why.DIVERSE, select_batch(texts, self.sample.embeddings[rows], np.ones(len(rows)), k, rng)
        ids = [self.sample.ids[row] for row in rows[chosen]]
        for place, id in enumerate(near):  # every third one, beginning with the second
            ids.insert(1 + RARE_TEXTS * place, id)
        found = [entry for entry in (index.get(id) for id in dict.fromkeys(ids)) if entry is not None][:k]
        predicted = self._predict(fitted, [entry.text for entry in found])
        return [
            Candidate(
                each.id, each.text, *prediction, each.columns, Why.RARE if each.id in near else why, near.get(each.id)
            )
            for each, prediction in zip(found, predicted, strict=True)
        ]

    def label(self, index: Collection, ids: Sequence[str], label: str | None, revision: int | None = None) -> int:
        """Give texts a label, or skip them with None, as one action; it is kept when this returns.

        Args:
            index: with the texts.
            ids: of the texts.
            label: one of the classes.
            revision: that the labels must have; any if None.

        Returns:
            The new revision.

        Raises:
            InputError: a text is not in the index, there are too many, or `label` is no class.
            ConflictError: somebody has labelled since `revision`.
        """
        if not 1 <= len(ids) <= MAX_ROWS:
            raise InputError(f"{len(ids):,} texts are to be labelled: expected 1 to {MAX_ROWS:,} at once")
        known = self.log.read().texts
        texts: dict[str, str] = {}
        for id in ids:
            entry = index.get(id)
            if entry is None and id not in known:
                raise InputError(f"there is no text {id!r} in the index: it was removed, or its id is another one")
            texts[id] = known[id] if entry is None else entry.text
        return self.log.label(texts, label, revision)

    def ranking(self, *, surest_first: bool = True, label: str | None = None) -> list[Prediction]:
        """Return the sampled texts without a label, sorted by the confidence of what is predicted.

        Args:
            surest_first: or the least sure.
            label: only those that are predicted as this; all if None.
        """
        fitted = self._fit()
        if fitted.classifier is None:
            return []
        with self._lock:
            if self._ranked is None or self._ranked[0] != fitted.labelled.revision:
                rows = self._open_rows(fitted.labelled.labels, fitted.texts)
                texts = [self.sample.texts[row] for row in rows]
                self._ranked = fitted.labelled.revision, rows, fitted.classifier.predict_proba(texts)
            _, rows, likely = self._ranked
        sure, best = likely.max(axis=1), likely.argmax(axis=1)
        order = np.argsort(-sure if surest_first else sure, kind="stable")
        names = fitted.classifier.classes_.tolist()
        found = (
            Prediction(self.sample.ids[rows[at]], self.sample.texts[rows[at]], names[best[at]], float(sure[at]))
            for at in order.tolist()
        )
        return [each for each in found if label is None or each.label == label]

    def doubtful_labels(self) -> list[DoubtfulLabel]:
        """Return the labels that are probably wrong, by cross-validation, the surest first."""
        fitted = self._fit()
        if fitted.classifier is None:
            return []
        classes = fitted.classifier.classes_.tolist()
        numbers = np.array([classes.index(label) for label in fitted.labels])
        found = find_label_errors(fitted.classifier.held_out_, numbers, fitted.classifier.temperature_)
        return [
            DoubtfulLabel(
                fitted.ids[each.row], fitted.texts[each.row], fitted.labels[each.row], classes[each.predicted],
                each.probability, each.given,
            )
            for each in found
        ]  # fmt: skip

    def similar(self, index: Collection, id: str, k: int = 20) -> list[Prediction]:
        """Return the texts without a label that are nearest to a text, to label them alike.

        Raises:
            InputError: there is no such text.
        """
        fitted = self._fit()
        taken = fitted.labelled.labels
        hits = [hit for hit in index.like(id, k + min(len(taken), MAX_ROWS), "vector") if hit.id not in taken][:k]
        predicted = self._predict(fitted, [hit.text for hit in hits])
        return [Prediction(hit.id, hit.text, *each) for hit, each in zip(hits, predicted, strict=True)]

    def save(self, index: Collection, path: str | Path) -> Classifier:
        """Write the classifier that the labels make as a folder, in the place of an earlier one, and return it.

        Raises:
            InputError: the labels are of fewer than two classes, or `path` is no classifier or cannot be written.
        """
        fitted = self._fit()
        if fitted.classifier is None:
            raise InputError("the labels are of fewer than two classes: label texts of another class first")
        found = Classifier(index.model, seed=self.seed).fit(fitted.texts, fitted.labels)
        found.save(path, overwrite=True)
        return found

    def _fit(self) -> _Fitted:
        """Fit on the labels of now; only once for each revision."""
        with self._lock:
            if self._fitted is not None and self._fitted.labelled.revision == self.log.revision:
                return self._fitted
            labelled = self.log.read()
            given = [(id, labelled.texts[id], label) for id, label in labelled.labels.items() if label is not None]
            ids, texts, labels = (list(column) for column in zip(*given, strict=True)) if given else ([], [], [])
            several = len(set(labels)) > 1
            classifier = Classifier(self.sample, seed=self.seed).fit(texts, labels) if several else None
            if classifier is not None and (found := classifier.estimate_) is not None:
                self.log.keep_estimate(
                    EstimatePoint(len(labels), found.accuracy, found.low, found.high, found.macro_f1)
                )
            self._fitted = _Fitted(labelled, ids, texts, labels, classifier)
            return self._fitted

    def _open_rows(self, taken: Iterable[str], texts: Iterable[str]) -> Int64[np.ndarray, " rows"]:
        """Rows of the sample that have no label, and no copy with one."""
        ids, labelled = {*taken}, {*texts}
        pairs = zip(self.sample.ids, self.sample.texts, strict=True)
        return np.array(
            [row for row, (id, text) in enumerate(pairs) if id not in ids and text not in labelled], np.int64
        )

    def _predict(self, fitted: _Fitted, texts: Sequence[str]) -> list[tuple[str | None, float | None]]:
        if fitted.classifier is None or not texts:
            return [(None, None)] * len(texts)
        likely: Float64[np.ndarray, "texts classes"] = fitted.classifier.predict_proba(texts)
        names = fitted.classifier.classes_.tolist()
        return [(names[row.argmax()], float(row.max())) for row in likely]

    def _near_rare_classes(self, index: Collection, fitted: _Fitted, k: int, taken: set[str]) -> dict[str, str]:
        """Return up to `k` ids of texts that may be of rare classes, each with the class.

        Near are the texts nearest to the last labelled ones of the class, or to its name if it has none yet.
        """
        counts = fitted.labelled.counts()
        share = RARE_SHARE * sum(counts.values()) / len(counts)
        rare = sorted((name for name in counts if counts[name] < share), key=lambda name: counts[name])[:MAX_RARE]
        found: dict[str, str] = {}
        known = {*fitted.texts}
        for name in rare:
            of_class = [text for text, label in zip(fitted.texts, fitted.labels, strict=True) if label == name]
            queries = [text[:MAX_QUERY] for text in of_class[-NEAREST_TO:]] or [name]
            wanted = k + min(len(taken), MAX_ROWS)
            hits = index.search_many(queries, wanted, "vector" if of_class else "hybrid")
            best = sorted((hit for some in hits for hit in some), key=lambda hit: -hit.score)
            new = [hit.id for hit in best if hit.id not in taken and hit.id not in found and hit.text not in known]
            found |= dict.fromkeys(dict.fromkeys(new[: -(-k // len(rare))]), name)
        return dict(list(found.items())[:k])
