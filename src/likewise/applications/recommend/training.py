"""How the towers are trained: from the closed form on, by sampled softmax, as long as it helps users not to be seen."""

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32, Float64, Int

from likewise.applications.recommend.ease import Basis, joint_basis
from likewise.applications.recommend.interactions import Histories, pooling
from likewise.applications.recommend.towers import Slopes, Towers, power_of_age
from likewise.losses.sampled_softmax import sampled_softmax

__all__ = ["Settings", "chosen_settings", "held_out_ranks", "trained"]

DIM = 256
RIDGES = (30.0, 100.0, 300.0, 1000.0)
TEXT_WEIGHTS = (1.0, 10.0, 100.0)
EXPONENTS = (0.0, 0.25, 0.5, 0.75, 1.0)
MOST_ROUNDS = 80
MOST_LOGIT = 100.0  # a product of a user and an item never makes more: the softmax would see nothing else
LOOK = 10  # rounds between two looks at what was held out
PATIENCE = 3  # looks without anything better, after which there are no further rounds
BATCH = 1024
MOST_JUDGED = 2000  # users whose last items are held out
MOST_SCORES = 50_000_000  # of these users and all items
FEWEST_JUDGED = 20  # with fewer, what is best for them is chance


@dataclass(frozen=True)
class Settings:
    """What the towers depend on beside the data.

    Attributes:
        dim: length of their vectors.
        text_weight: of the texts in the closed form.
        ridge: of the closed form.
        exponent: of the age, in the weight of an item of a history.
        temperature: of the softmax.
        rounds: of training, in each of which every user predicts one item.
        rate: a step, as a share of the root mean square of what it changes.
        dropout: share of items that are without their residual in a round, so that texts learn to do without.
    """

    dim: int = DIM
    text_weight: float = 10.0
    ridge: float = 300.0
    exponent: float = 0.5
    temperature: float = 0.02
    rounds: int = 0
    rate: float = 0.2
    dropout: float = 0.1


def chosen_settings(
    histories: Histories, texts: Float32[np.ndarray, "items text"], rng: np.random.Generator, start: Settings
) -> Settings:
    """The settings with which the latest item of users is found best when it is held out.

    For each weight of the texts, exponent and ridge are varied in turn; then the temperature with which the held
    out items are most likely; then the rounds of training that help. `start` where users are too few to tell.
    """
    users = np.flatnonzero(histories.lengths > 2)
    if len(users) < FEWEST_JUDGED:
        return start
    most = max(FEWEST_JUDGED, min(MOST_JUDGED, MOST_SCORES // len(texts)))
    users = np.sort(rng.permutation(users)[:most])
    shorter = _without_last(histories, users)
    judged = _Judged(shorter, users, histories.items[histories.offsets[users + 1] - 1], texts)
    chosen, best = start, -1.0
    for weight in TEXT_WEIGHTS:
        basis = joint_basis(shorter.matrix(len(texts)), texts, start.dim, weight)
        here = replace(start, text_weight=weight)
        for ways in (_exponents, _ridges, _exponents):
            tried = ways(here)
            gains = [judged.gain(_begun(basis, each)) for each in tried]
            here = tried[int(np.argmax(gains))]
        if max(gains) > best:
            chosen, best, kept = here, max(gains), basis
    begun = _begun(kept, chosen)
    chosen = replace(chosen, temperature=judged.temperature(begun))
    return replace(chosen, rounds=_rounds(shorter, texts, replace(chosen, rounds=MOST_ROUNDS), rng, judged))


def trained(
    histories: Histories, texts: Float32[np.ndarray, "items text"], settings: Settings, rng: np.random.Generator
) -> Towers:
    """Towers of these settings, from all histories."""
    basis = joint_basis(histories.matrix(len(texts)), texts, settings.dim, settings.text_weight)
    run = _Run(_begun(basis, settings), histories, texts, settings)
    for _ in range(settings.rounds):
        run.round(rng)
    return run.towers


def held_out_ranks(
    scores: Float32[np.ndarray, "users items"], seen: Histories, wanted: Int[np.ndarray, " users"]
) -> Float64[np.ndarray, " users"]:
    """How many unseen items are before the wanted one, 0 at best; equal scores count half."""
    rows = np.repeat(np.arange(len(seen)), seen.lengths)
    own = scores[np.arange(len(wanted)), wanted][:, None]
    before, equal = scores > own, scores == own
    before[rows, seen.items], equal[rows, seen.items] = False, False
    ranks: np.ndarray = before.sum(axis=1) + np.maximum(equal.sum(axis=1) - 1, 0) / 2
    return ranks


def _without_last(histories: Histories, users: Int[np.ndarray, " some"]) -> Histories:
    cut = np.zeros(len(histories), np.int64)
    cut[users] = 1
    return Histories.of([histories[user][: len(histories[user]) - cut[user]] for user in range(len(histories))])


def _begun(basis: Basis, settings: Settings) -> Towers:
    spread = basis.spread(settings.ridge)
    recency = power_of_age(settings.exponent)
    return Towers(*basis.shrunk(settings.ridge), recency, settings.temperature, spread)


def _exponents(settings: Settings) -> list[Settings]:
    return [replace(settings, exponent=value) for value in EXPONENTS]


def _ridges(settings: Settings) -> list[Settings]:
    return [replace(settings, ridge=value) for value in RIDGES]


def _rounds(
    histories: Histories, texts: Float32[np.ndarray, "items text"], settings: Settings, rng: np.random.Generator,
    judged: "_Judged",
) -> int:  # fmt: skip
    basis = joint_basis(histories.matrix(len(texts)), texts, settings.dim, settings.text_weight)
    run = _Run(_begun(basis, settings), histories, texts, settings)
    best, rounds = judged.gain(run.towers), 0
    for done in range(1, settings.rounds + 1):
        run.round(rng)
        if done % LOOK == 0 and (gain := judged.gain(run.towers)) > best:
            best, rounds = gain, done
        if done - rounds >= PATIENCE * LOOK:
            break
    return rounds


class _Judged:
    """Users with an item each that was held out."""

    def __init__(
        self, histories: Histories, users: Int[np.ndarray, " some"], wanted: Int[np.ndarray, " some"],
        texts: Float32[np.ndarray, "items text"],
    ) -> None:  # fmt: skip
        self.seen, self.wanted, self.texts = Histories.of([histories[user] for user in users.tolist()]), wanted, texts
        self.pooled = pooling(self.seen, np.arange(len(users)))

    def scores(self, towers: Towers) -> Float32[np.ndarray, "users items"]:
        items = towers.items(self.texts)
        scores: np.ndarray = towers.users(self.pooled, items) @ items.T
        return scores

    def gain(self, towers: Towers) -> float:
        """The mean of `1 / log2(2 + rank)`, the gain of nDCG without a cut."""
        return float(np.mean(1 / np.log2(2 + held_out_ranks(self.scores(towers), self.seen, self.wanted))))

    def temperature(self, towers: Towers) -> float:
        """With which the held out items are most likely."""
        scores = self.scores(towers)
        largest = float(np.abs(scores).max()) + 1e-6
        rows = np.repeat(np.arange(len(self.seen)), self.seen.lengths)
        scores[rows, self.seen.items] = -np.inf
        own = scores[np.arange(len(self.wanted)), self.wanted]
        highest = scores.max(axis=1)
        found = []
        candidates = largest * np.geomspace(0.01, 3, 24)
        for each in candidates:
            total = np.log(np.exp((scores - highest[:, None]) / each).sum(axis=1)) + highest / each
            found.append(float(np.mean(total - own / each)))
        return float(candidates[int(np.argmin(found))])


class _Run:
    """Training from round to round: row-wise Adagrad on residuals, Adagrad on the rest."""

    def __init__(
        self, towers: Towers, histories: Histories, texts: Float32[np.ndarray, "items text"], settings: Settings
    ) -> None:
        self.towers, self.histories, self.texts, self.settings = towers, histories, texts, settings
        self.users = np.flatnonzero(histories.lengths > 1)
        self.chosen = histories.matrix(len(texts))
        # In a round, a user predicts one of the items after the first: how often each item is expected to be that.
        share = np.zeros(len(histories))
        share[self.users] = 1 / (histories.lengths[self.users] - 1)
        each = np.repeat(share, histories.lengths)
        each[histories.offsets[:-1][histories.lengths > 0]] = 0.0
        self.expected = np.bincount(histories.items, each, minlength=len(texts)).astype(np.float32)
        self.squares = Slopes(*(np.zeros_like(part) for part in (towers.texts_map, towers.residual, towers.recency)))
        known = towers.residual[towers.residual.any(axis=1)]
        self.steps = [settings.rate * float(np.sqrt(np.mean(part**2))) if part.size else 0.0
                      for part in (towers.texts_map, known)]  # fmt: skip

    def round(self, rng: np.random.Generator) -> None:
        """Every user predicts one item from those before it."""
        order = rng.permutation(self.users)
        for at in range(0, len(order), BATCH):
            self._step(order[at : at + BATCH], rng)

    def _step(self, users: Int[np.ndarray, " batch"], rng: np.random.Generator) -> None:
        if len(users) < 2:
            return
        towers, histories = self.towers, self.histories
        ends = 1 + rng.integers(0, histories.lengths[users] - 1)
        wanted = histories.items[histories.offsets[users] + ends]
        pooled = pooling(histories, users, ends)
        # Only what stands in the histories and among the wanted is moved.
        rows, placed = np.unique(np.concatenate([pooled.items, wanted]), return_inverse=True)
        pooled = replace(pooled, items=placed[: len(pooled.items)].astype(np.int32))
        positive = placed[len(pooled.items) :]
        part = replace(towers, residual=towers.residual[rows])
        kept = (rng.random(len(rows)) >= self.settings.dropout).astype(np.float32)
        items = part.items(self.texts[rows], kept)
        anchors = part.users(pooled, items)
        allowed = self.chosen[users][:, wanted].toarray() == 0
        expected = self.expected[wanted] * (len(users) - 1) / len(self.users)
        longest = (float(np.linalg.norm(side, axis=1).max()) for side in (anchors, items))
        temperature = max(towers.temperature, math.prod(longest) / MOST_LOGIT)
        found = sampled_softmax(anchors, items[positive], expected=expected, allowed=allowed, temperature=temperature)
        by_items = np.zeros_like(items)
        np.add.at(by_items, positive, found.candidates)
        slopes = part.slopes(pooled, self.texts[rows], items, found.anchors, by_items, kept)
        self._move(slopes, rows)

    def _move(self, slopes: Slopes, rows: Int[np.ndarray, " rows"]) -> None:
        towers, squares, (map_step, row_step) = self.towers, self.squares, self.steps
        squares.texts_map[...] += slopes.texts_map**2
        towers.texts_map -= map_step * slopes.texts_map / np.sqrt(squares.texts_map + 1e-12)
        squares.residual[rows] += np.mean(slopes.residual**2, axis=1, keepdims=True)
        towers.residual[rows] -= row_step * slopes.residual / np.sqrt(squares.residual[rows] + 1e-12)
        squares.recency[...] += slopes.recency**2
        towers.recency -= 0.05 * slopes.recency / np.sqrt(squares.recency + 1e-12)
