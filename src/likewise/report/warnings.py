"""What a practitioner would warn of, looking at the same numbers: what is wrong, and what to do."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from likewise.geometry.similarity import SimilarityHistograms
from likewise.model.card import Card
from likewise.report.curves import OWN, baselines, evaluations, score_at, score_name
from likewise.report.figures import mean_cosines, read_pairs
from likewise.report.sample import Sample, number, readable, shown

__all__ = ["ModelWarning", "find_warnings"]


COLLAPSED_COSINE, CROWDED_COSINE = 0.6, 0.3  # of two texts on average; a healthy space is near 0 to 0.2
COLLAPSED_RANK, LOW_RANK = 0.05, 0.15  # share of the directions that are used
WEAK_SEPARATION = 0.8  # of positive from random pairs, where a tossed coin has 0.5
FEW_TEXTS, MANY_DUPLICATES, MANY_EMPTY, MANY_SKIPPED = 1000, 0.2, 0.05, 0.01
SHORT_TOKENS, LONG_TOKENS = 6, 500  # a text on average
FEW_JUDGED = 100  # held-out texts: the score is then uncertain by 0.03 or more
STILL_RISING = 0.03  # by how much the last quarter raised the best score before it
EARLY_BEST = 0.2  # share of the run
MANY_MASKED = 0.02  # of the pairs in a batch
MANY_UNKNOWN = 0.02  # of the texts of the sample


@dataclass(frozen=True)
class ModelWarning:
    """A warning.

    Attributes:
        serious: whether the model may be of no use.
        said: what was seen.
        advice: what to do; empty where the training itself said both.
    """

    serious: bool
    said: str
    advice: str


def find_warnings(card: Card, sample: Sample) -> tuple[ModelWarning, ...]:
    """All that gives reason to doubt, the serious first."""
    said = [readable(warning, 400) for warning in card.warnings if isinstance(warning, str)]
    found = [ModelWarning(_is_serious(warning), f"{warning[:1].upper()}{warning[1:]}.", "") for warning in said]
    told = " ".join(said)
    checks: tuple[Callable[[], Iterator[ModelWarning]], ...] = (
        lambda: _of_the_space(card, told),
        lambda: _of_the_pairs(read_pairs(card), number(card.scores, "mean cosine")),
        lambda: _of_the_score(card, told),
        lambda: _of_the_run(card, told),
        lambda: _of_the_corpus(card.corpus, told),
        lambda: _of_the_sample(sample),
    )
    found += [warning for check in checks for warning in check()]
    return tuple(sorted(found, key=lambda warning: not warning.serious))


def _is_serious(warning: str) -> bool:
    return any(word in warning for word in ("collapse", "LSA", "never beat"))


def _of_the_space(card: Card, told: str) -> Iterator[ModelWarning]:
    cosine, rank = number(card.scores, "mean cosine"), number(card.scores, "effective rank")
    dim, texts = number(card.scores, "dim"), number(card.scores, "texts")
    if cosine is not None and cosine > CROWDED_COSINE and "look alike" not in told:
        serious = cosine > COLLAPSED_COSINE
        yield ModelWarning(
            serious,
            f"Different texts look alike: two of them have a cosine of {cosine:.2f} on average"
            + (", which is what a collapse looks like." if serious else "; 0 to 0.2 is usual."),
            "Train with a lower temperature or a lower learning rate; see whether texts share a header or footer.",
        )
    if rank is not None and dim and texts and rank < LOW_RANK * min(dim, texts):
        share = rank / min(dim, texts)
        yield ModelWarning(
            share < COLLAPSED_RANK,
            f"The vectors use {rank:.0f} of {min(dim, texts):.0f} directions.",
            "Train with a lower learning rate, or with fewer dimensions: these would hold the same.",
        )


def _of_the_pairs(pairs: SimilarityHistograms | None, cosine: float | None) -> Iterator[ModelWarning]:
    if pairs is None:
        return
    if pairs.separation < WEAK_SEPARATION:
        yield ModelWarning(
            pairs.separation < 0.6,
            "Similarity hardly tells halves of one text from random pairs: the right pair wins "
            f"{100 * pairs.separation:.0f} times of 100.",
            "Give longer or more texts; if texts hold several topics, split them into paragraphs.",
        )
    random = mean_cosines(pairs)[1]
    if random > CROWDED_COSINE and (cosine is None or cosine <= CROWDED_COSINE):  # once is enough
        yield ModelWarning(
            random > COLLAPSED_COSINE,
            f"Random pairs are too similar: their cosines have a mean of {random:.2f}, so a fixed threshold on the "
            "cosine misleads.",
            "Rank by similarity instead, or train with a lower temperature.",
        )


def _of_the_score(card: Card, told: str) -> Iterator[ModelWarning]:
    scores, name = baselines(card), score_name(card)
    own = scores.get(OWN)
    if own is None:
        return
    lsa, untrained = scores.get("LSA"), scores.get("untrained")
    if lsa is not None and own < lsa and "LSA" not in told:
        yield ModelWarning(
            True,
            f"The score is below that of LSA ({name} {own:.3f}, LSA {lsa:.3f}), which takes no training.",
            "Give more text, or train for more epochs; if nothing helps, search by words (--mode text).",
        )
    if untrained is not None and own < 1.2 * untrained and "never beat" not in told:
        yield ModelWarning(
            True,
            f"Training taught little: {name} {own:.3f}, untrained {untrained:.3f}.",
            "See whether the right column was read, and whether texts are long enough to be cut into halves.",
        )
    texts = number(card.scores, "texts")
    if texts is not None and texts < FEW_JUDGED:
        yield ModelWarning(
            False,
            f"The score was taken on {texts:.0f} texts only: differences below {0.8 / max(1.0, texts) ** 0.5:.2f} "
            "may be luck.",
            "Compare settings on a larger corpus, or with several seeds.",
        )


def _of_the_run(card: Card, told: str) -> Iterator[ModelWarning]:
    seen, name = evaluations(card), score_name(card)
    scored = [
        (step, score)
        for look in seen
        if (step := number(look, "step")) is not None and (score := score_at(look, name)) is not None
    ]
    if len(scored) >= 6 and "collapse" not in told:
        last, best = scored[-1][0], max(scored, key=lambda point: point[1])
        before = max(score for step, score in scored if step <= 0.75 * last)
        if best[0] == last and best[1] > (1 + STILL_RISING) * before:
            yield ModelWarning(
                False,
                f"The score still rose at the end, from {before:.3f} to {best[1]:.3f} in the last quarter of the run.",
                f"Train for more epochs, such as {_doubled(card)}.",
            )
        elif best[0] <= EARLY_BEST * last:
            yield ModelWarning(
                False,
                f"The best score came early, at step {best[0]:,.0f} of {last:,.0f}, and was not reached again.",
                "Train with a lower learning rate, or for fewer epochs.",
            )
    masked = [share for look in seen if (share := number(look, "masked")) is not None]
    if masked and max(masked) > MANY_MASKED:
        yield ModelWarning(
            False,
            f"Many texts are nearly the same: up to {100 * max(masked):.0f} % of the pairs in a batch were left out as "
            "near-duplicates.",
            "See whether texts are made of a template, or share long quotations; remove what repeats, or train on one "
            "of each kind.",
        )


def _doubled(card: Card) -> str:
    epochs = number(card.recipe, "epochs")
    return f"--epochs {2 * epochs:.0f}" if epochs else "twice as many"


def _of_the_corpus(facts: Mapping[str, Any], told: str) -> Iterator[ModelWarning]:
    texts, tokens = number(facts, "texts"), number(facts, "tokens")
    if not texts:
        return
    if texts < FEW_TEXTS and "only" not in told:
        yield ModelWarning(
            False,
            f"The corpus holds {texts:,.0f} texts.",
            "Add texts of the same kind, from whatever time or place: a thousand are a beginning.",
        )
    column = "See whether the right column was read"
    parts = (
        ("duplicates", MANY_DUPLICATES, "repeats of others", f"{column}, and how the repeats came about."),
        ("empty", MANY_EMPTY, "without words", f"{column}."),
        ("skipped", MANY_SKIPPED, "in rows that could not be read", "--on-error raise names the first of them."),
    )
    for name, most, what, advice in parts:
        count = number(facts, name) or 0.0
        share = count / (texts + count)
        if share > most:
            yield ModelWarning(False, f"{shown(int(count))} texts ({100 * share:.0f} %) were {what}.", advice)
    if tokens is not None and tokens / texts < SHORT_TOKENS:
        yield ModelWarning(
            False,
            f"The texts are very short: {tokens / texts:.1f} pieces each, so half of one says little of the other.",
            "Join columns that belong together (--text title --text body), or give pairs (--pair).",
        )
    if tokens is not None and tokens / texts > LONG_TOKENS:
        yield ModelWarning(
            False,
            f"The texts are long: {tokens / texts:,.0f} pieces each, of which one vector keeps the average.",
            "Split them into paragraphs before training and search.",
        )


def _of_the_sample(sample: Sample) -> Iterator[ModelWarning]:
    every = len(sample) + sample.unknown
    if every and sample.unknown > MANY_UNKNOWN * every:
        yield ModelWarning(
            False,
            f"{sample.unknown:,} of {every:,} texts shown here hold no word that the model knows.",
            "Train on texts of the same language and kind as those you use.",
        )
