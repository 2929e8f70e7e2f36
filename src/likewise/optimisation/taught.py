"""The step of a pupil: it learns from the texts themselves, and from what a teacher says of some of them."""

import numpy as np
from jaxtyping import Float

from likewise.encoders.encoder import Encoder
from likewise.losses.taught import taught
from likewise.optimisation.step import Batch, ContrastiveStep
from likewise.tokens.ragged import Ragged

__all__ = ["TaughtStep"]


class TaughtStep:
    """Brings vectors to where the teacher's are; with a batch of positive pairs it contrasts those in the same step.

    Attributes:
        encoder: what is trained.
        contrast: the step on pairs, of the same encoder.
        weight: of the loss against the teacher, beside that of pairs.
    """

    def __init__(self, contrast: ContrastiveStep, weight: float) -> None:
        self.contrast, self.weight = contrast, weight
        self.encoder: Encoder = contrast.encoder

    def __call__(
        self,
        texts: Ragged,
        teachers: Float[np.ndarray, "texts dim"],
        learning_rate: float,
        batch: Batch | None = None,
    ) -> float:
        """One step.

        Args:
            texts: ids of some texts.
            teachers: the teacher's unit vectors of them.
            learning_rate: of this step.
            batch: positive pairs; None for the teacher alone, whose weight is one then.

        Returns:
            The loss against the teacher.
        """
        vectors, tape = self.encoder.forward(texts)
        lesson = taught(vectors, teachers)
        weight = np.float32(1.0 if batch is None else self.weight)
        self.encoder.backward(tape, lesson.pupils * weight)
        if batch is None:
            self.encoder.step(learning_rate)
        else:
            self.contrast(batch, learning_rate)  # its step takes the gradients of both
        return lesson.value
