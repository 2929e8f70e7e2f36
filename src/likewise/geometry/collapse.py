"""Whether a space has collapsed, told in plain words."""

from likewise.geometry.measure import Geometry

__all__ = ["collapse"]

HIGHEST_COSINE = 0.6  # of two different texts
LOWEST_RANK = 10.0
LOWEST_SHARE = 0.5  # of the best score


def collapse(geometry: Geometry, *, best: float | None = None) -> str | None:
    """What is wrong with a space, in one sentence; None when nothing is.

    The alarms: two different texts have a cosine above 0.6 on average; fewer than 10 directions are used, or less than
    a quarter of those that there could be where dimensions or texts are few; the score is below half of the best.
    A number that could not be measured raises none.

    Args:
        geometry: of the held-out texts.
        best: the best MRR of the run so far.
    """
    possible = min(geometry.dim, geometry.texts)
    lowest = min(LOWEST_RANK, possible / 4)
    if geometry.mean_cosine > HIGHEST_COSINE:
        return (
            f"different texts look alike (mean cosine {geometry.mean_cosine:.2f}, healthy is below {HIGHEST_COSINE}): "
            "a lower learning rate or a lower temperature spreads them"
        )
    if geometry.effective_rank < lowest:
        return (
            f"the vectors use {geometry.effective_rank:.1f} of {possible} directions (healthy is above {lowest:.3g}): "
            "a lower learning rate keeps more of them"
        )
    if best is not None and geometry.mrr < LOWEST_SHARE * best:
        return f"the score fell to {geometry.mrr:.3f} from {best:.3f}: a lower learning rate keeps what was learned"
    return None
