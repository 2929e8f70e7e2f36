"""A map of the sample: texts that the model finds alike lie near each other."""

import numpy as np
from jaxtyping import Float, Float32

from likewise.report.clusters import Clusters
from likewise.report.figures import COLOURS, Drawn, drawn, new_figure, plot_text
from likewise.report.sample import Sample, readable

__all__ = ["draw_map", "positions"]


COMPONENTS = 50  # that PCA leaves for t-SNE, as its authors do
PERPLEXITY = 30.0
ITERATIONS = 500  # a thousand points move little after these
FEWEST = 12  # texts; of fewer, t-SNE makes a pattern out of nothing
HOVER_CHARACTERS, HOVER_WIDTH = 300, 60


def positions(vectors: Float32[np.ndarray, "texts dim"]) -> Float[np.ndarray, "texts 2"] | None:
    """Places in the plane: PCA, then t-SNE (van der Maaten and Hinton 2008) begun from PCA's first two components.

    The same vectors on the same machine give the same places. Of fewer than 12 texts PCA alone; None where all vectors
    are equal.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    if len(vectors) < 2 or float(vectors.var(axis=0).sum()) < 1e-6:
        return None
    double = vectors.astype(np.float64)
    reduced = PCA(min(COMPONENTS, *vectors.shape), svd_solver="full").fit_transform(double)
    if reduced.shape[1] == 1:
        reduced = np.hstack([reduced, np.zeros_like(reduced)])
    begin: Float[np.ndarray, "texts 2"] = reduced[:, :2] / reduced[:, 0].std()
    if len(vectors) < FEWEST:
        return begin
    perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
    start = 1e-4 * begin.astype(np.float32)
    found = TSNE(perplexity=perplexity, init=start, max_iter=ITERATIONS, random_state=0).fit_transform(reduced)
    return np.asarray(found, np.float64)


def draw_map(sample: Sample, clusters: Clusters | None) -> Drawn | None:
    """The map with the beginning of each text on hover; None where there is nothing to map."""
    places = positions(sample.vectors)
    if places is None or clusters is None:
        return None
    figure = new_figure("", "")
    for label, name in enumerate(clusters.names):
        rows = np.flatnonzero(clusters.labels == label)
        figure.add_scatter(
            x=places[rows, 0].astype(np.float32),
            y=places[rows, 1].astype(np.float32),
            mode="markers",
            name=plot_text(f"{readable(name, 60)} ({len(rows)})"),
            marker={"color": COLOURS[label % len(COLOURS)], "size": 7, "opacity": 0.8, "line": {"width": 0}},
            hoverinfo="text",
            hovertext=[plot_text(readable(sample.texts[row], HOVER_CHARACTERS), HOVER_WIDTH) for row in rows],
        )
    bare = {"showticklabels": False, "showgrid": False}
    figure.update_layout(
        showlegend=True,
        xaxis=bare,
        yaxis=bare | {"scaleanchor": "x"},
        legend={"orientation": "v", "x": 1.01, "y": 0.94, "xanchor": "left", "yanchor": "top"},
        dragmode="pan",
    )
    return drawn(
        figure,
        f"Map of {len(sample)} texts in {len(clusters.names)} groups",
        "Near means similar. Distances between groups and their sizes mean little in such a map; groups are k-means "
        "clusters of the vectors themselves, named by the words that tell them from the rest. A click on a name hides "
        "the group, two clicks hide the others.",
        height=620,
        tools=True,
    )
