"""Distillation: a static student learns, without labels, what a slower teacher knows of a corpus.

The teacher is any embedder; its vectors are cached on disk as they come.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from likewise.arrays import Float32
from likewise.atomic import locking, os_error, replacing_file
from likewise.corpus.read import read
from likewise.encoders.static import StaticEncoder
from likewise.errors import InputError
from likewise.geometry.similarity import NEIGHBOURS, neighbour_agreement
from likewise.model.card import Card
from likewise.model.embedder import Identity, identity_of, unit_vectors
from likewise.model.folder import refuse_other
from likewise.model.load import load_embedder, name_of
from likewise.model.model import Model
from likewise.training.dataset import Dataset
from likewise.training.history import finite
from likewise.training.prepare import Prepared
from likewise.training.progress import Messages, versions
from likewise.training.reading import Reading, read_corpus
from likewise.training.recipe import Recipe, Settings
from likewise.training.run import final_fit_batches, finished_model, prepare_static
from likewise.training.schedule import Purpose, random_stream
from likewise.training.student import DistillationData, start_rows, targets_of, train_on_both, train_student

BATCH_TEXTS = 256  # that the teacher encodes at once: what a killed run loses at most
MAX_TEXTS = 10_000  # a teacher that reads a hundred texts a second needs minutes for these
LONGEST = 90  # words of a text: about 128 tokens, as many as small teachers were trained on
LONGEST_CHARACTERS = 1_000  # where words are not separated by spaces
SPAN = (4, 16)  # words, as queries have
SHORT = 20  # words; a text with fewer is a span itself
VECTORS = "teacher.vectors"
MAX_HELD_OUT = 500  # targets, at most a tenth, that are held out to measure the agreement with the teacher
MAX_EPOCHS = 15  # half of those of a training from scratch


@dataclass(frozen=True)
class Teacher:
    """An embedder to learn from.

    Attributes:
        embedder: an object with `encode`.
        identity: by which it is recognised.
    """

    embedder: Any
    identity: Identity

    @property
    def name(self) -> str:
        """What it is called in messages and on the model card."""
        return self.identity.name

    @property
    def dim(self) -> int:
        """Length of its vectors."""
        return int(self.identity.probe.shape[1])

    def encode_to(
        self, path: Path, texts: Sequence[str], progress: Callable[[int], None]
    ) -> Float32[np.ndarray, "texts dim"]:
        """Encode texts into a file; what an earlier run left there is not encoded again.

        Args:
            path: of the file; its texts and teacher are noted in a file next to it.
            texts: to encode.
            progress: called with the number of vectors so far.

        Returns:
            Unit vectors, memory-mapped; a zero vector stays zero.

        Raises:
            InputError: the teacher does not return one vector per text.
            LikewiseError: a vector is not finite.
        """
        note, width = path.with_suffix(".json"), 4 * self.dim
        digest = hashlib.sha256()
        for text in texts:
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        key = digest.hexdigest()
        if not (path.exists() and self._is_note(note, key)):
            path.write_bytes(b"")
            with replacing_file(note) as temporary:
                temporary.write_text(json.dumps({"key": key, "teacher": self.identity.plain()}), encoding="utf-8")
        done = min(path.stat().st_size // width, len(texts))
        os.truncate(path, done * width)
        progress(done)
        with path.open("ab") as file:
            for begin in range(done, len(texts), BATCH_TEXTS):
                batch = list(texts[begin : begin + BATCH_TEXTS])
                file.write(unit_vectors(self.embedder, batch, self.dim).tobytes())
                file.flush()
                progress(begin + len(batch))
        return np.memmap(path, np.float32, "r", shape=(len(texts), self.dim))

    def _is_note(self, note: Path, key: str) -> bool:
        """Whether a note is of these texts and of this teacher."""
        try:
            stored = json.loads(note.read_text(encoding="utf-8"))
            return stored["key"] == key and self.identity.matches(Identity.of_plain(stored["teacher"]))
        except (OSError, ValueError, KeyError, TypeError):
            return False


def load_teacher(source: Any) -> Teacher:
    """Find a teacher, and encode a few texts with it.

    Args:
        source: as `load_embedder` takes it.

    Raises:
        InputError: it is no embedder.
        LikewiseError: what it needs is not installed.
    """
    embedder = load_embedder(source)
    return Teacher(embedder, identity_of(embedder, name_of(source)))


def draw_distillation_texts(
    reading: Reading, rng: np.random.Generator, *, max_texts: int = MAX_TEXTS
) -> tuple[list[str], list[str]]:
    """Draw texts for the teacher from a corpus in one pass, all short enough for it to read whole.

    Args:
        reading: the corpus.
        rng: draws texts and spans.
        max_texts: texts, and as many spans, at most.

    Returns:
        The beginnings of texts, and a span of each text that is longer than one.
    """
    drawn = np.sort(rng.permutation(reading.kept)[:max_texts])
    texts: list[str] = []
    spans: list[str] = []
    first = 0
    for batch in reading.spooled():
        here = drawn[(drawn >= first) & (drawn < first + batch.num_rows)] - first
        for text in batch.column(0).take(here).to_pylist():
            words = text.split()
            if len(words) >= SHORT:
                spans.append(_span(words, rng))
            texts.append(" ".join(words[:LONGEST])[:LONGEST_CHARACTERS])
        first += batch.num_rows
    return texts, spans


def _span(words: list[str], rng: np.random.Generator) -> str:
    length = int(rng.integers(SPAN[0], SPAN[1] + 1))
    begin = int(rng.integers(0, len(words) - length + 1))
    return " ".join(words[begin : begin + length])[:LONGEST_CHARACTERS]


def distill(
    teacher: Any,
    texts: Any,
    *,
    text: str | Sequence[str] | None = None,
    seed: int = 0,
    max_texts: int = MAX_TEXTS,
    out: str | Path | None = None,
    progress: bool = True,
    overwrite: bool = False,
    encoding: str | None = None,
    header: bool = True,
    on_error: str = "raise",
    **settings: Any,
) -> Model:
    """Train a static student, without labels, on the vectors of a slower teacher and on the texts themselves.

    The teacher encodes a span of some texts, and every subword, once. A killed run to `out` continues with its vectors.

    Args:
        teacher: a model folder, the name of a package or of an earlier download, or an object with `encode(texts)`.
        texts: whatever `corpus.read` takes: a path, a list of strings, a data frame, an iterator.
        text: the column that holds the text, or several that are joined.
        seed: of everything random.
        max_texts: texts that the teacher encodes, and as many spans, at most.
        out: a folder to write the model to.
        progress: show progress on standard error.
        overwrite: replace `out` if it exists.
        encoding: of a text file; detected if None.
        header: whether the first row of a CSV or TSV file names the columns; they are called 1, 2, ... if not.
        on_error: what to do with a row that cannot be read: `raise`, or `skip` and count it.
        **settings: further ones of a `Recipe` for the student, by name: `dim`, `epochs`, `lexical_weight`, ...

    Raises:
        InputError: an argument or the texts cannot be used.
        LikewiseError: the teacher's package is not installed, or a vector of it is not finite.
    """
    if max_texts < 1:
        raise InputError(f"max_texts is {max_texts}, expected a positive number of texts")
    recipe = Recipe.of({"seed": seed} | settings)
    corpus = read(texts, text=text, ids=False, encoding=encoding, header=header, on_error=on_error)
    target = None if out is None else Path(out)
    with Messages(shown=progress) as messages, ExitStack() as stack:
        if target is not None:
            stack.enter_context(locking(target, overwrite=overwrite))
            refuse_other(target)
        found = load_teacher(teacher)
        work = _working_folder(target, stack)
        try:
            reading = read_corpus(corpus, work, log=messages.log)
            model = _distilled(_inputs(found, reading, work, recipe, messages, max_texts), found, messages)
            if target is not None:
                model.save(target, overwrite=overwrite)
                shutil.rmtree(work, ignore_errors=True)
        except OSError as error:
            raise os_error(error, target or work) from error
        finally:
            if not (work / VECTORS).exists():  # nothing that took long
                shutil.rmtree(work, ignore_errors=True)
    return model


def _working_folder(target: Path | None, stack: ExitStack) -> Path:
    """Where the ids and the teacher's vectors are: next to the model that they will become."""
    if target is None:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="likewise-")))
    return target.absolute().parent / f"{target.name}.distilling"


@dataclass(frozen=True)
class _Inputs:
    """All that a distillation starts from: the corpus as ids, the teacher's targets, the student's first rows."""

    prepared: Prepared
    dataset: Dataset
    settings: Settings
    data: DistillationData
    start: StaticEncoder


def _inputs(
    teacher: Teacher, reading: Reading, work: Path, recipe: Recipe, messages: Messages, max_texts: int
) -> _Inputs:
    """Tokenise the corpus and encode some of it with the teacher."""
    prepared, settings = prepare_static(reading, work, recipe, messages.log)
    settings = replace(settings, epochs=recipe.epochs or max(2, min(MAX_EPOCHS, settings.epochs // 2)))
    rng = random_stream(settings.seed, Purpose.DISTILLATION_TEXTS)
    beginnings, spans = draw_distillation_texts(reading, rng, max_texts=max_texts)
    reading.close()
    dataset = Dataset(prepared, settings)
    subwords = [subword.removeprefix("##") for subword in prepared.vocabulary.subwords]
    messages.fact(
        f"{prepared.facts.name}: {prepared.facts.texts:,} distinct texts; {teacher.name}, of {teacher.dim} dimensions, "
        f"encodes {len(beginnings):,} of them, {len(spans):,} spans and {len(subwords):,} subwords"
    )
    texts = [*beginnings, *spans]
    vectors = teacher.encode_to(
        work / VECTORS, [*texts, *subwords], messages.counter("teacher", len(texts) + len(subwords))
    )
    messages.stop_bar()
    of_texts, of_subwords = vectors[: len(texts)], vectors[len(texts) :]
    targets = targets_of(of_texts, dataset.dims.width)
    data = DistillationData(prepared.encoded(texts), targets(of_texts)).known()
    start = start_rows(prepared, targets(of_subwords), dataset.start_weights)
    return _Inputs(prepared, dataset, settings, data, start)


def _distilled(inputs: _Inputs, teacher: Teacher, messages: Messages) -> Model:
    """Train the student, measure it, train it on what was held out, and add the other components."""
    prepared, dataset, settings, data = inputs.prepared, inputs.dataset, inputs.settings, inputs.data
    if not len(data):
        raise InputError(
            f"the teacher {teacher.name} gives all texts of {prepared.facts.name} the same vector: choose another"
        )
    order = random_stream(settings.seed, Purpose.DISTILLATION_SPLIT).permutation(len(data))
    held_out = min(MAX_HELD_OUT, len(order) // 10)
    messages.log(f"training on {len(order) - held_out:,} vectors of the teacher and on the texts")
    student = train_student(inputs.start, data.take(order[held_out:]), dataset, settings)
    finished = dataset.finished(student)
    scores = _scores(inputs, student, finished, data.take(order[:held_out]))
    pairs = dataset.similarities(student)
    rng = random_stream(settings.seed, Purpose.DISTILLATION_FINAL_FIT)
    if batches := final_fit_batches(dataset.split, settings, rng):
        purpose = Purpose.DISTILLATION_FINAL_FIT
        train_on_both(student, data, dataset.with_held_out(), settings, batches, rng, purpose)
        finished = dataset.finished(student, finished)
    messages.fact(
        f"of the {NEIGHBOURS} nearest neighbours of {held_out:,} held-out texts {scores['agreement']:.0%} are the "
        f"teacher's (words alone {scores['agreement, words']:.0%})\n"
        f"score without labels {scores['score']:.3f}, to compare models of the same texts"
    )
    recipe = settings.plain() | {"start": "teacher", "teacher": teacher.name}
    card = Card(recipe, asdict(prepared.facts), finite(scores), (), versions(), (), pairs)
    return finished_model(prepared, finished, card)


def _scores(
    inputs: _Inputs, student: StaticEncoder, finished: StaticEncoder, held_out: DistillationData
) -> dict[str, Any]:
    """The scores of the card; the agreement with the teacher is of texts whose targets were held out."""
    dataset = inputs.dataset
    measured = {"MRR": student, "MRR, untrained": dataset.untrained(), "MRR, LSA": dataset.lsa}
    found = {name: dataset.measure(each) for name, each in measured.items()}
    agreement = {"agreement": student, "agreement, words": inputs.start}
    return (
        {name: each.mrr for name, each in found.items()}
        | found["MRR"].named()
        | {name: neighbour_agreement(each.encode(held_out.ids), held_out.targets) for name, each in agreement.items()}
        | {"score": dataset.score(finished).value}
    )
