"""The labelled data that classifiers are compared on: texts, labels, what may be read without labels, and the draws."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from texts import lines, rows

__all__ = ["Labels", "drawn", "labelled"]

TEST_SHARE = 0.25  # of a data set that has no split


@dataclass(frozen=True)
class Labels:
    """One data set.

    Attributes:
        name: of its folder.
        learned: texts whose labels may be drawn.
        labels: of these.
        tested: texts that are judged.
        truth: labels of these.
        unlabelled: more texts of the kind, without labels.
    """

    name: str
    learned: list[str]
    labels: np.ndarray
    tested: list[str]
    truth: np.ndarray
    unlabelled: list[str]

    @property
    def read(self) -> list[str]:
        """All that a model or LSA is trained on: never a text that is judged, never a label."""
        return [*self.learned, *self.unlabelled]


def labelled(data: Path, name: str) -> Labels:
    """A data set, in the split that it has; a quarter is drawn for the test where it has none."""
    found = list(rows(data / name / "data.jsonl"))
    texts = [row["text"] for row in found]
    labels = np.array([str(row["label"]) for row in found])
    splits = np.array([row["split"] for row in found])
    if set(splits) == {"all"}:
        order = np.random.default_rng(0).permutation(len(found))
        test = np.zeros(len(found), bool)
        test[order[: round(TEST_SHARE * len(found))]] = True
        train = ~test
    else:
        train, test = splits == "train", splits == "test"
    unlabelled = lines(data / name / "unsup.txt") if name == "imdb" else []
    pick = lambda mask: [texts[at] for at in np.flatnonzero(mask)]  # noqa: E731
    return Labels(name, pick(train), labels[train], pick(test), labels[test], unlabelled)


def drawn(labels: np.ndarray, per_class: int, draw: int) -> np.ndarray:
    """Rows of so many labels a class; a smaller draw of the same number is part of a larger one."""
    rng = np.random.default_rng([draw, 17])
    kept = []
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        kept.append(own[rng.permutation(len(own))[:per_class]])
    return np.sort(np.concatenate(kept))
