"""Training, from texts to a model: the function that users call."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from likewise.atomic import begun, locking, os_error
from likewise.corpus.read import read
from likewise.errors import InputError, LikewiseError
from likewise.model.embedder import StorableModel, TextModel
from likewise.model.folder import refuse_other
from likewise.model.load import load_embedder, name_of
from likewise.paraphrase.paraphraser import make_paraphraser
from likewise.tokens.vocabulary import Vocabulary
from likewise.training.companion import join
from likewise.training.progress import Messages, Watch
from likewise.training.reading import Reading, read_corpus
from likewise.training.recipe import STATIC, Recipe
from likewise.training.run import prepare_static, run
from likewise.views.spec import make_views, rewritings

CHECKPOINT = "checkpoint.safetensors"
TWO_WORDS = Vocabulary(("a", "b"), np.zeros(2, np.bool_), np.ones(2, np.int64))


def train(
    texts: Any,
    *,
    text: str | Sequence[str] | None = None,
    id: str | None = None,
    pair: Sequence[str] | None = None,
    encoder: Any = "static",
    views: str | Sequence[str] | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    progress: bool | None = True,
    overwrite: bool = False,
    encoding: str | None = None,
    header: bool = True,
    on_error: str = "raise",
    watch: Watch | None = None,
    **settings: Any,
) -> TextModel:
    """Train an encoder on unlabelled texts.

    Args:
        texts: whatever `corpus.read` takes: a path, a list of strings, a data frame, an iterator.
        text: the column that holds the text, or several that are joined.
        id: the column that names each row; it is not read.
        pair: two columns whose texts belong together, such as title and body: they are the positive pair.
        encoder: `static`; a transformer (`training.adapt.found_for`); an object to join with a companion (`companion`).
        views: the two views of a text that are a positive pair, such as `"crop,halves"`.
        seed: of everything random: the same seed on the same machine gives the same bytes.
        out: a folder to write the model to.
        resume: continue a killed run to `out`.
        progress: show progress on standard error; False logs warnings and the score (logger `likewise`), None nothing.
        overwrite: replace `out` if it exists.
        encoding: of a text file; detected if None.
        header: whether the first row of a CSV or TSV file names the columns; they are called 1, 2, ... if not.
        on_error: what to do with a row that cannot be read: `raise`, or `skip` and count it.
        watch: called with each `training.progress.Event`: messages, steps, evaluations.
        **settings: further ones of a `Recipe`, by name; others are derived. `model.card.recipe` has all.

    Raises:
        InputError: an argument or the texts cannot be used.
        LikewiseError: training collapsed, or the model cannot be written.
    """
    embedder = _embedder(encoder, written=out is not None or resume)
    recipe = Recipe.of(
        {"encoder": name_of(encoder) if embedder else encoder, "views": _checked(views), "seed": seed} | settings
    )
    begin = None if embedder is not None or recipe.encoder == STATIC else _transformers().found_for(recipe)
    corpus = read(texts, text=text, id=id, ids=False, pair=pair, encoding=encoding, header=header, on_error=on_error)
    target = None if out is None else Path(out)
    with Messages(shown=progress, watch=watch) as messages, ExitStack() as stack:
        work = _working_folder(target, stack, resume=resume, overwrite=overwrite)
        reading = read_corpus(corpus, work, log=messages.log)
        if embedder is not None:
            return join(reading, embedder, recipe, messages, work=work, paired=pair is not None)
        model = _trained(reading, recipe, begin, messages, work, target and work / CHECKPOINT, resume=resume)
        if target is not None:
            model.save(target, overwrite=overwrite)
            shutil.rmtree(work, ignore_errors=True)
    return model


def _embedder(encoder: Any, *, written: bool) -> Any | None:
    """The object that is to be joined with a companion; None where the encoder is a name.

    Raises:
        InputError: it does not encode texts, is a model of this package, or the model is to be written.
    """
    if isinstance(encoder, str):
        return None
    embedder, name = load_embedder(encoder), name_of(encoder)
    if isinstance(embedder, StorableModel):
        raise InputError(f"a {name} was given as the encoder: give the folder or the name of a transformer")
    if written:
        raise InputError(f"a model with a {name} cannot be written: leave out= out, and make an index with it")
    return embedder


def _trained(
    reading: Reading,
    recipe: Recipe,
    begin: Callable[[Reading], Any] | None,
    messages: Messages,
    work: Path,
    checkpoint: Path | None,
    *,
    resume: bool,
) -> TextModel:
    """A static model, or a transformer that `begin` finds."""
    if begin is not None:
        adapted: TextModel = _transformers().adapt(
            reading, begin(reading), recipe, messages, work=work, checkpoint=checkpoint, resume=resume
        )
        return adapted
    bar = messages.progress_bar
    prepared, settings = prepare_static(reading, work, recipe, messages.log, progress_bar=bar, resume=resume)
    reading.close()
    return run(prepared, settings, messages, checkpoint=checkpoint, resume=resume)


def load_or_train(model: Any, texts: Any, *, seed: int = 0, progress: bool = False, watch: Watch | None = None) -> Any:
    """The embedder that an application works with.

    Args:
        model: as `load_embedder` takes it; None trains a static model on `texts`.
        texts: the texts of the application.
        seed: of the training.
        progress: show progress on standard error.
        watch: called with each event of the training.

    Raises:
        InputError: `model` is no embedder, or `texts` are too few to train on.
    """
    if model is not None:
        return load_embedder(model)
    try:
        return train(texts, seed=seed, progress=progress, watch=watch)
    except InputError as error:
        raise InputError(f"{error}; or pass a model that was trained on other texts") from error


def _transformers() -> Any:
    from likewise.training import adapt  # imports torch, which takes seconds

    return adapt


def _checked(views: str | Sequence[str] | None) -> str | None:
    """The names of the views; an unknown name or a missing tool is refused before a large file is read."""
    make_views(views, TWO_WORDS)
    for name in rewritings(views):
        make_paraphraser(name)
    return views if views is None or isinstance(views, str) else ",".join(views)


@contextmanager
def _removed_after_errors(work: Path, target: Path, *, resume: bool) -> Iterator[None]:
    """After an error nothing is left of a run that began here, unless it has a checkpoint to continue from."""
    try:
        yield
    except (OSError, LikewiseError) as error:
        if not resume and not (work / CHECKPOINT).exists():
            shutil.rmtree(work, ignore_errors=True)
        if isinstance(error, OSError):
            raise os_error(error, target) from error
        raise


def _working_folder(target: Path | None, stack: ExitStack, *, resume: bool, overwrite: bool) -> Path:
    """Where the ids and the checkpoint of a run are: next to the model that it will become and that it alone writes."""
    if target is None:
        if resume:
            raise InputError("resume=True needs out=, the model that the killed run was to write")
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="likewise-")))
        stack.enter_context(_removed_after_errors(work, work, resume=resume))
        return work
    stack.enter_context(locking(target, overwrite=overwrite))
    refuse_other(target)
    work = begun(target)
    if not resume:
        shutil.rmtree(work, ignore_errors=True)
    stack.enter_context(_removed_after_errors(work, target, resume=resume))
    return work
