"""What a positive pair is: two views of each text of a batch."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from likewise.tokens.ragged import Ragged


@dataclass(frozen=True)
class Views:
    """Two views of each text; row `i` of both comes from the same text.

    Attributes:
        anchors: one view of each text.
        positives: the other, in the same order.
    """

    anchors: Ragged
    positives: Ragged

    def __len__(self) -> int:
        return len(self.anchors)


View = Callable[[Ragged, np.random.Generator], Ragged]
"""Changes each text; two calls give two views."""


@dataclass(frozen=True)
class Joint:
    """Marks a maker of pairs whose two views depend on each other, so that two calls would not do.

    Attributes:
        make: makes both views.
    """

    make: Callable[[Ragged, np.random.Generator], Views]
