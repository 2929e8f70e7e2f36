"""Unlabelled texts teach the probe the words that no labelled text has: self-training.

A probe says what the unlabelled texts are. The half of each class that it is surest of is added with what it said as
their label, each counting a tenth of a true one, and the probe is fitted anew (Scudder 1965; Yarowsky 1995), once: each
further round costs as much and adds what the first one got wrong. How many texts a class has is left to the probe:
labels are mostly given to as many of each, and to take as many of a class that is rare would fill it with others. It
helps where a class is more than the words of its few examples, as a sentiment is; it can mislead where the classes are
not what sets the texts apart most. So whoever uses it compares on held-out labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from likewise.applications.classify.contrastive import FineTuning
from likewise.applications.classify.cross_validation import HeldOut, held_out
from likewise.applications.classify.features import CountedTerms, Features, share_of_words
from likewise.applications.classify.probe import Probe, Span, fit_probe

__all__ = ["MOST_UNLABELLED", "Learned", "Learning", "self_trained"]


MOST_UNLABELLED = 10_000  # texts that are read
SHARE = 0.5  # of the texts that the probe takes for a class that are added, the surest ones
WEIGHT = 0.1  # of a text whose label was guessed


def self_trained(
    probe: Probe, features: Any, numbers: Int64[np.ndarray, " texts"], unlabelled: Any, classes: int
) -> Probe:
    """The probe after it has learned from its own surest answers.

    Args:
        probe: fitted on the labelled texts.
        features: of the labelled texts.
        numbers: their classes.
        unlabelled: features of other texts.
        classes: how many there are.
    """
    from scipy.sparse import csr_array, issparse, vstack

    rows, guessed = _surest(probe.logits(unlabelled))
    both = (features, unlabelled[rows])
    joined = csr_array(vstack(both)) if issparse(features) else np.concatenate(both)
    weights = np.concatenate([np.ones(len(numbers)), np.full(len(rows), WEIGHT)])
    return fit_probe(joined, np.concatenate([numbers, guessed]), classes, weights)


def _surest(logits: Float64[np.ndarray, "texts classes"]) -> tuple[np.ndarray, np.ndarray]:
    """Of the texts that are likeliest of each class a share, those with the highest probability, and their classes."""
    highest = logits.max(axis=1)
    likeliest, unsure = logits.argmax(axis=1), np.exp(logits - highest[:, None]).sum(axis=1)  # one by its probability
    rows = []
    for number in range(logits.shape[1]):
        own = np.flatnonzero(likeliest == number)
        rows.append(own[np.argsort(unsure[own], kind="stable")[: round(SHARE * len(own))]])
    surest = np.concatenate(rows)
    return surest, likeliest[surest]


REPEATS = 4  # of cross-validation, where a fit takes milliseconds
FEWEST_UNLABELLED = 100  # texts, for anything to be learned from them
FEW_FITS = 2_000_000  # of labelled texts squared times classes, up to which it does


@dataclass(frozen=True)
class Learned:
    """What came of it.

    Attributes:
        features: what a text is to the probe.
        probe: fitted on all labelled texts.
        held: what probes say of labelled texts that they have not seen.
        self_trained: whether unlabelled texts were learned from.
    """

    features: Features
    probe: Probe
    held: HeldOut | None
    self_trained: bool


class Learning:
    """Labelled texts, and the ways to learn from them.

    Args:
        texts: with labels.
        numbers: their classes.
        classes: how many there are.
        encoder: anything with `encode`.
        unlabelled: more texts.
        ngrams: whether words and pairs of words stand beside the embedding.
        contrastive: whether the encoder is moved by the labels.
        seed: of everything random.
    """

    def __init__(
        self,
        texts: Sequence[str],
        numbers: Int64[np.ndarray, " texts"],
        classes: int,
        encoder: Any,
        unlabelled: Sequence[str] = (),
        *,
        ngrams: bool = True,
        contrastive: bool = False,
        seed: int = 0,
    ) -> None:
        self.texts, self.numbers, self.classes, self.seed = texts, numbers, classes, seed
        rng = np.random.default_rng([seed, 1])
        drawn = np.sort(rng.permutation(len(unlabelled))[:MOST_UNLABELLED])
        self.unlabelled = [unlabelled[row] for row in drawn if unlabelled[row].strip()]
        self._terms = CountedTerms(texts, self.unlabelled) if ngrams else None
        words, rows = self._terms.ngrams() if self._terms else (None, None)
        self.features = Features(encoder, words, share_of_words(len(texts), classes))
        self._tuning = FineTuning(encoder) if contrastive else None
        self._vectors = None if contrastive else self.features.vectors(texts)
        self._words = None if rows is None else rows[: len(texts)]

    def learn(self) -> Learned:
        """Fit on all, and on all but a part of them in turns."""
        if self._tuning is not None:
            return self._fine_tuned(self._tuning)
        span = Span.of(self.features.of(self.texts, self._vectors, self._words))
        quick = len(self.texts) ** 2 * self.classes <= FEW_FITS

        def fit(learned: np.ndarray, asked: np.ndarray) -> np.ndarray:
            return fit_probe(span.rows[learned], self.numbers[learned], self.classes).logits(span.rows[asked])

        held = held_out(self.texts, self.numbers, fit, self._rng(3), REPEATS if quick else 1)
        probe = span.whole(fit_probe(span.rows, self.numbers, self.classes))
        if len(self.unlabelled) >= FEWEST_UNLABELLED and held is not None:
            return self._with_unlabelled(probe, held)
        return Learned(self.features, probe, held, False)

    def _with_unlabelled(self, probe: Probe, held: HeldOut) -> Learned:
        """Self-training, unless clearly fewer held-out labels are right with it."""
        words, counted = self._terms.ngrams(wide=True) if self._terms else (None, None)
        wide, labelled = replace(self.features, ngrams=words), len(self.texts)
        rows = wide.of(self.texts, self._vectors, None if counted is None else counted[:labelled])
        others = wide.of(self.unlabelled, None, None if counted is None else counted[labelled:])

        def trained(learned: np.ndarray) -> Probe:
            span = Span.of(rows[learned])
            first = span.whole(fit_probe(span.rows, self.numbers[learned], self.classes))
            return self_trained(first, rows[learned], self.numbers[learned], others, self.classes)

        found = held_out(
            self.texts, self.numbers, lambda learned, asked: trained(learned).logits(rows[asked]), self._rng(3)
        )
        if found is None or self._clearly_worse(found, held):
            return Learned(self.features, probe, held, False)
        return Learned(wide, trained(np.arange(len(self.texts))), found, True)

    def _fine_tuned(self, tuning: FineTuning) -> Learned:
        """With the encoder moved by the labels: anew for each part, or else the estimate would be of what was seen."""

        def tuned(learned: np.ndarray) -> tuple[Features, Any]:
            texts = [self.texts[row] for row in learned]
            encoder = tuning.moved(texts, self.numbers[learned], self._rng(4))
            moved = replace(self.features, encoder=encoder)
            span = Span.of(moved.of(texts))
            return moved, span.whole(fit_probe(span.rows, self.numbers[learned], self.classes))

        def fit(learned: np.ndarray, asked: np.ndarray) -> np.ndarray:
            moved, probe = tuned(learned)
            logits: np.ndarray = probe.logits(moved.of([self.texts[row] for row in asked]))
            return logits

        held = held_out(self.texts, self.numbers, fit, self._rng(3))
        features, probe = tuned(np.arange(len(self.texts)))
        return Learned(features, probe, held, False)

    def _clearly_worse(self, found: HeldOut, before: HeldOut) -> bool:
        """Whether fewer of the held-out labels are right than before, by more than the standard error of that."""
        now, then = self._right(found), self._right(before)
        gains = (now - then)[np.isfinite(now - then)]
        return bool(gains.mean() < -gains.std() / np.sqrt(len(gains)))

    def _right(self, held: HeldOut) -> Float64[np.ndarray, " texts"]:
        """How often each label is right; NaN where it was not held out."""
        times = np.bincount(held.rows, minlength=len(self.texts)).astype(np.float64)
        right = held.logits.argmax(axis=1) == self.numbers[held.rows]
        times[times == 0] = np.nan
        return np.asarray(np.bincount(held.rows, right, len(self.texts)) / times)

    def _rng(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, purpose])
