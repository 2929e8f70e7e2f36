"""What a pupil learns by: its vector of a text is to point where the teacher's does."""

from dataclasses import dataclass
from typing import Any

from array_api_compat import array_namespace

from likewise.errors import InputError

__all__ = ["DistillationLoss", "distillation_loss"]


@dataclass(frozen=True)
class DistillationLoss:
    """A loss and its derivative by what learns.

    Attributes:
        value: the loss: 0 where the pupil's vectors are the teacher's, 1 where they are at right angles.
        students: d value / d pupils, (batch, dim).
    """

    value: float
    students: Any


def distillation_loss(students: Any, teachers: Any) -> DistillationLoss:
    """One minus the cosine with the teacher's vector of the same text.

        value = 1/batch sum_i (1 - s_i·t_i),

    which for unit rows is half the mean squared distance. Nothing is contrasted: the teacher's vectors hold already
    what is to be far from what. Written against the array API standard.

    Args:
        students: (batch, dim), unit rows.
        teachers: unit rows of the same texts; nothing is learned by them.

    Raises:
        InputError: the shapes differ, or there are no rows.
    """
    if students.ndim != 2 or tuple(students.shape) != tuple(teachers.shape) or not students.shape[0]:
        shapes = f"pupils {tuple(students.shape)} and teachers {tuple(teachers.shape)}"
        raise InputError(f"{shapes}: expected (batch, dim) twice, with a row at least")
    xp, batch = array_namespace(students, teachers), students.shape[0]
    value = 1.0 - float(xp.sum(students * teachers)) / batch
    return DistillationLoss(value, teachers * (-1.0 / batch))
