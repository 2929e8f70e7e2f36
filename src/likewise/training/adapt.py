"""From a corpus to an adapted transformer: the same road as for a static encoder, with what is slow kept short."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from likewise.encoders.lora import add_lora, merge_lora
from likewise.encoders.pretrained import Pretrained, load_pretrained, open_transformers
from likewise.encoders.scratch import ARCHITECTURES, small_encoder
from likewise.encoders.transformer import TransformerEncoder
from likewise.errors import LikewiseError
from likewise.geometry.similarity import similarity_histograms
from likewise.model.beside import Beside
from likewise.model.card import Card
from likewise.model.transformer import TransformerModel
from likewise.optimisation.loop import Loop, Outcome
from likewise.optimisation.plan import Plan
from likewise.optimisation.step import Batch
from likewise.tokens.vocabulary import learn_reference, vocabulary_size
from likewise.training.bench import Bench
from likewise.training.contrasting import Contrasting, contrasting_step
from likewise.training.contrasts import contrasts_of
from likewise.training.examples import Examples
from likewise.training.guide import train_guide
from likewise.training.pool import ViewPool
from likewise.training.prepare import Prepared
from likewise.training.pretokenised import FOLDER, pretokenised
from likewise.training.progress import Narrator, silent
from likewise.training.reading import Reading
from likewise.training.recipe import GIVEN, STATIC, Recipe, Settings
from likewise.training.resolved import transformer_settings
from likewise.training.rewriting import with_rewritten
from likewise.training.run import run
from likewise.training.telling import ENDINGS, finite, plain_moment, refusal, versions, watcher

__all__ = ["adapt", "found_for"]

GIBIBYTE = 1 << 30
LOOKS, PATIENCE = 5, 3
MOST_POOLED = 4  # positive pairs of a text in the pool of an encoder with frozen layers
SEEN_AGAIN = 4  # times each of them, so that remembering it pays
JUDGED = 24_000  # tokens of the halves that are encoded at every look
LEAST_JUDGED = 100  # texts in any case


def adapt(
    reading: Reading,
    found: Pretrained,
    recipe: Recipe,
    narrator: Narrator,
    *,
    work: Path,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> TransformerModel:
    """Adapt a pretrained encoder to a corpus without a label.

    Args:
        reading: the corpus.
        found: the encoder.
        recipe: what the user asked for.
        narrator: told what happens.
        work: a folder for the ids.
        checkpoint: where the run is kept, so that it can go on after it was killed.
        resume: go on from the checkpoint, if there is one.

    Raises:
        InputError: a setting does not fit the encoder or the corpus.
        LikewiseError: training collapsed, and left no state that is better than the encoder as it was.
    """
    prepared = _prepared(reading, found, recipe, narrator, work, resume=resume)
    settings = transformer_settings(recipe, prepared, found)
    static = _static(reading, settings, narrator, work, resume=resume) if settings.beside else None
    reading.close()
    examples = Examples(prepared, settings).judged_by(JUDGED, LEAST_JUDGED)
    if settings.lora:
        add_lora(found.model, settings.lora, settings.seed)
    encoder = _encoder(found, settings)
    narrator.tell(_introduction(prepared, settings, found))
    loop = _loop(examples, encoder, settings, checkpoint)
    start = {name: array.copy() for name, array in encoder.state().items() if name.startswith("model.")}
    outcome = loop.run(watcher(narrator, loop.plan), resume=resume)
    narrator.stop_bar()
    if not outcome.usable:
        if checkpoint is not None:
            checkpoint.unlink(missing_ok=True)  # to go on from there would end here again
        raise refusal(prepared.facts.name, outcome)
    _mix(encoder, start, settings.keep)
    if settings.lora:
        merge_lora(found.model)
    card = _card(examples, encoder, prepared, settings, outcome)
    narrator.tell(_conclusion(outcome, dict(card.scores), apart=examples.split.apart))
    for warning in card.warnings:
        narrator.tell(f"warning: {warning}")
    return TransformerModel(found, encoder, card, prepared.sample, static)


def found_for(recipe: Recipe) -> Callable[[Reading], Pretrained]:
    """What gives the encoder to begin with, once the corpus is read; a pretrained one is loaded at once.

    Raises:
        InputError: there is no such encoder.
        LikewiseError: transformers is not installed.
    """
    if recipe.encoder not in ARCHITECTURES or Path(recipe.encoder).exists():
        found = load_pretrained(recipe.encoder)
        return lambda reading: found
    open_transformers()

    def made(reading: Reading) -> Pretrained:
        reference = learn_reference(reading.sample(), vocabulary_size(reading.kept))
        return small_encoder(
            recipe.encoder, reference, layers=recipe.layers, dim=recipe.dim, length=recipe.length, seed=recipe.seed
        )

    return made


def _prepared(
    reading: Reading, found: Pretrained, recipe: Recipe, narrator: Narrator, work: Path, *, resume: bool
) -> Prepared:
    prepared = pretokenised(reading, found.tokenizer, work, tell=narrator.tell, resume=resume)
    return with_rewritten(
        prepared, reading, recipe.views, work=work, ids=work / FOLDER, seed=recipe.seed, meter=narrator.meter,
        resume=resume,
    )  # fmt: skip


def _static(reading: Reading, settings: Settings, narrator: Narrator, work: Path, *, resume: bool) -> Beside | None:
    """A static encoder of the same texts, its settings given by their number; none where they teach it nothing."""
    narrator.tell("training a static encoder that will stand beside")
    recipe = Recipe(seed=settings.seed, views=GIVEN if settings.views == GIVEN else None)
    bench = Bench(reading, work / STATIC, recipe, silent, resume=resume)
    tuned = bench.chosen(None)
    try:
        with Narrator(shown=False) as quiet:
            model = run(bench.prepared(tuned.settings.vocabulary), bench.examples(tuned.settings), tuned, quiet)
    except LikewiseError as error:
        narrator.tell(f"  none will: {error}")
        return None
    narrator.tell(f"  it finds the other half of held-out texts, no word in common: MRR {model.card.scores['MRR']:.3f}")
    return Beside(model, settings.beside)


def _encoder(found: Pretrained, settings: Settings) -> TransformerEncoder:
    half = None if settings.precision is None else settings.precision == "mixed"
    memory = None if settings.memory is None else int(settings.memory * GIBIBYTE)
    return TransformerEncoder(
        found.model, found.frame, found.pooling, device=settings.device, half=half, memory=memory,
        length=settings.length, freeze=settings.freeze, seed=settings.seed,
    )  # fmt: skip


def _loop(examples: Examples, encoder: TransformerEncoder, settings: Settings, checkpoint: Path | None) -> Loop:
    contrasts = contrasts_of(settings.negatives)
    step = contrasting_step(encoder, settings)
    plan = Plan(
        len(examples.split.train), settings.batch, settings.epochs, settings.learning_rate, settings.seed,
        LOOKS, PATIENCE, settings.steps,
    )  # fmt: skip
    guide = train_guide(examples, settings) if contrasts.guided else None
    pairs = _pooled(examples, plan) if settings.freeze else examples.batch
    made = Contrasting(examples, contrasts, pairs, encoder, guide, steps=plan.steps)
    return Loop(
        step, made.batch, lambda: examples.measure(encoder), plan, checkpoint, order=made.order(plan.batch),
        kept={"batches": made},
    )  # fmt: skip


def _pooled(examples: Examples, plan: Plan) -> Callable[[np.ndarray, np.random.Generator], Batch]:
    """So few pairs of each text, that what the frozen layers make of one is used again and again."""
    seen = plan.steps * plan.batch
    pairs = max(1, min(MOST_POOLED, round(seen / (plan.texts * SEEN_AGAIN))))
    return ViewPool(examples.batch, plan.texts, pairs, plan.seed).batch


def _mix(encoder: TransformerEncoder, start: dict[str, np.ndarray], share: float) -> None:
    """Put back a share of the weights that the encoder began with (Wortsman et al. 2022, WiSE-FT).

    What an encoder knew of all texts and what it learned of these are both nearer to the middle than to either end.
    """
    if share == 0:
        return
    state = encoder.state()
    mixed = {name: share * array + (1 - share) * state[name] for name, array in start.items()}
    encoder.restore({"steps": state["steps"], **mixed})


def _introduction(prepared: Prepared, settings: Settings, found: Pretrained) -> str:
    facts = prepared.facts
    cut = int((prepared.texts.lengths > found.frame.room).sum())
    longer = f"; {cut:,} are longer than the {found.frame.longest} that it reads" if cut else ""
    return (
        f"{facts.name}: {facts.texts:,} distinct texts, {facts.tokens / facts.texts:.0f} tokens each (left out: "
        f"{facts.duplicates:,} repeats, {facts.empty:,} empty){longer}\n"
        f"{found.name}: {settings.layers} layers, {settings.dim} dimensions; views {settings.views} of up to "
        f"{settings.length} tokens, temperature {settings.temperature}, batches of {settings.batch}: "
        f"{settings.batch - 1} negatives a text"
    )


def _card(
    examples: Examples, encoder: TransformerEncoder, prepared: Prepared, settings: Settings, outcome: Outcome
) -> Card:
    halves = examples.encoded_halves(encoder)
    pairs = similarity_histograms(*halves, examples.rng(10)).plain()
    before, best = outcome.history[0].geometry, outcome.best.geometry
    # The looks saw the weights before old ones were mixed in; the card is of those that are kept.
    now = best if best is not None and not settings.keep else examples.measure(encoder)
    shown = {"MRR": now.mrr, "MRR, before": now.mrr if before is None else before.mrr}
    scores = shown | {name.replace("_", " "): value for name, value in asdict(now).items() if name != "mrr"}
    history = tuple(plain_moment(moment) for moment in outcome.history)
    return Card(
        settings.plain(), asdict(prepared.facts), finite(scores), history, versions("torch", "transformers"),
        outcome.warnings, {}, pairs,
    )  # fmt: skip


def _conclusion(outcome: Outcome, scores: dict[str, Any], *, apart: bool) -> str:
    ended = f"{ENDINGS[outcome.ended]}; the state of step {outcome.best.step:,} is kept\n"
    if not scores["texts"]:
        return ended + "the texts are too short to be cut into halves: nothing can be said of how well it learned"
    return ended + (
        f"finding the other half of {scores['texts']:,} {'held-out ' if apart else ''}texts, no word in common: MRR "
        f"{scores['MRR']:.3f} ({scores['MRR, before']:.3f} before)"
    )
