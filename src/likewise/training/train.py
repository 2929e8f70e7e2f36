"""The whole way from a corpus to a model."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from likewise.atomic import os_error, refuse_existing
from likewise.corpus.read import read
from likewise.errors import InputError, LikewiseError
from likewise.model.embedder import TextModel
from likewise.model.folder import refuse_other
from likewise.model.load import load_embedder
from likewise.model.model import Model
from likewise.paraphrase.paraphraser import make_paraphraser
from likewise.tokens.vocabulary import Vocabulary
from likewise.training.bench import Bench
from likewise.training.prepare import read_whole
from likewise.training.progress import Messages
from likewise.training.recipe import STATIC, Recipe
from likewise.training.run import run
from likewise.training.tune import check_effort
from likewise.views.mix import make_views, rewritings

__all__ = ["load_or_train", "train"]

CHECKPOINT = "checkpoint.safetensors"
TWO_WORDS = Vocabulary(("a", "b"), np.zeros(2, np.bool_), np.ones(2, np.int64))


def train(
    texts: Any,
    *,
    text: str | Sequence[str] | None = None,
    id: str | None = None,
    pair: Sequence[str] | None = None,
    encoder: str = "static",
    views: str | Sequence[str] | None = None,
    seed: int = 0,
    effort: str = "medium",
    tune: bool = True,
    out: str | Path | None = None,
    resume: bool = False,
    progress: bool = True,
    overwrite: bool = False,
    encoding: str | None = None,
    on_error: str = "raise",
    **settings: Any,
) -> TextModel:
    """Train an encoder on texts that nobody labelled.

    Args:
        texts: what `corpus.read` takes: a path, a list of strings, a frame, an iterator.
        text: the column that holds the text, or several that are joined.
        id: the column that names each row.
        pair: two columns whose texts belong together, such as title and body: they are the positive pair.
        encoder: `static`, trained from nothing; or one of transformers, as `training.adapt.found_for` takes it.
        views: which make a positive pair, such as `"crop,halves"`.
        seed: of everything random: the same seed on the same machine gives the same bytes.
        effort: how much is tried to find what is None, `low`, `medium` or `high`: see `training.tune.EFFORTS`.
        tune: False tries nothing.
        out: a folder to write the model to.
        resume: go on with a run to the same `out` that was killed.
        progress: show on standard error what happens.
        overwrite: replace `out` if it exists.
        encoding: of a text file; None detects it.
        on_error: `raise` at a row that cannot be read, or `skip` and count it.
        **settings: further ones of a `Recipe`, by name: `dim`, `batch`, `epochs`, `temperature`, `negatives`, ...

    Raises:
        InputError: something given cannot be used, in one line that says what to do.
    """
    check_effort(effort)
    recipe = Recipe.of({"encoder": encoder, "views": _named(views), "seed": seed} | settings)
    begin = None if recipe.encoder == STATIC else _transformers().found_for(recipe)
    corpus = read(texts, text=text, id=id, pair=pair, encoding=encoding, on_error=on_error)
    target = None if out is None else Path(out)
    with Messages(shown=progress) as messages, ExitStack() as stack:
        work = _workplace(target, stack, resume=resume, overwrite=overwrite)
        stack.enter_context(_tidy(work, target or work, resume=resume))
        reading = read_whole(corpus, work, log=messages.log)
        checkpoint = target and work / CHECKPOINT
        if begin is None:
            bench = Bench(reading, work, recipe, messages.log, progress_bar=messages.progress_bar, resume=resume)
            model = _trained(bench, effort if tune else None, messages, checkpoint, resume=resume)
        else:
            way = {"work": work, "checkpoint": checkpoint, "resume": resume}
            model = _transformers().adapt(reading, begin(reading), recipe, messages, **way)
        _save(model, target, work, overwrite=overwrite)
    return model


def load_or_train(model: Any, texts: Any, *, seed: int = 0, progress: bool = False) -> Any:
    """The embedder that an application works with.

    Args:
        model: as `load_embedder` takes it; None trains a static model on `texts`.
        texts: the texts of the application.
        seed: of the training.
        progress: show on standard error how the training goes.

    Raises:
        InputError: `model` is no embedder, or `texts` are too few to train on.
    """
    if model is not None:
        return load_embedder(model)
    try:
        return train(texts, seed=seed, progress=progress)
    except InputError as error:
        raise InputError(f"{error}; or pass a model that was trained on other texts") from error


def _transformers() -> Any:
    from likewise.training import adapt  # torch takes seconds to import: whoever trains without it does not pay

    return adapt


def _trained(bench: Bench, effort: str | None, messages: Messages, checkpoint: Path | None, *, resume: bool) -> Model:
    tuned = bench.chosen(effort)
    return run(*bench.under(tuned.settings), tuned, messages, checkpoint=checkpoint, resume=resume)


def _save(model: TextModel, target: Path | None, work: Path, *, overwrite: bool) -> None:
    if target is not None:
        model.save(target, overwrite=overwrite)
        shutil.rmtree(work, ignore_errors=True)


def _named(views: str | Sequence[str] | None) -> str | None:
    make_views(views, TWO_WORDS)  # a name that is not known is refused before a large file is read
    for name in rewritings(views):
        make_paraphraser(name)  # so is one whose tool is missing
    return views if views is None or isinstance(views, str) else ",".join(views)


@contextmanager
def _tidy(work: Path, target: Path, *, resume: bool) -> Iterator[None]:
    """After an error nothing is left of a run that began here, unless it has a checkpoint to go on from."""
    try:
        yield
    except (OSError, LikewiseError) as error:
        if not resume and not (work / CHECKPOINT).exists():
            shutil.rmtree(work, ignore_errors=True)
        if isinstance(error, OSError):
            raise os_error(error, target) from error
        raise


def _workplace(target: Path | None, stack: ExitStack, *, resume: bool, overwrite: bool) -> Path:
    """Where the ids and the checkpoint of a run lie: beside the model that it will become."""
    if target is None:
        if resume:
            raise InputError("resume=True needs out=, the model that the killed run was to write")
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="likewise-")))
    refuse_existing(target, overwrite=overwrite)
    refuse_other(target)
    work = target.absolute().parent / f"{target.name}.training"
    if not resume:
        shutil.rmtree(work, ignore_errors=True)
    return work
