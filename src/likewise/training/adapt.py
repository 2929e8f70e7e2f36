"""The settings of a transformer's run: what the user left open is derived from the corpus and the encoder."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from likewise.encoders.static import StaticEncoder
from likewise.encoders.transformer.encoder import TransformerEncoder
from likewise.encoders.transformer.loading import (
    ARCHITECTURES,
    Pretrained,
    load_pretrained,
    open_transformers,
    small_encoder,
)
from likewise.encoders.transformer.lora import add_lora, merge_lora
from likewise.errors import InputError, LikewiseError
from likewise.geometry.similarity import similarity_histograms
from likewise.model.card import Card
from likewise.model.concatenated import Companion
from likewise.model.transformer import TransformerModel
from likewise.negatives.near_duplicates import DISTANCE
from likewise.negatives.spec import negatives_spec
from likewise.tokens.ragged import Ragged
from likewise.tokens.vocabulary import learn_reference, vocabulary_size
from likewise.training.batches import BatchAssembly, contrastive_step
from likewise.training.bench import Bench
from likewise.training.dataset import Examples
from likewise.training.final_fit import cycle
from likewise.training.loop import Loop, Outcome
from likewise.training.prepare import FOLDER, Prepared, pretokenised
from likewise.training.progress import ENDINGS, Messages, finite, plain_eval_point, refusal, silent, versions, watcher
from likewise.training.reading import Reading
from likewise.training.recipe import GIVEN, STATIC, Recipe, Settings, derived
from likewise.training.rewriting import with_rewritten
from likewise.training.run import run
from likewise.training.schedule import Plan
from likewise.training.step import Batch, ContrastiveStep, batch_indices
from likewise.views.mix import DEFAULT
from likewise.views.pair import Views

__all__ = ["ViewPool", "adapt", "found_for", "train_guide", "transformer_settings"]


SHORT = 16  # tokens of a text on average, below which a span says too little by itself
LENGTH = 64  # tokens of a view
BESIDE, BESIDE_SHORT = 0.8, 0.4  # of short texts a static encoder knows less: there are fewer words to go by


@dataclass(frozen=True)
class Preset:
    """How far an encoder is to go from where it stands.

    Attributes:
        steps: at the most.
        learning_rate: the peak.
        weight_interpolation: the share of its weights that is put back in the end.
    """

    steps: int
    learning_rate: float
    weight_interpolation: float


PRESETS = {
    # What it knows of meaning was learned from pairs that people made: one corpus teaches it little, and spoils easily.
    "texts": Preset(60, 2e-5, 0.5),
    "words": Preset(300, 5e-5, 0.0),
    "nothing": Preset(2_000, 5e-4, 0.0),
}
"""By what the encoder has learned before."""


def transformer_settings(recipe: Recipe, prepared: Prepared, found: Pretrained) -> Settings:
    """The recipe with nothing left open.

    Args:
        recipe: what the user asked for.
        prepared: the corpus, in the encoder's own ids.
        found: the encoder.

    Raises:
        InputError: the recipe asks for what the encoder is not.
    """
    texts, config = prepared.facts.texts, found.model.config
    dim, layers = int(config.hidden_size), int(config.num_hidden_layers)
    for name, has in (("dim", dim), ("layers", layers)):
        if getattr(recipe, name) not in (None, has):
            raise InputError(f"{name} is {getattr(recipe, name)}, and {found.name} has {has}: leave it out")
    if (recipe.length or 0) > found.special_tokens.longest:
        longest = found.special_tokens.longest
        raise InputError(f"length is {recipe.length}, and {found.name} reads {longest} tokens of a text at the most")
    if (recipe.freeze or 0) > layers:
        raise InputError(f"freeze is {recipe.freeze}, and {found.name} has {layers} layers")
    batch = max(2, min(64, texts // 4))
    preset = PRESETS[found.learned]
    short = prepared.facts.tokens / texts < SHORT
    chosen: dict[str, Any] = {
        "dim": dim,
        "layers": layers,
        "batch": batch,
        "epochs": max(1, -(-(recipe.steps or preset.steps) * (recipe.batch or batch) // texts)),
        "steps": preset.steps if recipe.epochs is None else None,
        "temperature": 0.05,
        "views": GIVEN if prepared.pairs is not None else ("delete:0.2" if short else "crop"),
        "learning_rate": preset.learning_rate,
        "vocabulary": len(found.tokenizer.vocabulary),
        "idf_power": 1.0,
        "lexical_weight": 0.0,
        "lsa_weight": 0.0,
        "near_duplicate": DISTANCE,
        "negatives": "batch",
        "loss": "info-nce",
        "length": min(LENGTH, found.special_tokens.longest),
        "weight_interpolation": preset.weight_interpolation,
        "static_weight": BESIDE_SHORT if short else BESIDE,
    }
    return Settings(**chosen | {name: value for name, value in asdict(recipe).items() if value is not None})


class ViewPool:
    """A few positive pairs of each text, of which every batch draws one.

    Args:
        batches: makes a batch of some texts; randomness arrives as an argument.
        texts: how many there are.
        pairs: of each text.
        seed: of the pairs.
    """

    def __init__(
        self, batches: Callable[[np.ndarray, np.random.Generator], Batch], texts: int, pairs: int, seed: int
    ) -> None:
        self._pairs = pairs
        self._made = [batches(np.arange(texts), np.random.default_rng([seed, 17, pair])) for pair in range(pairs)]

    def batch(self, indices: Int[np.ndarray, " batch"], rng: np.random.Generator) -> Batch:
        """The texts at `indices` as positive pairs, each one of those in the pool."""
        drawn = rng.integers(self._pairs, size=len(indices))
        rows = [np.flatnonzero(drawn == pair) for pair in range(self._pairs)]
        back = np.empty(len(indices), np.int64)
        back[np.concatenate(rows)] = np.arange(len(indices))

        def gathered(side: Callable[[Batch], Ragged]) -> Ragged:
            some = zip(self._made, rows, strict=True)
            return Ragged.concatenate([side(made).take(indices[chosen]) for made, chosen in some]).take(back)

        views = Views(gathered(lambda made: made.views.anchors), gathered(lambda made: made.views.positives))
        return Batch(views, tuple(some.take(indices) for some in self._made[0].signatures))


DIM = 256
MOST_PAIRS = 300_000  # that it learns from: it is to be quick


def train_guide(examples: Examples, settings: Settings) -> StaticEncoder:
    """Train a static encoder on the ids of a transformer's corpus.

    Args:
        examples: the corpus, in the transformer's ids.
        settings: of the transformer's run.
    """
    texts = len(examples.split.train)
    paired = settings.views == GIVEN
    usual = derived(Recipe(), texts, paired=paired)
    static = replace(
        usual, dim=DIM, lexical_weight=0.0, lsa_weight=0.0, seed=settings.seed, views=GIVEN if paired else DEFAULT,
        vocabulary=settings.vocabulary, epochs=max(2, min(usual.epochs, round(MOST_PAIRS / texts))),
    )  # fmt: skip
    of_static = examples.under(static)
    encoder = of_static.untrained()
    rng = np.random.default_rng([settings.seed, 18])
    batches = [part for _ in range(static.epochs) for part in batch_indices(texts, static.batch, rng)]
    step = ContrastiveStep(encoder, temperature=static.temperature, distance=static.near_duplicate)
    cycle(step, of_static, static, batches, purpose=19)
    return encoder


GIBIBYTE = 1 << 30
EVALUATIONS, PATIENCE = 5, 3
MOST_POOLED = 4  # positive pairs of a text in the pool of an encoder with frozen layers
SEEN_AGAIN = 4  # times each of them, so that remembering it pays
JUDGED = 24_000  # tokens of the halves that are encoded at every look
LEAST_JUDGED = 100  # texts in any case


def adapt(
    reading: Reading,
    found: Pretrained,
    recipe: Recipe,
    messages: Messages,
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
        messages: told what happens.
        work: a folder for the ids.
        checkpoint: where the run is kept, so that it can go on after it was killed.
        resume: go on from the checkpoint, if there is one.

    Raises:
        InputError: a setting does not fit the encoder or the corpus.
        LikewiseError: training collapsed, and left no state that is better than the encoder as it was.
    """
    prepared = _prepared(reading, found, recipe, messages, work, resume=resume)
    settings = transformer_settings(recipe, prepared, found)
    static = _static(reading, settings, messages, work, resume=resume) if settings.static_weight else None
    reading.close()
    examples = Examples(prepared, settings).judged_by(JUDGED, LEAST_JUDGED)
    if settings.lora:
        add_lora(found.model, settings.lora, settings.seed)
    encoder = _encoder(found, settings)
    messages.log(_introduction(prepared, settings, found))
    loop = _loop(examples, encoder, settings, checkpoint)
    start = {name: array.copy() for name, array in encoder.state().items() if name.startswith("model.")}
    outcome = loop.run(watcher(messages, loop.plan), resume=resume)
    messages.stop_bar()
    if not outcome.usable:
        if checkpoint is not None:
            checkpoint.unlink(missing_ok=True)  # to go on from there would end here again
        raise refusal(prepared.facts.name, outcome)
    _mix(encoder, start, settings.weight_interpolation)
    if settings.lora:
        merge_lora(found.model)
    card = _card(examples, encoder, prepared, settings, outcome)
    messages.log(_conclusion(outcome, dict(card.scores), apart=examples.split.apart))
    for warning in card.warnings:
        messages.log(f"warning: {warning}")
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
    reading: Reading, found: Pretrained, recipe: Recipe, messages: Messages, work: Path, *, resume: bool
) -> Prepared:
    prepared = pretokenised(reading, found.tokenizer, work, log=messages.log, resume=resume)
    return with_rewritten(
        prepared, reading, recipe.views, work=work, ids=work / FOLDER, seed=recipe.seed,
        progress_bar=messages.progress_bar,
        resume=resume,
    )  # fmt: skip


def _static(reading: Reading, settings: Settings, messages: Messages, work: Path, *, resume: bool) -> Companion | None:
    """A static encoder of the same texts, its settings given by their number; none where they teach it nothing."""
    messages.log("training a static encoder that will stand beside")
    recipe = Recipe(seed=settings.seed, views=GIVEN if settings.views == GIVEN else None)
    bench = Bench(reading, work / STATIC, recipe, silent, resume=resume)
    tuned = bench.chosen(None)
    try:
        with Messages(shown=False) as quiet:
            model = run(bench.prepared(tuned.settings.vocabulary), bench.examples(tuned.settings), tuned, quiet)
    except LikewiseError as error:
        messages.log(f"  none will: {error}")
        return None
    messages.log(f"  it finds the other half of held-out texts, no word in common: MRR {model.card.scores['MRR']:.3f}")
    return Companion(model, settings.static_weight)


def _encoder(found: Pretrained, settings: Settings) -> TransformerEncoder:
    half = None if settings.precision is None else settings.precision == "mixed"
    memory = None if settings.activation_memory is None else int(settings.activation_memory * GIBIBYTE)
    return TransformerEncoder(
        found.model, found.special_tokens, found.pooling, device=settings.device, half=half, activation_memory=memory,
        length=settings.length, freeze=settings.freeze, seed=settings.seed,
    )  # fmt: skip


def _loop(examples: Examples, encoder: TransformerEncoder, settings: Settings, checkpoint: Path | None) -> Loop:
    contrasts = negatives_spec(settings.negatives)
    step = contrastive_step(encoder, settings)
    plan = Plan(
        len(examples.split.train), settings.batch, settings.epochs, settings.learning_rate, settings.seed,
        EVALUATIONS, PATIENCE, settings.steps,
    )  # fmt: skip
    guide = train_guide(examples, settings) if contrasts.guided else None
    pairs = _pooled(examples, plan) if settings.freeze else examples.batch
    made = BatchAssembly(examples, contrasts, pairs, encoder, guide, steps=plan.steps)
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
    cut = int((prepared.texts.lengths > found.special_tokens.max_content_length).sum())
    longer = f"; {cut:,} are longer than the {found.special_tokens.longest} that it reads" if cut else ""
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
    now = best if best is not None and not settings.weight_interpolation else examples.measure(encoder)
    shown = {"MRR": now.mrr, "MRR, before": now.mrr if before is None else before.mrr}
    scores = shown | {name.replace("_", " "): value for name, value in asdict(now).items() if name != "mrr"}
    history = tuple(plain_eval_point(eval_point) for eval_point in outcome.history)
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
