"""How similar positive and random pairs are, as the card's histograms tell."""

import numpy as np

from likewise.geometry.similarity import SimilarityHistograms
from likewise.model.card import Card
from likewise.report.figure import COLOURS, Drawn, drawn, new_figure

__all__ = ["draw_pairs", "mean_cosines", "read_pairs"]


def read_pairs(card: Card) -> SimilarityHistograms | None:
    """The histograms of a card; None where there are none, or none that hang together."""
    try:
        edges = np.array(card.pairs["edges"], np.float64)
        positive, random = (np.array(card.pairs[name], np.int64) for name in ("positive", "random"))
        found = SimilarityHistograms(edges, positive, random)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    rising = edges.ndim == 1 and len(edges) > 1 and bool((np.diff(edges) > 0).all())
    fits = positive.shape == random.shape == (len(edges) - 1,) if rising else False
    return found if fits and min(positive.min(), random.min()) >= 0 and positive.sum() and random.sum() else None


def mean_cosines(pairs: SimilarityHistograms) -> tuple[float, float]:
    """Of positive and of random pairs, by the middles of the bins."""
    middles = (pairs.edges[:-1] + pairs.edges[1:]) / 2
    positive, random = (float(middles @ counts / counts.sum()) for counts in (pairs.positive, pairs.random))
    return positive, random


def draw_pairs(pairs: SimilarityHistograms) -> Drawn:
    """Both distributions over each other."""
    figure = new_figure("cosine", "% of the pairs", legend=True)
    means = mean_cosines(pairs)
    kinds = (
        ("two random texts", pairs.random, COLOURS[1], means[1]),
        ("two halves of a text", pairs.positive, COLOURS[0], means[0]),
    )
    for name, counts, colour, mean in kinds:
        shares = 100 * counts / counts.sum()
        hover = [
            f"{share:.1f} % of {name} have a cosine from {low:.2f} to {high:.2f}"
            for share, low, high in zip(shares, pairs.edges[:-1], pairs.edges[1:], strict=True)
        ]
        figure.add_bar(
            x=(pairs.edges[:-1] + pairs.edges[1:]) / 2, y=shares, width=np.diff(pairs.edges), name=name,
            marker={"color": colour, "opacity": 0.6, "line": {"width": 0}}, hoverinfo="text", hovertext=hover,
        )  # fmt: skip
        figure.add_vline(x=mean, line={"dash": "dot", "width": 2, "color": colour})
    some = np.flatnonzero(pairs.positive + pairs.random)
    shown = [pairs.edges[max(0, some[0] - 1)], pairs.edges[min(len(pairs.edges) - 1, some[-1] + 2)]]
    figure.update_layout(barmode="overlay", bargap=0, xaxis={"range": shown}, yaxis={"rangemode": "tozero"})
    caption = (
        f"Dotted lines are the means, {means[0]:.2f} and {means[1]:.2f}. A pair of halves is more similar than a "
        f"random pair {100 * pairs.separation:.1f} times of 100 (50 would be chance), and the two share "
        f"{100 * pairs.overlap:.0f} % of their area."
    )
    return drawn(figure, f"Two distributions of cosines: {caption}", caption, height=340)
