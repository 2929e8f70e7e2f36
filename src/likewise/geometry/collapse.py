"""Whether a space has collapsed, told in plain words, and whether one is of any use."""

import math

from likewise.geometry.measure import Geometry

__all__ = ["collapse", "usable"]

HIGHEST_COSINE = 0.6  # of two different texts
LOWEST_RANK = 10.0
LOWEST_SHARE = 0.5  # of the best score
VOUCHING_SHARE = 0.75  # of the best score
MARGIN = 1.1  # times what the untrained encoder and chance reach
TWICE = 2.0  # times what chance reaches
BRIDGED = 0.5  # of the way from a random text to the text itself, by the cosine of its other half


def collapse(geometry: Geometry, *, best: float | None = None, start: Geometry | None = None) -> str | None:
    """What is wrong with a space, in one sentence; None when nothing is.

    The alarms: two different texts have a cosine above 0.6 on average; fewer than 10 directions are used, or less than
    a quarter of those that there could be where dimensions or texts are few; the score is below half of the best.
    A number that could not be measured raises none.

    What was so from the start is no collapse, as texts may resemble each other: the cosine must have come half of the
    way from there to 1, the directions must have become half as many. Nor is a space that is of use and three quarters
    as good as it ever was: the halves of a text may find each other in a narrow cone too, and three topics need no more
    than three directions.

    Args:
        geometry: of the held-out texts.
        best: the best MRR of the run so far; with `start`, a score that is close to it vouches for the space.
        start: of the same texts before training.
    """
    if best is not None and geometry.mrr < LOWEST_SHARE * best:
        return f"the score fell to {geometry.mrr:.3f} from {best:.3f}: a lower learning rate keeps what was learned"
    if best is not None and start is not None and geometry.mrr >= VOUCHING_SHARE * best and usable(geometry, start):
        return None
    possible = min(geometry.dim, geometry.texts)
    highest, lowest = HIGHEST_COSINE, min(LOWEST_RANK, possible / 4)
    if start is not None and math.isfinite(start.mean_cosine):
        highest = max(highest, (1 + start.mean_cosine) / 2)
    if start is not None and math.isfinite(start.effective_rank):
        lowest = min(lowest, start.effective_rank / 2)
    if geometry.mean_cosine > highest:
        return (
            f"different texts look alike (mean cosine {geometry.mean_cosine:.2f}, healthy is below {highest:.2g}): "
            "a lower learning rate or a higher temperature keeps them apart"
        )
    if geometry.effective_rank < lowest:
        return (
            f"the vectors use {geometry.effective_rank:.1f} of {possible} directions (healthy is above {lowest:.3g}, "
            "unless there are few topics): a lower learning rate or a lower temperature keeps more of them"
        )
    return None


def usable(geometry: Geometry, start: Geometry) -> bool:
    """Whether a space knows which halves belong together.

    They must find each other better, by a tenth, than they did untrained and than they would by chance; or twice as
    well as by chance, as they may from the start where that was no random one. Where many texts are of one topic and of
    nothing else, no half can tell its own from theirs: it is enough that it is more than half of the way nearer to its
    own than to a random text.

    Args:
        geometry: of the held-out texts.
        start: of the same texts before training.
    """
    chance = math.fsum(1 / rank for rank in range(1, geometry.texts + 1)) / max(1, geometry.texts)
    if geometry.mrr > min(MARGIN * max(start.mrr, chance), TWICE * chance):
        return True
    own = 1 - geometry.alignment / 2  # the cosine of two unit vectors whose squared distance is the alignment
    return own - geometry.mean_cosine > BRIDGED * (1 - geometry.mean_cosine)
