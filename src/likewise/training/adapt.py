"""Adapting a transformer to a corpus without labels: its settings, guide, companion and run."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from likewise.arrays import Int
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
from likewise.errors import InputError
from likewise.model.card import Card
from likewise.model.embedder import identity_of
from likewise.model.transformer import TransformerModel
from likewise.negatives.near_duplicates import DISTANCE
from likewise.negatives.spec import negatives_spec
from likewise.tokens.learning import learn_reference
from likewise.tokens.ragged import Ragged
from likewise.tokens.vocabulary import vocabulary_size
from likewise.training.companion import SHORT, static_weight, train_companion
from likewise.training.dataset import BatchAssembly, Batches, Dataset
from likewise.training.distill import Teacher
from likewise.training.history import Outcome, finite
from likewise.training.loop import Loop
from likewise.training.prepare import SUBWORDS, Prepared, add_rewritten, prepare_with
from likewise.training.progress import Messages, conclusion, versions
from likewise.training.query_student import make_queries, query_student
from likewise.training.reading import Reading
from likewise.training.recipe import GIVEN, STATIC, Recipe, Settings, derived
from likewise.training.run import contrastive_step, one_cycle, run_loop
from likewise.training.schedule import Plan, Purpose, batch_indices, random_stream
from likewise.training.step import Batch
from likewise.views.pair import Views
from likewise.views.spec import DEFAULT

LENGTH = 64  # tokens of a view
GUIDE_DIM = 256
MAX_GUIDE_PAIRS = 300_000  # that the guide is trained on
GIBIBYTE = 1 << 30
EVALUATIONS, PATIENCE = 5, 3
MAX_CACHED_PAIRS = 4  # positive pairs of a text in the view cache of an encoder with frozen layers
REUSES = 4  # times that each of them is seen, so that caching the states of the frozen layers pays
EVALUATED_TOKENS = 24_000  # of the halves that are encoded at each evaluation
MIN_EVALUATED_TEXTS = 100


@dataclass(frozen=True)
class Preset:
    """How far an encoder moves from where it is.

    Attributes:
        steps: at most; 0 where it stays as it is unless the user gives pairs, steps or epochs.
        learning_rate: its peak.
        weight_interpolation: the share of the old weights in the result.
    """

    steps: int
    learning_rate: float
    weight_interpolation: float


PRESETS = {
    # Such an encoder learned similarity from pairs that people made. What one corpus adds to that is less than what its
    # companion adds in seconds (docs/transformers.md), so training it is left to the user.
    "texts": Preset(0, 2e-5, 0.5),
    "words": Preset(300, 5e-5, 0.0),
    "nothing": Preset(2_000, 5e-4, 0.0),
}
"""By what the encoder was trained on before."""


PAIRED_STEPS = 60  # of an encoder that would stay as it is, where the user gives what belongs together
# What does nothing for an encoder that stays as it is.
OF_TRAINING = ("batch", "temperature", "views", "learning_rate", "negatives", "freeze", "lora", "weight_interpolation")


def transformer_settings(recipe: Recipe, prepared: Prepared, found: Pretrained) -> Settings:
    """The recipe with every setting that is None derived from the corpus and the encoder.

    Args:
        recipe: what the user set.
        prepared: the corpus, in the encoder's ids.
        found: the encoder.

    Raises:
        InputError: a setting does not fit the encoder.
    """
    texts, config = prepared.facts.texts, found.model.config
    dim, layers = int(config.hidden_size), int(config.num_hidden_layers)
    for name, has in (("dim", dim), ("layers", layers)):
        if getattr(recipe, name) not in (None, has):
            raise InputError(f"{name} is {getattr(recipe, name)}, and {found.name} has {has}: leave it out")
    if (recipe.length or 0) > found.special_tokens.longest:
        longest = found.special_tokens.longest
        raise InputError(f"length is {recipe.length}, and {found.name} reads at most {longest} tokens of a text")
    if (recipe.freeze or 0) > layers:
        raise InputError(f"freeze is {recipe.freeze}, and {found.name} has {layers} layers")
    batch = max(2, min(64, texts // 4))
    preset = PRESETS[found.learned]
    steps = preset.steps or (0 if prepared.pairs is None else PAIRED_STEPS)
    short = prepared.facts.tokens / texts < SHORT
    chosen: dict[str, Any] = {
        "dim": dim,
        "layers": layers,
        "batch": batch,
        "epochs": max(1, -(-(recipe.steps or steps) * (recipe.batch or batch) // texts)),
        "steps": steps if recipe.epochs is None else None,
        "temperature": 0.05,
        "views": GIVEN if prepared.pairs is not None else ("delete:0.2" if short else "crop"),
        "learning_rate": preset.learning_rate,
        "vocabulary": len(found.tokenizer.vocabulary),
        "idf_power": 1.0,
        "lexical_weight": 0.0,
        "near_duplicate": DISTANCE,
        "negatives": "batch",
        "length": min(LENGTH, found.special_tokens.longest),
        "weight_interpolation": preset.weight_interpolation,
        "static_weight": static_weight(prepared.facts.tokens / texts),
    }
    settings = Settings(**chosen | {name: value for name, value in asdict(recipe).items() if value is not None})
    if settings.steps == 0 and (given := [name for name in OF_TRAINING if getattr(recipe, name) is not None]):
        raise InputError(
            f"{given[0]} is a setting of training, and {found.name} stays as it is: add --steps 60 (steps=60)"
        )
    return settings


def train_guide(dataset: Dataset, settings: Settings) -> StaticEncoder:
    """Train the guide, a static encoder of the same ids, for a short while.

    Args:
        dataset: the corpus, in the transformer's ids.
        settings: of the transformer's run.
    """
    texts = len(dataset.split.train)
    paired = settings.views == GIVEN
    usual = derived(Recipe(), texts, paired=paired)
    static = replace(
        usual, dim=GUIDE_DIM, lexical_weight=0.0, seed=settings.seed,
        views=GIVEN if paired else DEFAULT, vocabulary=settings.vocabulary,
        epochs=max(2, min(usual.epochs, round(MAX_GUIDE_PAIRS / texts))),
    )  # fmt: skip
    under_static = dataset.under(static)
    encoder = under_static.untrained()
    rng = random_stream(settings.seed, Purpose.GUIDE_ORDER)
    batches = [part for _ in range(static.epochs) for part in batch_indices(texts, static.batch, rng)]
    one_cycle(contrastive_step(encoder, static), under_static, static, batches, Purpose.GUIDE_VIEWS)
    return encoder


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
        recipe: what the user set.
        messages: what the user sees.
        work: a folder for the ids.
        checkpoint: the file of the checkpoint, from which a killed run continues.
        resume: continue from the checkpoint, if there is one.

    Raises:
        InputError: a setting does not fit the encoder or the corpus.
        LikewiseError: training collapsed, and left no state that is better than the encoder as it was.
    """
    prepared = _prepared(reading, found, recipe, messages, work, resume=resume)
    settings = transformer_settings(recipe, prepared, found)
    companion = None
    if settings.static_weight:
        companion = train_companion(
            reading, settings.static_weight, messages, work, seed=settings.seed, paired=settings.views == GIVEN,
            resume=resume,
        )  # fmt: skip
    made = make_queries(reading, found.tokenizer, settings.seed) if settings.queries == STATIC else None
    reading.close()
    dataset = Dataset(prepared, settings).with_fewer_evaluated(EVALUATED_TOKENS, MIN_EVALUATED_TEXTS)
    if settings.lora:
        add_lora(found.model, settings.lora, settings.seed)
    encoder = _encoder(found, settings)
    messages.fact(_introduction(prepared, settings, found))
    loop = _loop(dataset, encoder, settings, checkpoint)
    start = {name: array.copy() for name, array in encoder.state().items() if name.startswith("model.")}
    outcome = run_loop(loop, prepared.facts.name, messages, resume=resume)
    _interpolate(encoder, start, settings.weight_interpolation)
    if settings.lora:
        merge_lora(found.model)
    card = _card(dataset, encoder, prepared, settings, outcome)
    compared = f"({card.scores['MRR, before']:.3f} before)"
    messages.fact(conclusion(outcome, dict(card.scores), compared, held_out=dataset.split.disjoint))
    for warning in card.warnings:
        messages.warning(warning)
    model = TransformerModel(found, encoder, card, prepared.sample, companion)
    if made is None:
        return model
    teacher = Teacher(model, identity_of(model, Path(found.name).name))
    student, scores = query_student(made, teacher, work, messages, settings.seed)
    card = replace(card, scores={**card.scores, **scores})
    return TransformerModel(found, encoder, card, prepared.sample, companion, student)


def found_for(recipe: Recipe) -> Callable[[Reading], Pretrained]:
    """What returns the encoder to start from, once the corpus is read; a pretrained one is loaded at once.

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
    ids = work / SUBWORDS
    prepared = prepare_with(found.tokenizer, reading, ids, log=messages.log, resume=resume)
    return add_rewritten(
        prepared, reading, recipe.views, work=work, ids=ids, seed=recipe.seed, progress_bar=messages.progress_bar,
        resume=resume,
    )  # fmt: skip


def _encoder(found: Pretrained, settings: Settings) -> TransformerEncoder:
    half = None if settings.precision is None else settings.precision == "mixed"
    memory = None if settings.activation_memory is None else int(settings.activation_memory * GIBIBYTE)
    return TransformerEncoder(
        found.model, found.special_tokens, found.pooling, device=settings.device, half=half, activation_memory=memory,
        length=settings.length, freeze=settings.freeze, seed=settings.seed,
    )  # fmt: skip


def _loop(dataset: Dataset, encoder: TransformerEncoder, settings: Settings, checkpoint: Path | None) -> Loop:
    negatives = negatives_spec(settings.negatives)
    plan = Plan(
        len(dataset.split.train), settings.batch, settings.epochs, settings.learning_rate, settings.seed,
        EVALUATIONS, PATIENCE, settings.steps,
    )  # fmt: skip
    guide = train_guide(dataset, settings) if negatives.guided else None
    pairs = _cached_views(dataset, plan) if settings.freeze else dataset.batch
    assembly = BatchAssembly(dataset, negatives, pairs, encoder, guide, steps=plan.steps)
    return Loop(
        contrastive_step(encoder, settings), assembly.batch, lambda: dataset.measure(encoder), plan, checkpoint,
        stateful={"batches": assembly},
    )  # fmt: skip


def _cached_views(dataset: Dataset, plan: Plan) -> Batches:
    """Batches drawn from a few positive pairs of each text, so that the states of the frozen layers are used again."""
    seen = plan.steps * plan.batch
    pairs = max(1, min(MAX_CACHED_PAIRS, round(seen / (plan.texts * REUSES))))
    every = np.arange(plan.texts)
    made = [dataset.batch(every, random_stream(plan.seed, Purpose.VIEW_CACHE, pair)) for pair in range(pairs)]

    def batch(indices: Int[np.ndarray, " batch"], rng: np.random.Generator) -> Batch:
        drawn = rng.integers(pairs, size=len(indices))
        rows = [np.flatnonzero(drawn == pair) for pair in range(pairs)]
        back = np.empty(len(indices), np.int64)
        back[np.concatenate(rows)] = np.arange(len(indices))

        def gathered(sides: list[Ragged]) -> Ragged:
            parts = [side.take(indices[chosen]) for side, chosen in zip(sides, rows, strict=True)]
            return Ragged.concatenate(parts).take(back)

        anchors, positives = [each.views.anchors for each in made], [each.views.positives for each in made]
        return Batch(
            Views(gathered(anchors), gathered(positives)), tuple(some.take(indices) for some in made[0].signatures)
        )

    return batch


def _interpolate(encoder: TransformerEncoder, start: dict[str, np.ndarray], share: float) -> None:
    """Interpolate between the weights that the encoder had before and those it has now (Wortsman et al. 2022, WiSE-FT).

    What it knew of text in general and what it learned of this corpus are both kept better in the middle than at
    either end.
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
    training = (
        "as it is (--steps 60 trains it too)"
        if settings.steps == 0
        else f"views {settings.views} of up to {settings.length} tokens, temperature {settings.temperature}, batches "
        f"of {settings.batch}: {settings.batch - 1} negatives per text"
    )
    return (
        f"{facts.name}: {facts.texts:,} distinct texts, {facts.tokens / facts.texts:.0f} tokens each (left out: "
        f"{facts.left_out}){longer}\n"
        f"{found.name}: {settings.layers} layers, {settings.dim} dimensions; {training}"
    )


def _card(
    dataset: Dataset, encoder: TransformerEncoder, prepared: Prepared, settings: Settings, outcome: Outcome
) -> Card:
    before, best = outcome.history[0].geometry, outcome.best.geometry
    # The evaluations saw the weights before interpolation; the card is of those that are kept.
    now = best if best is not None and not settings.weight_interpolation else dataset.measure(encoder)
    scores = {"MRR": now.mrr, "MRR, before": now.mrr if before is None else before.mrr} | now.named()
    history = tuple(point.plain() for point in outcome.history)
    return Card(
        settings.plain(), asdict(prepared.facts), finite(scores), history, versions("torch", "transformers"),
        outcome.warnings, dataset.similarities(encoder),
    )  # fmt: skip
