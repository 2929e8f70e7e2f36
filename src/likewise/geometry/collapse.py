"""Collapse: whether the embeddings of different texts have become alike, and whether a space is of any use."""

import math

from likewise.geometry.measure import Geometry

MAX_COSINE = 0.6  # mean of two different texts
MIN_RANK = 10.0
MIN_SCORE_SHARE = 0.5  # of the best score
GOOD_SCORE_SHARE = 0.75  # of the best score: a space that reaches it has not collapsed
MARGIN = 1.1  # times the score of the untrained encoder and of chance
TWICE = 2.0  # times the score of chance
BRIDGED = 0.5  # share of the distance from a random text that the other half of a text must have come nearer


def collapse(geometry: Geometry, *, best: float | None = None, start: Geometry | None = None) -> str | None:
    """Describe in one sentence how a space has collapsed; None if it has not.

    A space has collapsed if two different texts have a mean cosine above 0.6; if its effective rank is below 10, or
    below a quarter of min(dim, texts) if that is less; or if the score is below half of the best. NaN raises no alarm.

    Texts may resemble each other from the start, so with `start` the mean cosine must have come at least half of the
    way from its first value to 1, and the rank must have halved. A usable space whose score is at least three quarters
    of the best has not collapsed either: partners may find each other within a narrow cone, and three topics need only
    three directions.

    Args:
        geometry: of the held-out texts.
        best: the best MRR of the run so far.
        start: the geometry of the same texts before training.
    """
    if best is not None and geometry.mrr < MIN_SCORE_SHARE * best:
        return f"the score fell to {geometry.mrr:.3f} from {best:.3f}: a lower learning rate keeps what was learned"
    if best is not None and start is not None and geometry.mrr >= GOOD_SCORE_SHARE * best and usable(geometry, start):
        return None
    possible = min(geometry.dim, geometry.texts)
    highest, lowest = MAX_COSINE, min(MIN_RANK, possible / 4)
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
    """Whether the halves of a text find each other better than before training and better than by chance.

    The MRR must be a tenth above that of the untrained encoder and of chance, or twice that of chance (an encoder with
    pretrained weights starts high). If many texts are about one topic and nothing else, no ranking can separate them:
    then it is enough that the two halves of a text are more than half of the way nearer to each other than random texts
    are.

    Args:
        geometry: of the held-out texts.
        start: the geometry of the same texts before training.
    """
    chance = math.fsum(1 / rank for rank in range(1, geometry.texts + 1)) / max(1, geometry.texts)
    if geometry.mrr > min(MARGIN * max(start.mrr, chance), TWICE * chance):
        return True
    cosine = 1 - geometry.alignment / 2  # of the two halves: |a - b|² = 2 - 2 cos for unit vectors
    return cosine - geometry.mean_cosine > BRIDGED * (1 - geometry.mean_cosine)
