"""Positions in the plane, near for similar texts: PaCMAP (Wang et al. 2021) of some texts, the others next to them.

Of 300,000 texts, PaCMAP of all took seven times as long as of 50,000 with the others placed, and 2 % of the ten nearest
neighbours of a text were among the 50 nearest on the map, here 9 %. Texts that are added later are placed likewise.
"""

import io
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any

import numpy as np

from likewise.arrays import Float, Float32, Int64
from likewise.errors import LikewiseError

LANDMARKS = 50_000  # texts that PaCMAP places; the others stand next to the most similar one of these
COMPONENTS = 100  # of PCA, which is quicker and as good as all; PaCMAP reduces to as many itself
MIN_TEXTS = 50  # with fewer, PaCMAP makes a pattern out of nothing
SEED = 0
MANY = 8192  # texts among which, and of which, an inverted file is quicker
ITERATIONS = 450  # of PaCMAP
CLOSE = 0.5  # distance to the landmark of a text, at most, in distances between that landmark and its neighbour
_SEARCHED = 8  # of the lists of the inverted file, of which there are as many as the root of the landmarks
_GOLDEN_ANGLE, _GOLDEN_RATIO = 2.399963229728653, 0.6180339887498949


@dataclass(frozen=True)
class Projection:
    """Places vectors next to the landmarks of a map.

    Attributes:
        mean: of the vectors.
        components: of PCA.
        landmarks: after PCA.
        positions: of the landmarks.
        spacing: distance in the plane from each landmark to its nearest neighbour.
    """

    mean: Float32[np.ndarray, " dim"]
    components: Float32[np.ndarray, "components dim"]
    landmarks: Float32[np.ndarray, "landmarks components"]
    positions: Float32[np.ndarray, "landmarks 2"]
    spacing: Float32[np.ndarray, " landmarks"]

    @classmethod
    def fit(
        cls, vectors: Float32[np.ndarray, "texts dim"], progress: Callable[[float], None] = lambda share: None
    ) -> "Projection":
        """Place landmarks. The same vectors on the same machine give the same positions.

        Args:
            vectors: of the landmarks, at least one.
            progress: called with the share that is done.

        Raises:
            LikewiseError: PaCMAP is not installed, or failed.
        """
        from sklearn.decomposition import PCA

        count, dim = vectors.shape
        flat = float(vectors.var(axis=0).sum()) < 1e-6  # one text, or equal ones: nothing to choose axes by
        mean, components = vectors.mean(axis=0), np.eye(1, dim, dtype=np.float32)
        if not flat:
            components = PCA(min(COMPONENTS, count, dim), random_state=SEED).fit(vectors).components_.astype(np.float32)
        reduced = (vectors - mean) @ components.T
        start = np.pad(reduced, ((0, 0), (0, max(0, 2 - reduced.shape[1]))))[:, :2]
        found = start if count < MIN_TEXTS or flat else _pacmap(reduced, start, progress)
        return cls(mean, components, reduced, *_scaled(found))

    def place(
        self, parts: Iterable[tuple[Int64[np.ndarray, " texts"], Float[np.ndarray, "texts dim"]]], count: int
    ) -> Iterator[tuple[Float32[np.ndarray, "texts 2"], Int64[np.ndarray, " texts"]]]:
        """Place texts around the landmark that is most similar to each.

        Args:
            parts: numbers of texts, which decide the direction in which each lies from its landmark; and their vectors.
            count: how many texts there are, about.

        Yields:
            Positions, and the landmark of each text.
        """
        search = self._search(count)
        for numbers, vectors in parts:
            reduced = (vectors.astype(np.float32) - self.mean) @ self.components.T
            nearest = search.search(reduced, 1)[1][:, 0]
            # The seeds of a sunflower: numbers in a row lie evenly over a disc, each always in the same place.
            angles, radii = numbers * _GOLDEN_ANGLE, CLOSE * np.sqrt(numbers * _GOLDEN_RATIO % 1)
            away = (radii * self.spacing[nearest])[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
            yield np.clip(self.positions[nearest] + away, 0, 1).astype(np.float32), nearest

    def _search(self, texts: int) -> Any:
        """Return an index of faiss: of all landmarks for few texts, of lists of them for many."""
        import faiss

        count, components = self.landmarks.shape
        index: Any = faiss.IndexFlatL2(components)
        if texts > MANY and count > MANY:
            lists = int(count**0.5)
            index = faiss.IndexIVFFlat(index, components, lists)
            index.nprobe, index.cp.niter, index.cp.seed = _SEARCHED, 8, SEED
            index.cp.max_points_per_centroid = 64
            index.train(self.landmarks)
        index.add(self.landmarks)
        return index


def _pacmap(
    reduced: Float32[np.ndarray, "texts components"],
    start: Float32[np.ndarray, "texts 2"],
    progress: Callable[[float], None],
) -> Float32[np.ndarray, "texts 2"]:
    try:
        from pacmap import PaCMAP
    except ImportError as error:
        raise LikewiseError("a map needs PaCMAP: pip install 'likewise[serve]'") from error
    with _quiet("pacmap.pacmap"), redirect_stdout(_Iterations(progress)):
        found = PaCMAP(random_state=SEED, apply_pca=False, verbose=True).fit_transform(reduced, init=start)
    if not np.isfinite(found).all():
        raise LikewiseError("PaCMAP found no positions: are the vectors of the index finite and different?")
    return np.asarray(found, np.float32)


class _Iterations(io.TextIOBase):
    """Reads the progress of PaCMAP, which has no other way to report it, from what it prints."""

    def __init__(self, progress: Callable[[float], None]) -> None:
        self._progress = progress

    def write(self, text: str) -> int:
        if text.startswith("Iteration:"):
            iteration = text.removeprefix("Iteration:").split(",")[0].strip()
            self._progress(min(1.0, int(iteration) / ITERATIONS) if iteration.isdigit() else 0.0)
        return len(text)


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Switch off the warnings of a library, which are about a fixed seed and few texts."""
    logger = logging.getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _drawn_together(found: Float[np.ndarray, "texts 2"]) -> Float[np.ndarray, "texts 2"]:
    """Turn the plane so that it is wide rather than high, and bring far islands nearer.

    Distances between far groups of PaCMAP mean nothing, but leave most of a map empty. Here distances from the centre
    grow as their logarithm where they are large, which keeps what is near near.
    """
    centred = found - np.median(found, axis=0)
    radii = np.linalg.norm(centred, axis=1)
    typical = 0.5 * float(np.median(radii)) or 1.0
    nearer = centred * (np.arcsinh(radii / typical) / np.maximum(radii / typical, 1e-9))[:, None]
    axes = np.linalg.eigh(np.cov(nearer.T) if len(nearer) > 1 else np.eye(2))[1]
    turned: np.ndarray = nearer @ axes[:, ::-1]
    return turned


def _scaled(
    found: Float[np.ndarray, "texts 2"],
) -> tuple[Float32[np.ndarray, "texts 2"], Float32[np.ndarray, " texts"]]:
    """Return positions between 0.02 and 0.98, the same scale in both directions, and the spacing of each."""
    from sklearn.neighbors import KDTree

    found = _drawn_together(np.asarray(found, np.float64))
    centre = (found.max(axis=0) + found.min(axis=0)) / 2
    size = float(np.ptp(found, axis=0).max())
    positions = ((found - centre) / (size or 1.0) * 0.96 + 0.5).astype(np.float32)
    if len(positions) < 2:
        return positions, np.full(len(positions), 0.02, np.float32)
    spacing = KDTree(positions).query(positions, 2)[0][:, 1]
    least = float(np.median(spacing)) or 0.002  # also of texts that are equal
    return positions, np.clip(spacing, least, 0.05).astype(np.float32)
