"""How good a classifier is on texts whose labels it has not seen, with intervals, and where it goes wrong."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from likewise.applications.classify.cross_validation import LEVELS, Answered, wilson
from likewise.applications.classify.labels import as_texts
from likewise.errors import InputError

__all__ = ["Confusion", "Judgement", "judge"]


BINS = 10
MOST_CONFUSIONS = 5


@dataclass(frozen=True)
class Confusion:
    """Texts of one label that were given another.

    Attributes:
        label: the true one.
        predicted: the other.
        texts: how many.
    """

    label: Any
    predicted: Any
    texts: int


@dataclass(frozen=True)
class Judgement:
    """Figures of a classifier on labelled texts.

    Attributes:
        texts: judged.
        accuracy: share that it gets right.
        low: lower end of the 95 % interval of the accuracy (Wilson).
        high: upper end.
        macro_f1: mean of the F1 of all labels that are known or in the data.
        log_loss: mean negative log-likelihood of the true label, in nats; of texts with a label that was learned;
            None if there are none.
        calibration_error: mean distance of probability and accuracy, over ten bins (ECE, Naeini et al. 2015).
        answered: what abstaining brings, at several levels.
        unseen: texts whose label was never learned; they count as errors.
        confusions: what is most often taken for something else.
    """

    texts: int
    accuracy: float
    low: float
    high: float
    macro_f1: float
    log_loss: float | None
    calibration_error: float
    answered: tuple[Answered, ...]
    unseen: int
    confusions: tuple[Confusion, ...]

    def as_json(self) -> str:
        """One JSON object."""
        return json.dumps(asdict(self), ensure_ascii=False)


def judge(classifier: Any, texts: Sequence[str], labels: Sequence[Any]) -> Judgement:
    """Compare what a classifier says with what is true.

    Args:
        classifier: fitted.
        texts: with labels, at least one.
        labels: one a text; compared as strings, so that "1" from a file is 1.

    Raises:
        InputError: there are no texts, or not one label each.
    """
    from sklearn.metrics import f1_score

    texts, given = as_texts(texts), [str(label) for label in labels]
    if not texts or len(texts) != len(given):
        raise InputError(
            f"{len(texts):,} texts and {len(given):,} labels: one label a text, and at least one, is needed"
        )
    known = {str(label): number for number, label in enumerate(classifier.classes_.tolist())}
    truth = np.array([known.get(label, -1) for label in given])
    likely = classifier.predict_proba(texts)
    said, sure = likely.argmax(axis=1), likely.max(axis=1)
    right, seen = said == truth, truth >= 0
    low, high = wilson(float(right.mean()), float(len(texts)))
    of_truth = np.maximum(likely[np.flatnonzero(seen), truth[seen]], np.finfo(float).tiny)
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    off = [abs(float(sure[bins == each].sum() - right[bins == each].sum())) for each in range(BINS)]
    names = [str(label) for label in classifier.classes_.tolist()]
    predicted = [names[number] for number in said]
    wrong = Counter((label, found) for label, found in zip(given, predicted, strict=True) if label != found)
    return Judgement(
        len(texts), float(right.mean()), low, high,
        float(f1_score(given, predicted, average="macro", zero_division=0)),
        float(-np.log(of_truth).mean()) if seen.any() else None, sum(off) / len(texts),
        tuple(
            Answered(level, float(enough.mean()), float(right[enough].mean()) if enough.any() else None)
            for level in LEVELS for enough in [sure >= level]
        ),
        int((~seen).sum()),
        tuple(Confusion(label, found, count) for (label, found), count in wrong.most_common(MOST_CONFUSIONS)),
    )  # fmt: skip
