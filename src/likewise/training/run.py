"""One training run: from ids to a model with its card."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from likewise.encoders.static import StaticEncoder
from likewise.geometry.collapse import collapse, usable
from likewise.geometry.measure import Geometry
from likewise.geometry.similarity import similarity_histograms
from likewise.model.card import Card
from likewise.model.model import Model
from likewise.negatives.spec import negatives_spec
from likewise.training.batches import BatchAssembly, contrastive_step
from likewise.training.dataset import Examples
from likewise.training.final_fit import join
from likewise.training.loop import FEWEST_JUDGED, Loop, Outcome
from likewise.training.prepare import Prepared
from likewise.training.progress import ENDINGS, Messages, finite, plain_eval_point, refusal, versions, watcher
from likewise.training.recipe import Settings
from likewise.training.schedule import Plan
from likewise.training.tune import Tuned

__all__ = ["run"]


def run(
    prepared: Prepared,
    examples: Examples,
    tuned: Tuned,
    messages: Messages,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> Model:
    """Train the static encoder on a prepared corpus.

    Args:
        prepared: the corpus as ids.
        examples: the same under the settings of the run.
        tuned: the settings of the run, and how they were chosen.
        messages: told what happens.
        checkpoint: where the run is kept, so that it can go on after it was killed.
        resume: go on from the checkpoint, if there is one.

    Raises:
        LikewiseError: training collapsed, and left no state that is better than the untrained encoder.
    """
    settings = tuned.settings
    messages.log(_introduction(prepared, settings))
    encoder = examples.untrained()
    untrained, lsa = examples.measure(encoder), examples.measure(examples.lsa())
    step = contrastive_step(encoder, settings)
    plan = Plan(len(examples.split.train), settings.batch, settings.epochs, settings.learning_rate, settings.seed)
    made = BatchAssembly(examples, negatives_spec(settings.negatives), examples.batch, encoder, None, steps=plan.steps)
    loop = Loop(step, made.batch, lambda: examples.measure(encoder), plan, checkpoint, kept={"batches": made})
    outcome = loop.run(watcher(messages, plan), resume=resume)
    messages.stop_bar()
    if not outcome.usable:
        if checkpoint is not None:
            checkpoint.unlink(missing_ok=True)  # to go on from there would end here again
        raise refusal(prepared.facts.name, outcome)
    pairs = similarity_histograms(*examples.encoded_halves(encoder), examples.rng(10)).plain()
    scores = _scored(examples, examples.finished(encoder))
    if outcome.ended in ("done", "early") and outcome.best.step:
        join(step, examples, settings)
    encoder = examples.finished(encoder)
    best = outcome.best.geometry or untrained
    shown = {"MRR": best.mrr, "MRR, untrained": untrained.mrr, "MRR, LSA": lsa.mrr}
    scores = shown | {name.replace("_", " "): value for name, value in asdict(best).items() if name != "mrr"} | scores
    warnings = (*outcome.warnings, *_warnings(prepared.facts.texts, best, untrained, lsa, apart=examples.split.apart))
    messages.log(_conclusion(outcome, scores, apart=examples.split.apart))
    for warning in warnings:
        messages.log(f"warning: {warning}")
    history = tuple(plain_eval_point(eval_point) for eval_point in outcome.history)
    card = Card(
        settings.plain(), asdict(prepared.facts), finite(scores), history, versions(), warnings, tuned.record, pairs
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


def _warnings(texts: int, best: Geometry, untrained: Geometry, lsa: Geometry, *, apart: bool) -> list[str]:
    warnings = []
    if not apart:
        warnings.append(
            f"only {texts:,} texts: none could be put aside, so the score was taken on the texts it trained on "
            "and says little"
        )
    if best.mrr < lsa.mrr:
        warnings.append("the score is below that of LSA: the corpus may be too small or too uniform to learn from")
    if best.texts >= FEWEST_JUDGED:
        if not usable(best, untrained):
            warnings.append(
                "the halves of a text find each other no better than by chance: the texts teach nothing beyond which "
                "words they share, and the model knows little more"
            )
        elif told := collapse(best, start=untrained):
            warnings.append(f"halves find each other, but {told}")
    return warnings


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
