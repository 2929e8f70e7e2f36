"""One run of the static encoder: from the texts of a corpus to a model with its card, and the final fit.

In the final fit the held-out texts are trained on as well, after the evaluation and where they are worth it.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from likewise.arrays import Int
from likewise.atomic import replacing_file
from likewise.encoders.encoder import Encoder
from likewise.encoders.static import StaticEncoder
from likewise.errors import InputError
from likewise.geometry.collapse import collapse, usable
from likewise.geometry.measure import Geometry
from likewise.model.card import Card
from likewise.model.model import Model
from likewise.negatives.spec import negatives_spec
from likewise.tokens.vocabulary import vocabulary_size
from likewise.training.dataset import BatchAssembly, Dataset, Split
from likewise.training.history import Outcome, finite
from likewise.training.loop import MIN_EVALUATED, Loop, few_threads
from likewise.training.prepare import Prepared, ProgressBar, add_rewritten, prepare
from likewise.training.progress import Messages, conclusion, no_progress_bar, refusal, versions, watcher
from likewise.training.reading import Reading
from likewise.training.recipe import Recipe, Settings, derived
from likewise.training.schedule import Plan, Purpose, Schedule, batch_indices, random_stream
from likewise.training.step import ContrastiveStep

SETTINGS = "settings.json"  # those that a run began with
# The final fit.
MIN_SHARE = 0.05  # of the texts that are held out: below, what they add is less than what seeds differ by
BUDGET = 0.1  # of the pairs of the training
OTHERS = 1.0  # other texts per held-out text, so that what is known of those is not unlearned


def prepare_static(
    reading: Reading,
    work: Path,
    recipe: Recipe,
    log: Callable[[str], None],
    *,
    progress_bar: ProgressBar = no_progress_bar,
    resume: bool = False,
) -> tuple[Prepared, Settings]:
    """A corpus as ids, and the settings to train on it.

    Args:
        reading: the corpus.
        work: a folder for its ids.
        recipe: what the user set.
        log: called with a line at each stage.
        progress_bar: shows how far the rewriting of texts is.
        resume: continue with what an earlier run left in `work`.

    Raises:
        InputError: a run cannot continue, because its settings or its corpus changed.
    """
    size = recipe.vocabulary or vocabulary_size(reading.kept)
    prepared = prepare(reading, work, size, log=log, resume=resume)
    settings = replace(derived(recipe, prepared.facts.texts, paired=prepared.pairs is not None), vocabulary=size)
    _refuse_other_settings(work / SETTINGS, asdict(settings), resume=resume)
    prepared = add_rewritten(
        prepared, reading, recipe.views, work=work, ids=work, seed=recipe.seed, progress_bar=progress_bar,
        resume=resume,
    )  # fmt: skip
    return prepared, settings


def run(
    prepared: Prepared,
    settings: Settings,
    messages: Messages,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> Model:
    """Train the static encoder on a prepared corpus.

    Args:
        prepared: the corpus as ids.
        settings: of the run.
        messages: what the user sees.
        checkpoint: the file of the checkpoint, from which a killed run continues.
        resume: continue from the checkpoint, if there is one.

    Raises:
        LikewiseError: training collapsed, and left no state that is better than the untrained encoder.
    """
    messages.fact(_introduction(prepared, settings))
    dataset = Dataset(prepared, settings)
    encoder = dataset.untrained()
    step = contrastive_step(encoder, settings)
    plan = Plan(
        len(dataset.split.train), settings.batch, settings.epochs, settings.learning_rate, settings.seed,
        block=settings.block,
    )  # fmt: skip
    assembly = BatchAssembly(
        dataset, negatives_spec(settings.negatives), dataset.batch, encoder, None, steps=plan.steps
    )
    loop = Loop(
        step, assembly.batch, lambda: dataset.measure(encoder), plan, checkpoint, stateful={"batches": assembly}
    )
    outcome = run_loop(loop, prepared.facts.name, messages, resume=resume)
    pairs = dataset.similarities(encoder)
    finished = dataset.finished(encoder)
    scores = _scores(outcome, dataset.measure(dataset.lsa), dataset.score(finished).value)
    warnings = (*outcome.warnings, *_warnings(prepared.facts.texts, outcome, scores, held_out=dataset.split.disjoint))
    compared = (
        f"(untrained {scores['MRR, untrained']:.3f}, LSA {scores['MRR, LSA']:.3f})\n"
        f"score without labels {scores['score']:.3f}, to compare models of the same texts"
    )
    messages.fact(conclusion(outcome, scores, compared, held_out=dataset.split.disjoint))
    for warning in warnings:
        messages.warning(warning)
    if outcome.ended in ("done", "early") and outcome.best.step:
        # The planned rate made the run collapse, and without an evaluation nothing would notice that it does again.
        stable = replace(settings, learning_rate=outcome.last_learning_rate(settings.learning_rate))
        if final_fit(step, dataset, stable):
            finished = dataset.finished(encoder, finished)
    history = tuple(point.plain() for point in outcome.history)
    card = Card(settings.plain(), asdict(prepared.facts), finite(scores), history, versions(), warnings, pairs)
    return finished_model(prepared, finished, card)


def run_loop(loop: Loop, name: str, messages: Messages, *, resume: bool) -> Outcome:
    """Run a loop and show its progress.

    Args:
        loop: not yet run.
        name: of the corpus.
        messages: what the user sees.
        resume: continue from the checkpoint, if there is one.

    Raises:
        LikewiseError: training collapsed, and left no state that is better than the encoder that it began with.
    """
    outcome = loop.run(watcher(messages, loop.plan), resume=resume)
    messages.stop_bar()
    if not outcome.usable:
        if loop.checkpoint is not None:
            loop.checkpoint.unlink(missing_ok=True)  # resumed, the run would end here again
        raise refusal(name, outcome)
    return outcome


def contrastive_step(encoder: Encoder, settings: Settings) -> ContrastiveStep:
    """The training step of some settings."""
    negatives = negatives_spec(settings.negatives)
    return ContrastiveStep(
        encoder,
        temperature=settings.temperature,
        distance=settings.near_duplicate,
        block=settings.block,
        queue=negatives.queue,
        gamma=negatives.guide or 1.0,
    )


def one_cycle(
    step: ContrastiveStep,
    dataset: Dataset,
    settings: Settings,
    batches: Sequence[Int[np.ndarray, " batch"]],
    purpose: Purpose,
) -> None:
    """Train on some batches with one rise and fall of the learning rate, without an evaluation.

    Args:
        step: with the encoder.
        dataset: the corpus.
        settings: of the run.
        batches: positions among the texts to train on, one array per step.
        purpose: of the random numbers that views are drawn with.
    """
    schedule = Schedule(settings.learning_rate, len(batches))
    with few_threads(settings.block or settings.batch):
        for number, indices in enumerate(batches):
            step(dataset.batch(indices, random_stream(settings.seed, purpose, number)), schedule(number))


def final_fit(step: ContrastiveStep, dataset: Dataset, settings: Settings) -> bool:
    """Train on the held-out texts, mixed with others, for at most a tenth of the pairs of the training.

    In a small corpus a tenth of the texts is much of what there is to learn, and they will be searched like all others.
    No score is taken afterwards: nothing is left that was not trained on.

    Args:
        step: with the trained encoder.
        dataset: the corpus.
        settings: of the run.

    Returns:
        Whether there was anything to train on.
    """
    batches = final_fit_batches(dataset.split, settings, random_stream(settings.seed, Purpose.FINAL_FIT_TEXTS))
    if batches:
        one_cycle(step, dataset.with_held_out(), settings, batches, Purpose.FINAL_FIT_VIEWS)
    return bool(batches)


def final_fit_batches(split: Split, settings: Settings, rng: np.random.Generator) -> list[Int[np.ndarray, " batch"]]:
    """The batches of the final fit, as positions in the corpus; none where few texts are held out.

    Each pass has every held-out text once and as many others, drawn anew.

    Args:
        split: of the corpus.
        settings: of the run, whose pairs the budget is a share of.
        rng: draws the other texts and the order.
    """
    held, trained = len(split.held_out), len(split.train)
    if not split.disjoint or held < MIN_SHARE * (held + trained):
        return []
    others = min(trained, round(OTHERS * held))
    passes = int(BUDGET * trained * settings.epochs / (held + others))
    batches = []
    for _ in range(passes):
        texts = np.concatenate([split.held_out, rng.permutation(split.train)[:others]])
        batches += [texts[rows] for rows in batch_indices(len(texts), settings.batch, rng)]
    return batches


def finished_model(prepared: Prepared, encoder: StaticEncoder, card: Card) -> Model:
    """A model whose tokenizer cuts texts into subwords, not stems: each subword gets the row of its stem."""
    others = np.flatnonzero(prepared.stems != np.arange(len(prepared.stems)))
    encoder.weights[others] = encoder.weights[prepared.stems[others]]
    return Model(prepared.tokenizer, encoder, card, prepared.sample, prepared.word_stems)


def _refuse_other_settings(path: Path, settings: dict[str, object], *, resume: bool) -> None:
    """Note the settings of a run; one that is resumed has to have those that it began with.

    Raises:
        InputError: it has others.
    """
    if resume and path.exists():
        before = json.loads(path.read_text(encoding="utf-8"))
        changed = [name for name, now in settings.items() if before.get(name) != now]
        if changed:
            differences = "; ".join(f"{name} was {before.get(name)}, now {settings[name]}" for name in changed)
            raise InputError(f"the run to resume had other settings ({differences}): resume with those")
    with replacing_file(path) as temporary:
        temporary.write_text(json.dumps(settings), encoding="utf-8")


def _introduction(prepared: Prepared, settings: Settings) -> str:
    facts = prepared.facts
    return (
        f"{facts.name}: {facts.texts:,} distinct texts, {facts.tokens / facts.texts:.0f} tokens each (left out: "
        f"{facts.left_out}); a vocabulary of {len(prepared.tokenizer.vocabulary):,} subwords\n"
        f"{settings.dim} dimensions, views {settings.views}, temperature {settings.temperature}, {settings.epochs} "
        f"epochs in batches of {settings.batch}: {_negatives(settings)} negatives per text"
    )


def _negatives(settings: Settings) -> int:
    """Other texts of its block that a text is contrasted with: about as many, where a batch is no multiple of it."""
    parts = max(1, round(settings.batch / settings.block)) if settings.block else 1
    return round(settings.batch / parts) - 1


def _scores(outcome: Outcome, lsa: Geometry, score: float) -> dict[str, Any]:
    """The scores of the card: those of the state that is kept, beside the untrained encoder and LSA."""
    untrained = outcome.history[0].geometry
    best = outcome.best.geometry or untrained
    assert best is not None and untrained is not None  # noqa: S101 - the first point always has a geometry
    found = {"MRR": best.mrr, "MRR, untrained": untrained.mrr, "MRR, LSA": lsa.mrr}
    return found | best.named() | {"score": score}


def _warnings(texts: int, outcome: Outcome, scores: dict[str, Any], *, held_out: bool) -> list[str]:
    best, untrained = outcome.best.geometry, outcome.history[0].geometry
    warnings = []
    if not held_out:
        warnings.append(
            f"only {texts:,} texts: none was held out, so the score was taken on the texts that were trained on and "
            "says little"
        )
    if scores["MRR"] < scores["MRR, LSA"]:
        warnings.append("the score is below that of LSA: the corpus may be too small or too uniform to learn from")
    if best is not None and untrained is not None and best.texts >= MIN_EVALUATED:
        if not usable(best, untrained):
            warnings.append(
                "the halves of a text find each other no better than by chance: the texts teach nothing beyond which "
                "words they share, and the model knows little more"
            )
        elif seen := collapse(best, start=untrained):
            warnings.append(f"halves find each other, but {seen}")
    return warnings
