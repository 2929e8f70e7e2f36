"""The tables of docs/score.md: how the scores without labels rank recipes, and what choosing by them costs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.stats import rankdata

__all__ = [
    "EXPONENTS", "FUSED", "Judged", "by_exponent", "chosen", "correlations", "exponents", "is_blend", "is_trained",
    "judged", "mean_over_corpora", "summary",
]  # fmt: skip

Lines = Sequence[dict[str, Any]]

REPEATED = "MRR@10"  # of rankings that nDCG@10 judges too
SEEDS = ("as usual", "seed 1", "seed 2")
UNTRAINED, BLEND, USUAL, FUSED = "epochs 0.0", "lexical 1.2, latent 0.5", "as usual", "BM25"
SHOWN = ("score", "cloze", "words", "hard halves", "plain halves", "effective rank", "uniformity")
EXPONENTS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)


@dataclass(frozen=True)
class Judged:
    """Some recipes by one labelled measure of one corpus.

    Attributes:
        corpus: its name.
        measure: what labels say.
        recipes: names of the recipes.
        labelled: the measure of each.
        scores: by the name of a score without labels, that of each recipe.
    """

    corpus: str
    measure: str
    recipes: list[str]
    labelled: np.ndarray
    scores: dict[str, np.ndarray]

    def spearman(self, score: np.ndarray) -> float:
        """Rank correlation of a score with the labels."""
        one, other = rankdata(score), rankdata(self.labelled)
        return float(np.corrcoef(one, other)[0, 1]) if one.std() and other.std() else 0.0

    def regret(self, place: int) -> float:
        """What a recipe's measure lacks to the best one's, as a share of that."""
        return float(1 - self.labelled[place] / self.labelled.max())

    def lacking(self, score: np.ndarray) -> float:
        """The regret of the recipe that a score chooses."""
        return self.regret(int(np.argmax(score)))

    def better_half(self) -> "Judged":
        """The recipes that labels find better than the median."""
        kept = np.argsort(-self.labelled)[: len(self.labelled) // 2]
        scores = {name: values[kept] for name, values in self.scores.items()}
        return Judged(self.corpus, self.measure, [self.recipes[k] for k in kept], self.labelled[kept], scores)


def is_trained(recipe: str) -> bool:
    """Whether a recipe trains at all."""
    return UNTRAINED not in recipe


def is_blend(recipe: str) -> bool:
    """Whether a recipe has the parts beside the trained one that a run by default has."""
    return recipe.endswith(BLEND)


def judged(lines: Lines, among: Any = None) -> list[Judged]:
    """Every measure of every corpus that was recorded, of the recipes whose name passes `among`."""
    found = []
    for line in lines:
        recipes = [name for name in line["numbers"] if among is None or among(name)]
        figures: list[Mapping[str, Any]] = [line["numbers"][name] for name in recipes]
        scores = {name: np.array([figure["scores"][name] for figure in figures]) for name in figures[0]["scores"]}
        for measure in figures[0]["labels"]:
            if measure != REPEATED:
                labelled = np.array([figure["labels"][measure] for figure in figures])
                found.append(Judged(line["configuration"]["data"], measure, recipes, labelled, scores))
    return found


def mean_over_corpora(found: Sequence[Judged], figures: Sequence[Any]) -> np.ndarray:
    """The mean of figures, one or several a measure, in which each corpus counts once, however many measures it has."""
    corpora: dict[str, list[Any]] = {}
    for one, figure in zip(found, figures, strict=True):
        corpora.setdefault(one.corpus, []).append(figure)
    means: np.ndarray = np.mean([np.mean(values, axis=0) for values in corpora.values()], axis=0)
    return means


def summary(lines: Lines) -> str:
    """A row for each score: its mean rank correlation, and what its choice lacks, in three sets of recipes."""
    rows = []
    for title, among in (("all recipes", None), ("those that train", is_trained), ("blends", is_blend)):
        every = judged(lines, among)
        count = len(every[0].recipes)
        rows += [
            f"**{title}**, {count} a corpus:\n",
            "| | rank correlation | with BM25 | choice lacks | with BM25 |",
            "|---|--:|--:|--:|--:|",
        ]
        for name, figures in _summarised(every):
            rows.append(f"| {name} | " + " | ".join(figures) + " |")
        rows.append("")
    return "\n".join(rows)


def _summarised(every: Sequence[Judged]) -> Iterator[tuple[str, list[str]]]:
    sides = [[o for o in every if FUSED not in o.measure], [o for o in every if FUSED in o.measure]]
    for name in SHOWN:
        figures = [
            mean_over_corpora(side, [(o.spearman(o.scores[name]), o.lacking(o.scores[name])) for o in side])
            for side in sides
        ]
        signed = [f"{figure[0]:+.2f}" for figure in figures]
        yield (f"**{name}**" if name == "score" else name), signed + [f"{100 * figure[1]:.1f} %" for figure in figures]
    ordinary = next(name for name in every[0].recipes if name in {USUAL, BLEND})
    chances = [mean_over_corpora(s, [(o.regret(o.recipes.index(ordinary)), _random(o)) for o in s]) for s in sides]
    yield "the usual recipe", ["", "", *(f"{100 * chance[0]:.1f} %" for chance in chances)]
    yield "a recipe at random", ["", "", *(f"{100 * chance[1]:.1f} %" for chance in chances)]
    if all(seed in every[0].recipes for seed in SEEDS):
        spreads = [float(mean_over_corpora(side, [_between_seeds(one) for one in side])) for side in sides]
        yield "(three seeds of one recipe differ by)", ["", "", *(f"{100 * spread:.1f} %" for spread in spreads)]


def _between_seeds(one: Judged) -> float:
    labelled = one.labelled[[one.recipes.index(seed) for seed in SEEDS]]
    return float(np.ptp(labelled) / labelled.max())


def _random(one: Judged) -> float:
    return float(1 - one.labelled.mean() / one.labelled.max())


def correlations(lines: Lines) -> str:
    """A row for each labelled measure: the rank correlation of every score with it."""
    sets = [judged(lines), judged(lines, is_trained), judged(lines, is_blend)]
    figures = [_correlated(*three) for three in zip(*sets, strict=True)]
    names = ("**score**", "better half", "train", "blends", *SHOWN[1:])
    rows = ["| corpus | measure | " + " | ".join(names) + " |", "|---|---|" + "--:|" * len(names)]
    for one, cells in zip(sets[0], figures, strict=True):
        rows.append(f"| {one.corpus} | {one.measure} | {_signed(cells)} |")
    rows.append(f"| **mean** | of the corpora | {_signed(mean_over_corpora(sets[0], figures))} |")
    return "\n".join(rows) + "\n"


def _correlated(every: Judged, trained: Judged, blends: Judged) -> list[float]:
    first = [one.spearman(one.scores["score"]) for one in (every, every.better_half(), trained, blends)]
    return first + [every.spearman(every.scores[name]) for name in SHOWN[1:]]


def _signed(values: Sequence[float] | np.ndarray) -> str:
    return f"**{values[0]:+.2f}** | " + " | ".join(f"{value:+.2f}" for value in values[1:])


def chosen(lines: Lines) -> str:
    """A row for each labelled measure: which recipe of those that train is the best, and which the score chooses."""
    found = judged(lines, is_trained)
    rows = ["| corpus | measure | best | by recipe | the score chooses | which lacks |", "|---|---|--:|---|---|--:|"]
    for one in found:
        best, choice = int(np.argmax(one.labelled)), int(np.argmax(one.scores["score"]))
        cells = (one.corpus, one.measure, f"{one.labelled[best]:.3f}", one.recipes[best], one.recipes[choice])
        rows.append(f"| {' | '.join(cells)} | {100 * one.regret(choice):.1f} % |")
    return "\n".join(rows) + "\n"


def exponents(lines: Lines) -> str:
    """A row for each exponent of the agreement with words, and one in which each corpus has that of the others."""
    sets = [judged(lines, is_trained), judged(lines, is_blend)]
    rows = ["| exponent | rank correlation, train | choice lacks | blends | choice lacks |", "|--:|--:|--:|--:|--:|"]
    rows += [_row(f"{exponent:g}", sets, [[exponent] * len(found) for found in sets]) for exponent in EXPONENTS]
    rows.append(_row("that of the other corpora", sets, [_fitted(found) for found in sets]))
    return "\n".join(rows) + "\n"


def by_exponent(found: Sequence[Judged], each: Sequence[float]) -> np.ndarray:
    """Mean rank correlation and mean regret where each measure has its own exponent."""
    scores = [o.scores["cloze"] * o.scores["words"] ** exponent for o, exponent in zip(found, each, strict=True)]
    figures = [(one.spearman(score), one.lacking(score)) for one, score in zip(found, scores, strict=True)]
    return mean_over_corpora(found, figures)


def _fitted(found: Sequence[Judged]) -> list[float]:
    """Of each measure the exponent that would rank best on all corpora but its own."""
    fitted = {}
    for corpus in {one.corpus for one in found}:
        others = [one for one in found if one.corpus != corpus]
        fitted[corpus] = max(EXPONENTS, key=partial(_mean_correlation, others))
    return [fitted[one.corpus] for one in found]


def _mean_correlation(found: Sequence[Judged], exponent: float) -> float:
    return float(by_exponent(found, [exponent] * len(found))[0])


def _row(name: str, sets: Sequence[Sequence[Judged]], each: Sequence[Sequence[float]]) -> str:
    figures = [by_exponent(found, some) for found, some in zip(sets, each, strict=True)]
    return f"| {name} | " + " | ".join(f"{figure[0]:.2f} | {100 * figure[1]:.1f} %" for figure in figures) + " |"
