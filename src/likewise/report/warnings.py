"""Warnings: what a practitioner would see in the numbers of a model card, and what to do about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from likewise.geometry.similarity import SimilarityHistograms
from likewise.model.card import Card
from likewise.report.figures import MODEL, baselines, evaluations, mean_cosines, read_pairs
from likewise.report.sample import Sample, number, readable, shown

COLLAPSED_COSINE, CROWDED_COSINE = 0.6, 0.3  # of two texts on average; a healthy space is near 0 to 0.2
COLLAPSED_RANK, LOW_RANK = 0.05, 0.15  # share of the directions that are used
WEAK_SEPARATION = 0.8  # of positive from random pairs; chance is 0.5
FEW_TEXTS, MANY_DUPLICATES, MANY_EMPTY, MANY_SKIPPED = 1000, 0.2, 0.05, 0.01
SHORT_TOKENS, LONG_TOKENS = 6, 500  # a text on average
FEW_HELD_OUT = 100  # texts: the score is then uncertain by 0.03 or more
STILL_RISING = 0.03  # by how much the last quarter raised the best score before it
EARLY_BEST = 0.2  # share of the run
MANY_MASKED = 0.02  # of the pairs in a batch
MANY_UNKNOWN = 0.02  # of the texts of the sample


@dataclass(frozen=True)
class ModelWarning:
    """A warning.

    Attributes:
        serious: whether the model may be useless.
        message: what is wrong.
        advice: what to do; empty if the message has it.
    """

    serious: bool
    message: str
    advice: str


def find_warnings(card: Card, sample: Sample) -> tuple[ModelWarning, ...]:
    """All warnings, the serious first; those of the training are not repeated in other words."""
    known = [readable(warning, 400) for warning in card.warnings if isinstance(warning, str)]
    found = [ModelWarning(_is_serious(warning), f"{warning[:1].upper()}{warning[1:]}.", "") for warning in known]
    given = " ".join(known)
    found += [
        *_of_the_space(card, given),
        *_of_the_pairs(read_pairs(card), number(card.scores, "mean cosine")),
        *_of_the_score(card, given),
        *_of_the_run(card, given),
        *_of_the_corpus(card.corpus, given),
        *_of_the_sample(sample),
    ]
    return tuple(sorted(found, key=lambda warning: not warning.serious))


def _is_serious(warning: str) -> bool:
    return any(word in warning for word in ("collapse", "LSA", "never beat"))


def _of_the_space(card: Card, given: str) -> Iterator[ModelWarning]:
    cosine, rank = number(card.scores, "mean cosine"), number(card.scores, "effective rank")
    dim, texts = number(card.scores, "dim"), number(card.scores, "texts")
    if cosine is not None and cosine > CROWDED_COSINE and "look alike" not in given:
        serious = cosine > COLLAPSED_COSINE
        yield ModelWarning(
            serious,
            f"Different texts have similar embeddings: their mean cosine is {cosine:.2f}"
            + (", as in a collapse." if serious else "; 0 to 0.2 is usual."),
            "Train with a lower temperature or learning rate; check whether texts share a header or footer.",
        )
    if rank is not None and dim and texts and rank < LOW_RANK * min(dim, texts):
        share = rank / min(dim, texts)
        yield ModelWarning(
            share < COLLAPSED_RANK,
            f"The effective rank of the embeddings is {rank:.0f} of {min(dim, texts):.0f}.",
            "Train with a lower learning rate, or with fewer dimensions, which would hold the same.",
        )


def _of_the_pairs(pairs: SimilarityHistograms | None, cosine: float | None) -> Iterator[ModelWarning]:
    if pairs is None:
        return
    if pairs.separation < WEAK_SEPARATION:
        yield ModelWarning(
            pairs.separation < 0.6,
            "Similarity hardly separates halves of a text from random pairs: a positive pair is more similar in only "
            f"{100 * pairs.separation:.0f} % of comparisons.",
            "Use longer or more texts; split texts with several topics into paragraphs.",
        )
    random = mean_cosines(pairs)[1]
    if random > CROWDED_COSINE and (cosine is None or cosine <= CROWDED_COSINE):  # once is enough
        yield ModelWarning(
            random > COLLAPSED_COSINE,
            f"Random pairs are too similar: their mean cosine is {random:.2f}, so a fixed threshold misleads.",
            "Rank by similarity instead, or train with a lower temperature.",
        )


def _of_the_score(card: Card, given: str) -> Iterator[ModelWarning]:
    scores = baselines(card)
    score = scores.get(MODEL)
    if score is None:
        return
    lsa, untrained = scores.get("LSA"), scores.get("untrained")
    if lsa is not None and score < lsa and "LSA" not in given:
        yield ModelWarning(
            True,
            f"The score is below that of LSA (MRR {score:.3f}, LSA {lsa:.3f}), which needs no training.",
            "Use more text, or train for more epochs; if nothing helps, search by words (--mode text).",
        )
    if untrained is not None and score < 1.2 * untrained and "never beat" not in given:
        yield ModelWarning(
            True,
            f"Training improved the score little: MRR {score:.3f}, untrained {untrained:.3f}.",
            "Check that the right column was read, and that texts are long enough to split into halves.",
        )
    texts = number(card.scores, "texts")
    if texts is not None and texts < FEW_HELD_OUT:
        yield ModelWarning(
            False,
            f"The score was measured on {texts:.0f} texts only: differences below {0.8 / max(1.0, texts) ** 0.5:.2f} "
            "may be noise.",
            "Compare settings on a larger corpus, or with several seeds.",
        )


def _of_the_run(card: Card, given: str) -> Iterator[ModelWarning]:
    history = evaluations(card)
    scored = [
        (step, score)
        for each in history
        if (step := number(each, "step")) is not None and (score := number(each, "mrr")) is not None
    ]
    if len(scored) >= 6 and "collapse" not in given:
        last, best = scored[-1][0], max(scored, key=lambda point: point[1])
        before = max(score for step, score in scored if step <= 0.75 * last)
        if best[0] == last and best[1] > (1 + STILL_RISING) * before:
            yield ModelWarning(
                False,
                f"The score was still rising: from {before:.3f} to {best[1]:.3f} in the last quarter of the run.",
                f"Train for more epochs, such as {_doubled(card)}.",
            )
        elif best[0] <= EARLY_BEST * last:
            yield ModelWarning(
                False,
                f"The best score came early, at step {best[0]:,.0f} of {last:,.0f}.",
                "Train with a lower learning rate, or for fewer epochs.",
            )
    masked = [share for each in history if (share := number(each, "masked")) is not None]
    if masked and max(masked) > MANY_MASKED:
        yield ModelWarning(
            False,
            f"Many texts are near-duplicates: up to {100 * max(masked):.0f} % of the pairs in a batch were masked.",
            "Check for templates and long quotations; remove what repeats, or train on one text of each kind.",
        )


def _doubled(card: Card) -> str:
    epochs = number(card.recipe, "epochs")
    return f"--epochs {2 * epochs:.0f}" if epochs else "twice as many"


def _of_the_corpus(facts: Mapping[str, Any], given: str) -> Iterator[ModelWarning]:
    texts, tokens = number(facts, "texts"), number(facts, "tokens")
    if not texts:
        return
    if texts < FEW_TEXTS and "only" not in given:
        yield ModelWarning(
            False,
            f"The corpus has only {texts:,.0f} texts.",
            "Add texts of the same kind: a thousand are a start.",
        )
    column = "Check that the right column was read"
    parts = (
        ("duplicates", MANY_DUPLICATES, "repeats of others", f"{column}, and where the repeats come from."),
        ("empty", MANY_EMPTY, "empty", f"{column}."),
        ("unknown", MANY_EMPTY, "of unknown characters alone", "Add texts with these characters."),
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
            f"The texts are very short: {tokens / texts:.1f} subwords each, so their halves have little in common.",
            "Join columns that belong together (--text title --text body), or give pairs (--pair).",
        )
    if tokens is not None and tokens / texts > LONG_TOKENS:
        yield ModelWarning(
            False,
            f"The texts are long: {tokens / texts:,.0f} subwords each, which one vector averages.",
            "Split them into paragraphs before training and search.",
        )


def _of_the_sample(sample: Sample) -> Iterator[ModelWarning]:
    total = len(sample) + sample.unknown
    if sample.unknown > MANY_UNKNOWN * total:
        yield ModelWarning(
            False,
            f"{sample.unknown:,} of {total:,} texts shown here hold no word that the model knows.",
            "Train on texts of the same language and kind as those you use.",
        )
