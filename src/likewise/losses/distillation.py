"""Distillation loss: the student's embedding of a text is to point where the teacher's does."""

from dataclasses import dataclass
from typing import Any

from array_api_compat import array_namespace

from likewise.errors import InputError


@dataclass(frozen=True)
class DistillationLoss:
    """The value of the loss and its gradient.

    Attributes:
        value: 0 where the student's embeddings are the teacher's, 1 where they are orthogonal to them.
        students: d value / d students, (batch, dim).
    """

    value: float
    students: Any


def distillation_loss(students: Any, teachers: Any) -> DistillationLoss:
    """One minus the cosine similarity with the teacher's embedding of the same text.

        value = 1/batch sum_i (1 - s_i·t_i),

    which for unit rows is half the mean squared distance. It needs no negatives: the teacher's embeddings already hold
    which texts are dissimilar. Written against the array API: numpy and torch arrays, on any device.

    Args:
        students: (batch, dim), unit rows.
        teachers: (batch, dim), unit rows of the same texts; they get no gradient.

    Raises:
        InputError: the shapes differ, or there are no rows.
    """
    if students.ndim != 2 or tuple(students.shape) != tuple(teachers.shape) or not students.shape[0]:
        shapes = f"students {tuple(students.shape)} and teachers {tuple(teachers.shape)}"
        raise InputError(f"{shapes}: expected (batch, dim) twice, with at least one row")
    xp, batch = array_namespace(students, teachers), students.shape[0]
    value = 1.0 - float(xp.sum(students * teachers)) / batch
    return DistillationLoss(value, teachers * (-1.0 / batch))
