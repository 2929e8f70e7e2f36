"""What a pupil is taught on: some texts of the corpus, a span of each, and the words."""

import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from likewise.atomic import os_error, refuse_existing
from likewise.corpus.read import read
from likewise.encoders.concatenation import component_dims
from likewise.encoders.static import StaticEncoder
from likewise.errors import InputError
from likewise.geometry.similarity import NEIGHBOURS, neighbour_agreement, similarity_histograms
from likewise.model.card import Card
from likewise.model.folder import refuse_other
from likewise.model.model import Model
from likewise.training.bench import Bench
from likewise.training.dataset import Examples
from likewise.training.final_fit import SHARE
from likewise.training.prepare import Prepared, read_whole
from likewise.training.progress import Messages, finite, versions
from likewise.training.reading import Reading
from likewise.training.recipe import Recipe, Settings
from likewise.training.student import DistillationData, go_on, learn, start_rows, targets_of
from likewise.training.teacher import Teacher, load_teacher

__all__ = ["DistillationTexts", "distill", "draw_distillation_texts"]


MOST_TEXTS = 10_000  # a teacher that reads a hundred texts a second needs minutes for these
LONGEST = 90  # words of a text: about 128 tokens, as many as small teachers were trained on
LONGEST_CHARACTERS = 1_000  # where no spaces stand between words
SPAN = (4, 16)  # words, as queries have
SHORT = 20  # words; a text with fewer is a span itself


@dataclass(frozen=True)
class DistillationTexts:
    """Texts that the teacher is asked about, all of them short enough for it to read whole.

    Attributes:
        said: beginnings of texts of the corpus, then a few consecutive words of each that is longer.
        texts: how many of them are beginnings.
    """

    said: list[str]
    texts: int


def draw_distillation_texts(reading: Reading, rng: np.random.Generator, *, most: int = MOST_TEXTS) -> DistillationTexts:
    """Draw from a corpus that was read, in one pass; memory holds what was drawn.

    Args:
        reading: the corpus.
        rng: where the random numbers come from.
        most: texts, and as many spans, at the most.
    """
    drawn = np.sort(rng.permutation(reading.kept)[:most])
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
    return DistillationTexts([*texts, *spans], len(texts))


def _span(words: list[str], rng: np.random.Generator) -> str:
    length = int(rng.integers(SPAN[0], SPAN[1] + 1))
    begin = int(rng.integers(0, len(words) - length + 1))
    return " ".join(words[begin : begin + length])[:LONGEST_CHARACTERS]


ANSWERS = "teacher.vectors"
ASIDE = 10  # of so many texts the teacher's vector of one is kept for judging
MOST_JUDGED = 500
MOST_EPOCHS = 15  # half of those of a training that begins with nothing


def distill(
    teacher: Any,
    texts: Any,
    *,
    text: str | Sequence[str] | None = None,
    seed: int = 0,
    most: int = MOST_TEXTS,
    out: str | Path | None = None,
    progress: bool = True,
    overwrite: bool = False,
    encoding: str | None = None,
    on_error: str = "raise",
    **settings: Any,
) -> Model:
    """Teach a static encoder, without labels, what a slower one knows of a corpus.

    The teacher is asked once for its vectors of some texts, of a short span of each, and of every word by itself. A run
    to `out` that was killed goes on with what the teacher said before.

    Args:
        teacher: a model folder of this package or of sentence-transformers, the name of a package or of an earlier
            download that carries an encoder, or any object with `encode(texts)`.
        texts: what `corpus.read` takes: a path, a list of strings, a frame, an iterator.
        text: the column that holds the text, or several that are joined.
        seed: of everything random.
        most: texts that the teacher is asked about, and as many spans, at the most.
        out: a folder to write the model to.
        progress: show on standard error what happens.
        overwrite: replace `out` if it exists.
        encoding: of a text file; None detects it.
        on_error: `raise` at a row that cannot be read, or `skip` and count it.
        **settings: further ones of a `Recipe` for the static encoder, by name: `dim`, `epochs`, `lexical`, ...

    Raises:
        InputError: something given cannot be used, in one line that says what to do.
        LikewiseError: the teacher's package is not installed, or it gave something that is no number.
    """
    if most < 1:
        raise InputError(f"most is {most}, expected a positive number of texts")
    recipe = Recipe.of({"seed": seed} | settings)
    corpus = read(texts, text=text, encoding=encoding, on_error=on_error)
    target = None if out is None else Path(out)
    if target is not None:
        refuse_existing(target, overwrite=overwrite)
        refuse_other(target)
    asked = load_teacher(teacher)
    with Messages(shown=progress) as messages, ExitStack() as stack:
        work = _workplace(target, stack)
        try:
            reading = read_whole(corpus, work, log=messages.log)
            model = _taught(_asked(asked, reading, work, recipe, messages, most), asked, messages)
            if target is not None:
                model.save(target, overwrite=overwrite)
                shutil.rmtree(work, ignore_errors=True)
        except OSError as error:
            raise os_error(error, target or work) from error
        finally:
            if not (work / ANSWERS).exists():  # nothing that took long
                shutil.rmtree(work, ignore_errors=True)
    return model


def _workplace(target: Path | None, stack: ExitStack) -> Path:
    """Where the ids and the teacher's vectors lie: beside the model that they will become."""
    if target is None:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="likewise-")))
    return target.absolute().parent / f"{target.name}.distilling"


@dataclass(frozen=True)
class _Class:
    """All that meet: the corpus in ids, what the teacher said, the rows to begin with."""

    prepared: Prepared
    examples: Examples
    settings: Settings
    school: DistillationData
    start: StaticEncoder


def _asked(teacher: Teacher, reading: Reading, work: Path, recipe: Recipe, messages: Messages, most: int) -> _Class:
    """Tokenise the corpus and ask the teacher."""
    bench = Bench(reading, work, recipe, messages.log)
    settings = bench.chosen(None).settings
    settings = replace(settings, epochs=recipe.epochs or max(2, min(MOST_EPOCHS, settings.epochs // 2)))
    distillation_texts = draw_distillation_texts(reading, np.random.default_rng([settings.seed, 17]), most=most)
    prepared, examples = bench.under(settings)
    subwords = [subword.removeprefix("##") for subword in prepared.vocabulary.subwords]
    messages.log(
        f"{prepared.facts.name}: {prepared.facts.texts:,} distinct texts; asking {teacher.name}, of {teacher.dim} "
        f"dimensions, about {distillation_texts.texts:,} of them, "
        f"{len(distillation_texts.said) - distillation_texts.texts:,} spans and "
        f"{len(subwords):,} pieces of words"
    )
    said = [*distillation_texts.said, *subwords]
    vectors = teacher.cached_vectors(said, work / ANSWERS, messages.counter("teacher", len(said)))
    messages.stop_bar()
    of_texts, of_pieces = vectors[: len(distillation_texts.said)], vectors[len(distillation_texts.said) :]
    parts = component_dims(settings.dim, settings.lexical_weight > 0, settings.lsa_weight > 0)
    targets = targets_of(of_texts, parts.trained)
    school = DistillationData(prepared.encoded(distillation_texts.said), targets(of_texts)).known()
    start = start_rows(prepared, targets(of_pieces), examples.start_weights)
    return _Class(prepared, examples, settings, school, start)


def _taught(met: _Class, teacher: Teacher, messages: Messages) -> Model:
    """Learn, judge, learn what was put aside for judging, and blend."""
    prepared, examples, settings, school = met.prepared, met.examples, met.settings, met.school
    if not len(school):
        raise InputError(f"the teacher {teacher.name} tells the texts of {prepared.facts.name} not apart: take another")
    order = np.random.default_rng([settings.seed, 20]).permutation(len(school))
    aside = min(MOST_JUDGED, len(order) // ASIDE)
    judged = school.take(order[:aside])
    messages.log(f"learning from {len(order) - aside:,} of its vectors and from the texts")
    student = learn(met.start, school.take(order[aside:]), examples, settings)
    scores = _scores(met, student, judged)
    pairs = similarity_histograms(*examples.encoded_halves(student), examples.rng(10)).plain()
    go_on(student, school, examples.whole(), settings, epochs=max(1, round(settings.epochs / SHARE)), purpose=21)
    messages.log(
        f"of the {NEIGHBOURS} nearest of {aside:,} texts put aside it finds {scores['agreement']:.0%} of the teacher's "
        f"(words alone {scores['agreement, words']:.0%})\n"
        f"the whole vector: score {scores['score']:.3f} (untrained {scores['score, untrained']:.3f}, "
        f"LSA {scores['score, LSA']:.3f})"
    )
    recipe = settings.plain() | {"start": "teacher", "teacher": teacher.name}
    card = Card(recipe, asdict(prepared.facts), finite(scores), (), versions(), (), {}, pairs)
    finished = examples.finished(student)
    whole = StaticEncoder(finished.weights[prepared.stems], finished.documents)
    return Model(prepared.tokenizer, whole, card, prepared.sample, prepared.word_stems)


def _scores(met: _Class, student: StaticEncoder, judged: DistillationData) -> dict[str, Any]:
    """Of texts whose vectors the pupil was not told."""
    examples = met.examples
    untrained, lsa = examples.untrained(), examples.lsa()
    measured = {"MRR": student, "MRR, untrained": untrained, "MRR, LSA": lsa}
    found = {name: examples.measure(each) for name, each in measured.items()}
    agreed = {"agreement": student, "agreement, words": met.start}
    scored = {"score": examples.finished(student), "score, untrained": untrained, "score, LSA": lsa}
    return (
        {name: each.mrr for name, each in found.items()}
        | {name.replace("_", " "): value for name, value in asdict(found["MRR"]).items() if name != "mrr"}
        | {name: neighbour_agreement(each.encode(judged.ids), judged.targets) for name, each in agreed.items()}
        | {name: examples.score(each).value for name, each in scored.items()}
    )
