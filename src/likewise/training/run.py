"""One training run: from ids to a model with its card."""

import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from likewise import __version__
from likewise.encoders.static import StaticEncoder
from likewise.errors import LikewiseError
from likewise.geometry.collapse import collapse, usable
from likewise.geometry.measure import Geometry
from likewise.geometry.similarity import similarity_histograms
from likewise.model.card import Card
from likewise.model.model import Model
from likewise.optimisation.guard import MOST_RETURNS, UNCONTRASTED
from likewise.optimisation.loop import FEWEST_JUDGED, Loop, Moment, Outcome, Plan
from likewise.optimisation.step import ContrastiveStep
from likewise.training.examples import Examples
from likewise.training.join import join
from likewise.training.prepare import Prepared
from likewise.training.progress import Narrator
from likewise.training.recipe import Settings
from likewise.training.tune import Tuned

__all__ = ["run"]

ENDINGS = {
    "done": "trained",
    "early": "ended early, as the score no longer rose",
    "collapsed": "ended at a collapse",
    "interrupted": "interrupted",
}


def run(
    prepared: Prepared,
    examples: Examples,
    tuned: Tuned,
    narrator: Narrator,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> Model:
    """Train the static encoder on a prepared corpus.

    Args:
        prepared: the corpus as ids.
        examples: the same under the settings of the run.
        tuned: the settings of the run, and how they were chosen.
        narrator: told what happens.
        checkpoint: where the run is kept, so that it can go on after it was killed.
        resume: go on from the checkpoint, if there is one.

    Raises:
        LikewiseError: training collapsed, and left no state that is better than the untrained encoder.
    """
    settings = tuned.settings
    narrator.tell(_introduction(prepared, settings))
    encoder = examples.untrained()
    untrained, lsa = examples.measure(encoder), examples.measure(examples.lsa())
    step = ContrastiveStep(encoder, temperature=settings.temperature, distance=settings.near_duplicate)
    plan = Plan(len(examples.split.train), settings.batch, settings.epochs, settings.learning_rate, settings.seed)
    loop = Loop(step, examples.batch, lambda: examples.measure(encoder), plan, checkpoint)
    outcome = loop.run(_watcher(narrator, plan), resume=resume)
    narrator.stop_bar()
    if not outcome.usable:
        if checkpoint is not None:
            checkpoint.unlink(missing_ok=True)  # to go on from there would end here again
        raise _refusal(prepared.facts.name, outcome)
    pairs = similarity_histograms(*examples.encoded_halves(encoder), examples.rng(10)).plain()
    scores = _scored(examples, examples.finished(encoder))
    if outcome.ended in ("done", "early") and outcome.best.step:
        join(step, examples, settings)
    encoder = examples.finished(encoder)
    best = outcome.best.geometry or untrained
    shown = {"MRR": best.mrr, "MRR, untrained": untrained.mrr, "MRR, LSA": lsa.mrr}
    scores = shown | {name.replace("_", " "): value for name, value in asdict(best).items() if name != "mrr"} | scores
    warnings = (*outcome.warnings, *_doubts(prepared.facts.texts, best, untrained, lsa, apart=examples.split.apart))
    narrator.tell(_conclusion(outcome, scores, apart=examples.split.apart))
    for warning in warnings:
        narrator.tell(f"warning: {warning}")
    history = tuple(_plain(moment) for moment in outcome.history)
    card = Card(
        asdict(settings), asdict(prepared.facts), _finite(scores), history, _versions(), warnings, tuned.record, pairs
    )
    # From here on a text is cut into pieces, not into stems: each piece gets the row of its stem.
    whole = StaticEncoder(encoder.weights[prepared.stems], encoder.documents)
    return Model(prepared.tokenizer, whole, card, prepared.sample, prepared.word_stems)


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


def _watcher(narrator: Narrator, plan: Plan) -> Callable[[Moment], None]:
    """Moves the bar, and says of a collapse what was seen and what is done, as it happens."""
    bar = narrator.bar(plan.steps)
    learning_rate, times = plan.learning_rate, 0

    def watch(moment: Moment) -> None:
        nonlocal learning_rate, times
        collapsed = moment.collapse
        unmeasured = moment.geometry is not None and moment.geometry.texts > 0 and np.isnan(moment.geometry.mrr)
        bar(replace(moment, geometry=None) if collapsed and unmeasured else moment)
        if collapsed is None:
            return
        narrator.tell(f"  step {moment.step:>6,}  collapse: {collapsed.seen}")
        if collapsed.learning_rate is None:
            narrator.tell(f"  back to the state of step {collapsed.back_to:,}; the run ends here")
            return
        times += 1
        narrator.tell(
            f"  back to the state of step {collapsed.back_to:,} and on, with the learning rate lowered from "
            f"{learning_rate:.4g} to {collapsed.learning_rate:.4g} ({times} of {MOST_RETURNS} times at the most)"
        )
        learning_rate = collapsed.learning_rate

    return watch


def _refusal(name: str, outcome: Outcome) -> LikewiseError:
    seen = outcome.collapses[-1].seen
    what = "give texts that differ in their words: numbers and names alone teach nothing"
    if seen == UNCONTRASTED:
        return LikewiseError(f"{name}: no model was made, as {seen}; {what}")
    return LikewiseError(
        f"{name}: no model was made, as training collapsed {outcome.when_collapsed} ({seen}) and the encoder was "
        f"never better than untrained and than chance; where that does not help, {what}"
    )


def _doubts(texts: int, best: Geometry, untrained: Geometry, lsa: Geometry, *, apart: bool) -> list[str]:
    doubts = []
    if not apart:
        doubts.append(
            f"only {texts:,} texts: none could be put aside, so the score was taken on the texts it trained on "
            "and says little"
        )
    if best.mrr < lsa.mrr:
        doubts.append("the score is below that of LSA: the corpus may be too small or too uniform to learn from")
    if best.texts >= FEWEST_JUDGED:
        if not usable(best, untrained):
            doubts.append(
                "the halves of a text find each other no better than by chance: the texts teach nothing beyond which "
                "words they share, and the model knows little more"
            )
        elif told := collapse(best, start=untrained):
            doubts.append(f"halves find each other, but {told}")
    return doubts


def _conclusion(outcome: Outcome, scores: dict[str, Any], *, apart: bool) -> str:
    ended = f"{ENDINGS[outcome.ended]}; the state of step {outcome.best.step:,} is kept\n"
    if not scores["texts"]:
        return ended + "the texts are too short to be cut into halves: nothing can be said of how well it learned"
    return ended + (
        f"finding the other half of {scores['texts']:,} {'held-out ' if apart else ''}texts, no word in common: MRR "
        f"{scores['MRR']:.3f} (untrained {scores['MRR, untrained']:.3f}, LSA {scores['MRR, LSA']:.3f})\n"
        f"the whole vector: score {scores['score']:.3f} (untrained {scores['score, untrained']:.3f}, "
        f"LSA {scores['score, LSA']:.3f})"
    )


def _scored(examples: Examples, encoder: StaticEncoder) -> dict[str, float]:
    """The score that settings are chosen by, of the finished encoder and of what takes no training."""
    of = {"score": encoder, "score, untrained": examples.untrained(), "score, LSA": examples.lsa()}
    return {name: examples.score(each).value for name, each in of.items()}


def _plain(moment: Moment) -> dict[str, Any]:
    plain = asdict(moment)
    del plain["texts_a_second"]
    plain["geometry"] = _finite(plain["geometry"])
    return _finite(plain)


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """What could not be measured becomes None, as JSON has no other word for it."""
    unknown = {name for name, value in values.items() if isinstance(value, float) and not np.isfinite(value)}
    return {name: None if name in unknown else value for name, value in values.items()}


def _versions() -> dict[str, str]:
    names = ("numpy", "numba", "tokenizers", "pyarrow")
    python = ".".join(str(part) for part in sys.version_info[:3])
    return {"likewise": __version__, "python": python} | {name: version(name) for name in names}
