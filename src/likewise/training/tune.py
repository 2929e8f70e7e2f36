"""Choosing the settings for a corpus by the score without labels: many short runs, the best of them longer ones.

Successive halving (Jamieson and Talwalkar 2016): every candidate is trained a little, the better ones for twice as
long, until one is left. What it may cost is a multiple of one plain training, counted in positive pairs and not in
seconds, so that the same seed tries and chooses the same on any machine.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from likewise.encoders.static import StaticEncoder
from likewise.errors import InputError
from likewise.training.candidates import Changes, applied, first_candidates, joined
from likewise.training.dataset import Examples
from likewise.training.final_fit import cycle
from likewise.training.recipe import Settings
from likewise.training.step import ContrastiveStep, batch_indices

__all__ = ["EFFORTS", "Budget", "Tuned", "check_effort", "tune"]

MOST_PAIRS = 600_000  # of a plain training that count: what is best for a million texts, fewer tell as well
MARGIN = 1.03  # times the score of the settings without a change: less is chance, and those are known to do


@dataclass(frozen=True)
class Budget:
    """What an effort may cost.

    Attributes:
        first: candidates of the first rung.
        share: of a plain training that each of them gets; those of the next rung twice as much.
        rungs: how many.
        keep: of how many candidates one goes on.
    """

    first: int
    share: float
    rungs: int
    keep: int

    @property
    def cost(self) -> float:
        """Of all rungs, in plain trainings."""
        return float(sum(self.at(rung) * self.share * 2**rung for rung in range(self.rungs)))

    def at(self, rung: int) -> int:
        """How many candidates a rung has."""
        return int(max(2, self.first // self.keep**rung))


EFFORTS = {
    "low": Budget(first=6, share=1 / 16, rungs=2, keep=3),
    "medium": Budget(first=12, share=1 / 16, rungs=3, keep=3),
    "high": Budget(first=36, share=1 / 16, rungs=4, keep=3),
}
"""How much is tried: with the training itself about one and a half, three and seven times a plain training."""


@dataclass(frozen=True)
class Tuned:
    """What came of it.

    Attributes:
        settings: those to train with.
        record: what was tried and why the choice, in plain values, for the model's card.
    """

    settings: Settings
    record: Mapping[str, Any]


@dataclass
class _Candidate:
    """Some changes, and their score at each rung."""

    change: Changes
    scores: list[float]


def check_effort(effort: str) -> None:
    """Refuse an effort that is not known.

    Raises:
        InputError: it is none of `EFFORTS`.
    """
    if effort not in EFFORTS:
        raise InputError(f"effort {effort!r} is not known: expected one of {', '.join(EFFORTS)}")


def tune(
    start: Settings,
    names: list[str],
    examples_for: Callable[[Settings], Examples],
    effort: str,
    log: Callable[[str], None],
) -> Tuned:
    """Try settings on a corpus, and choose.

    Args:
        start: the settings derived from the corpus.
        names: which of them may change.
        examples_for: the corpus under some settings.
        effort: how much is tried, one of `EFFORTS`.
        log: told what was found.
    """
    search = _Search(start, names, examples_for, EFFORTS[effort], log)
    examples = examples_for(start)
    if not names or not np.isfinite(examples.score(examples.untrained()).value):
        return Tuned(start, {})
    change, why = search.run()
    chosen = applied(start, change)
    log(f"settings: {why}")
    # No seconds: the same seed gives the same bytes.
    record = {"effort": effort, "cost": round(search.cost, 3), "trials": search.trials}
    return Tuned(chosen, record | {"chosen": {name: getattr(chosen, name) for name in names}, "why": why})


class _Search:
    """One search, and the record of it."""

    def __init__(
        self, start: Settings, names: list[str], examples_for: Callable[[Settings], Examples], budget: Budget,
        log: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.start, self.names, self.examples_for, self.budget, self.log = start, names, examples_for, budget, log
        self.trials: list[dict[str, Any]] = []
        self.texts = len(examples_for(start).split.train)
        self.pairs = 0
        self.plain = min(MOST_PAIRS, self.texts * start.epochs)

    @property
    def cost(self) -> float:
        """Of what was trained so far, in plain trainings."""
        return self.pairs / max(1, self.plain)

    def run(self) -> tuple[Changes, str]:
        """The best change, and why."""
        rng = np.random.default_rng([self.start.seed, 11])
        alive = [_Candidate(change, []) for change in first_candidates(self.start, self.names, self.budget.first, rng)]
        plain = alive[0]
        self.log(f"tuning: {len(alive)} candidates, {1 + self.budget.cost:.2g} times the cost of a plain training")
        for rung in range(self.budget.rungs):
            if rung:
                alive = self._better(alive, plain, self.budget.at(rung))
            for candidate in alive:
                candidate.scores.append(self._tried(candidate.change, rung))
            self._mark_kept(alive)
        best = max(alive, key=lambda candidate: candidate.scores[-1])
        if best is not plain and best.scores[-1] < MARGIN * plain.scores[-1]:
            best = plain
        change, less = dict(best.change), self._fewer_epochs(best)
        if less is not None:
            change["epochs"] = less
        return change, self._why(change, best.scores[-1] / plain.scores[-1] - 1)

    def score(self, encoder: StaticEncoder, settings: Settings) -> float:
        """The score without labels of a trained encoder."""
        examples = self.examples_for(settings)
        return examples.score(examples.finished(encoder)).value

    def _better(self, alive: list[_Candidate], plain: _Candidate, places: int) -> list[_Candidate]:
        """Those that go on: nothing changed, the best, and what the best change taken together."""
        ranked = sorted(alive, key=lambda candidate: -candidate.scores[-1])
        above = [candidate for candidate in ranked if candidate.scores[-1] > plain.scores[-1]]
        together = joined([candidate.change for candidate in above[:3]])
        chosen = [plain]
        if places > 2 and together and all(together != candidate.change for candidate in alive):
            chosen.append(_Candidate(together, []))
        chosen += [candidate for candidate in ranked if candidate is not plain][: places - len(chosen)]
        return chosen

    def _tried(self, change: Changes, rung: int) -> float:
        settings = applied(self.start, change)
        examples = self.examples_for(settings)
        pairs = round(self.plain * self.budget.share * 2**rung)
        encoder, seen = _trained(examples, settings, pairs)
        self.pairs += seen
        found = self.score(encoder, settings)
        self._note(change, rung, seen, found)
        return found

    def _note(self, change: Changes, rung: int, seen: int, score: float) -> None:
        epochs, texts = round(seen / self.texts, 3), min(seen, self.texts)
        trial = {"settings": dict(change), "rung": rung, "epochs": epochs, "texts": texts}
        self.trials.append(trial | {"score": round(score, 6), "kept": False})

    def _mark_kept(self, alive: list[_Candidate]) -> None:
        for trial in self.trials:
            if trial["rung"] < self.trials[-1]["rung"]:
                trial["kept"] = trial["kept"] or any(trial["settings"] == dict(each.change) for each in alive)

    def _fewer_epochs(self, best: _Candidate) -> int | None:
        """A shorter run, where twice the length of the one before did not help."""
        if "epochs" not in self.names or len(best.scores) < 2 or best.scores[-1] > best.scores[-2]:
            return None
        epochs = round(self.plain * self.budget.share * 2 ** (self.budget.rungs - 1) / self.texts)
        return epochs if 1 <= epochs < self.start.epochs else None

    def _why(self, change: Changes, gain: float) -> str:
        if not change:
            return "nothing that was tried was clearly better than the settings derived from the corpus"
        shown = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in change.items())
        length = "; a run twice as long was no better" if "epochs" in change else ""
        return f"{shown}: the score is {gain:.1%} higher than with the settings derived from the corpus{length}"


def _trained(examples: Examples, settings: Settings, pairs: int) -> tuple[StaticEncoder, int]:
    """An encoder trained on about so many positive pairs, with the whole rise and fall of the learning rate."""
    texts = len(examples.split.train)
    rng = np.random.default_rng([settings.seed, 12])
    batches: list[np.ndarray] = []
    while sum(map(len, batches)) < pairs or not batches:
        batches += batch_indices(texts, settings.batch, rng)
    steps = max(1, round(pairs / settings.batch))
    batches = batches[:steps]
    encoder = examples.untrained()
    step = ContrastiveStep(encoder, temperature=settings.temperature, distance=settings.near_duplicate)
    cycle(step, examples, settings, batches, purpose=13)
    return encoder, sum(map(len, batches))
