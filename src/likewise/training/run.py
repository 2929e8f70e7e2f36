"""One training run: from ids to a model with its card."""

import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from likewise import __version__
from likewise.geometry.measure import Geometry
from likewise.model.card import Card
from likewise.model.model import Model
from likewise.optimisation.loop import Loop, Moment, Outcome, Plan
from likewise.optimisation.step import ContrastiveStep
from likewise.training.examples import Examples
from likewise.training.prepare import Prepared
from likewise.training.progress import Narrator
from likewise.training.recipe import Settings

__all__ = ["run"]

ENDINGS = {
    "done": "trained",
    "early": "ended early, as the score no longer rose",
    "collapsed": "ended at a collapse",
    "interrupted": "interrupted",
}


def run(
    prepared: Prepared, settings: Settings, narrator: Narrator, *, checkpoint: Path | None = None, resume: bool = False
) -> Model:
    """Train the static encoder on a prepared corpus.

    Args:
        prepared: the corpus as ids.
        settings: of the run.
        narrator: told what happens.
        checkpoint: where the run is kept, so that it can go on after it was killed.
        resume: go on from the checkpoint, if there is one.
    """
    narrator.tell(_introduction(prepared, settings))
    examples = Examples(prepared, settings)
    encoder = examples.untrained()
    untrained, lsa = examples.measure(encoder), examples.measure(examples.lsa())
    step = ContrastiveStep(encoder, temperature=settings.temperature, distance=settings.near_duplicate)
    plan = Plan(len(examples.split.train), settings.batch, settings.epochs, settings.learning_rate, settings.seed)
    loop = Loop(step, examples.batch, lambda: examples.measure(encoder), plan, checkpoint)
    outcome = loop.run(narrator.bar(plan.steps), resume=resume)
    narrator.stop_bar()
    best = outcome.best.geometry or untrained
    scores = {"MRR": best.mrr, "MRR, untrained": untrained.mrr, "MRR, LSA": lsa.mrr}
    scores |= {name.replace("_", " "): value for name, value in asdict(best).items() if name != "mrr"}
    warnings = (*outcome.warnings, *_doubts(prepared.facts.texts, best, lsa, apart=examples.split.apart))
    narrator.tell(_conclusion(outcome, scores, apart=examples.split.apart))
    for warning in warnings:
        narrator.tell(f"warning: {warning}")
    history = tuple(_plain(moment) for moment in outcome.history)
    card = Card(asdict(settings), asdict(prepared.facts), _finite(scores), history, _versions(), warnings)
    return Model(prepared.tokenizer, encoder, card)


def _introduction(prepared: Prepared, settings: Settings) -> str:
    facts = prepared.facts
    left_out = f"left out: {facts.duplicates:,} repeats, {facts.empty:,} empty"
    if facts.skipped:
        left_out += f", {facts.skipped:,} unreadable rows"
    return (
        f"{facts.name}: {facts.texts:,} distinct texts, {facts.tokens / facts.texts:.0f} tokens each ({left_out}); "
        f"{len(prepared.tokenizer.vocabulary):,} pieces\n"
        f"{settings.dim} dimensions, views {settings.views}, temperature {settings.temperature}, {settings.epochs} "
        f"epochs in batches of {settings.batch}: {settings.batch - 1} negatives a text"
    )


def _doubts(texts: int, best: Geometry, lsa: Geometry, *, apart: bool) -> list[str]:
    doubts = []
    if not apart:
        doubts.append(
            f"only {texts:,} texts: none could be put aside, so the score was taken on the texts it trained on "
            "and says little"
        )
    if best.mrr < lsa.mrr:
        doubts.append("the score is below that of LSA: the corpus may be too small or too uniform to learn from")
    return doubts


def _conclusion(outcome: Outcome, scores: dict[str, Any], *, apart: bool) -> str:
    ended = f"{ENDINGS[outcome.ended]}; the state of step {outcome.best.step:,} is kept\n"
    if not scores["texts"]:
        return ended + "the texts are too short to be cut into halves: nothing can be said of how well it learned"
    return ended + (
        f"finding the other half of {scores['texts']:,} {'held-out ' if apart else ''}texts, no word in common: MRR "
        f"{scores['MRR']:.3f} (untrained {scores['MRR, untrained']:.3f}, LSA {scores['MRR, LSA']:.3f})"
    )


def _plain(moment: Moment) -> dict[str, Any]:
    plain = asdict(moment)
    del plain["texts_a_second"]
    plain["geometry"] = _finite(plain["geometry"])
    return plain


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """What could not be measured becomes None, as JSON has no other word for it."""
    unknown = {name for name, value in values.items() if isinstance(value, float) and not np.isfinite(value)}
    return {name: None if name in unknown else value for name, value in values.items()}


def _versions() -> dict[str, str]:
    names = ("numpy", "numba", "tokenizers", "pyarrow")
    python = ".".join(str(part) for part in sys.version_info[:3])
    return {"likewise": __version__, "python": python} | {name: version(name) for name in names}
