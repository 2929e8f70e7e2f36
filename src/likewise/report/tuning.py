"""What the tuner tried: the settings of each trial, how far it came, and its score there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from likewise.model.card import Card
from likewise.report.figures import COLOURS, GREY, Drawn, drawn, new_figure, plot_text
from likewise.report.sample import number, shown

__all__ = ["Candidate", "Tuning", "draw_tuning", "read_tuning"]


@dataclass(frozen=True)
class Candidate:
    """One set of settings, over all the rungs that it was tried on.

    Attributes:
        settings: as the record has them, by name.
        scores: on each rung; None where it was not tried or had none.
        kept: the rungs after which it was kept.
        chosen: whether these are the settings of the model.
    """

    settings: Mapping[str, Any]
    scores: tuple[float | None, ...]
    kept: frozenset[int]
    chosen: bool

    @property
    def last(self) -> int:
        """The last rung with a score; -1 where there is none."""
        return max((rung for rung, score in enumerate(self.scores) if score is not None), default=-1)

    @property
    def outcome(self) -> str:
        """What became of it, in a few words."""
        if self.chosen:
            return "chosen"
        if self.last == len(self.scores) - 1:
            return "not chosen"
        return "no score" if self.last < 0 else f"dropped after rung {self.last + 1}"


@dataclass(frozen=True)
class Tuning:
    """The record of a tuning.

    Attributes:
        candidates: those that came furthest first, the better before the worse.
        names: of the settings that were searched.
        rungs: what each rung was, in words.
        told: effort, time and number of trials, in words.
        why: the reason of the choice.
    """

    candidates: tuple[Candidate, ...]
    names: tuple[str, ...]
    rungs: tuple[str, ...]
    told: str
    why: str


def read_tuning(card: Card) -> Tuning | None:
    """The record that a card holds; None where nothing was tried."""
    given = card.tuning.get("trials")
    trials = [each for each in given if _is_trial(each)] if isinstance(given, list) else []
    if not trials:
        return None
    chosen = card.tuning.get("chosen")
    numbers = sorted({trial["rung"] for trial in trials})
    candidates = _candidates(trials, numbers, chosen if isinstance(chosen, Mapping) else {})
    names = dict.fromkeys(name for trial in trials for name in trial["settings"])
    seconds = number(card.tuning, "seconds")
    told = f"{len(trials)} trials of {len(candidates)} settings"
    told += f", effort {shown(card.tuning['effort'])}" if "effort" in card.tuning else ""
    told += f", {seconds:.0f} s in all" if seconds is not None else ""
    rungs = tuple(
        _rung(place, [trial for trial in trials if trial["rung"] == rung]) for place, rung in enumerate(numbers)
    )
    return Tuning(candidates, tuple(names), rungs, told, shown(card.tuning.get("why", "")))


def draw_tuning(tuning: Tuning) -> Drawn | None:
    """Scores over the rungs, a line a candidate; None where no trial has a score."""
    figure = new_figure("", "score", legend=False)
    for candidate in reversed(tuning.candidates):
        rungs = [rung for rung, score in enumerate(candidate.scores) if score is not None]
        if not rungs:
            continue
        settings = ", ".join(f"{name} {shown(value)}" for name, value in candidate.settings.items()) or "the first"
        colour = COLOURS[1] if candidate.chosen else COLOURS[0] if candidate.kept else GREY
        figure.add_scatter(
            x=rungs,
            y=[candidate.scores[rung] for rung in rungs],
            mode="lines+markers",
            line={"width": 3 if candidate.chosen else 1.5, "color": colour},
            marker={"size": 12 if candidate.chosen else 8, "symbol": "star" if candidate.chosen else "circle"},
            hoverinfo="text",
            hovertext=[
                plot_text(f"{settings}: {candidate.scores[rung]:.4f} ({tuning.rungs[rung]})", 60) for rung in rungs
            ],
        )
    if not figure.data:
        return None
    ticks = [plot_text(rung).replace(", ", "<br>") for rung in tuning.rungs]
    places = list(range(len(ticks)))
    figure.update_layout(xaxis={"tickvals": places, "ticktext": ticks, "range": [-0.25, len(ticks) - 0.75]})
    return drawn(
        figure,
        f"Scores of {len(tuning.candidates)} settings over {len(tuning.rungs)} rungs",
        "A line is a set of settings: orange with a star the chosen one, blue those that were kept at least once, grey "
        "those that were dropped at once. Scores compare within a rung only, as each rung trains longer.",
        height=380,
    )


def _is_trial(trial: Any) -> bool:
    fits = isinstance(trial, Mapping) and isinstance(trial.get("settings"), Mapping)
    return fits and isinstance(trial.get("rung"), int)


def _candidates(
    trials: list[Mapping[str, Any]], numbers: list[int], chosen: Mapping[str, Any]
) -> tuple[Candidate, ...]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for trial in trials:
        groups.setdefault(json.dumps(trial["settings"], sort_keys=True, default=str), []).append(trial)
    found = []
    for group in groups.values():
        scores = {trial["rung"]: number(trial, "score") for trial in group}
        kept = frozenset(numbers.index(trial["rung"]) for trial in group if trial.get("kept") is True)
        found.append(Candidate(group[0]["settings"], tuple(scores.get(rung) for rung in numbers), kept, False))
    found.sort(key=lambda one: (-one.last, -(one.scores[one.last] or 0.0) if one.last >= 0 else 0.0))
    agreeing = [one for one in found if chosen and _agrees(one.settings, chosen)]
    best = max(agreeing, key=lambda one: (one.last, len(one.settings)), default=None)
    return tuple(
        Candidate(one.settings, one.scores, one.kept, one is best)
        for one in sorted(found, key=lambda one: one is not best)
    )


def _agrees(settings: Mapping[str, Any], chosen: Mapping[str, Any]) -> bool:
    """Whether a trial had the chosen settings, where it says its own."""
    return all(name in chosen and chosen[name] == value for name, value in settings.items())


def _rung(place: int, trials: list[Mapping[str, Any]]) -> str:
    said = [f"rung {place + 1}"]
    for name, word in (("epochs", "epoch"), ("texts", "text")):
        values = {value for trial in trials if (value := number(trial, name)) is not None}
        if len(values) == 1:
            value = values.pop()
            said.append(f"{shown(value)} {word}{'' if value == 1 else 's'}")
    return ", ".join(said)
