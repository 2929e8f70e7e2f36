"""`likewise views`: show the positive pairs that training makes of the user's texts: which words each view kept."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text as Line

from likewise.cli.options import Encoding, File, Header, OnError, Seed, Text, Views
from likewise.cli.screen import one_line, results

if TYPE_CHECKING:
    import numpy as np

    from likewise.arrays import Int32
    from likewise.corpus.read import Corpus
    from likewise.tokens.vocabulary import Vocabulary
    from likewise.training.prepare import Prepared

MAX_TEXTS = 20_000  # of which the vocabulary is learned: the views of a few texts need no more
MAX_RUN, RUN_END = 60, 20  # words of a run that is shown whole, and at either end of a longer one
MIN_WIDTH = 20  # cells that words get on any terminal


def views(
    file: File,
    text: Text = None,
    views: Views = None,
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many texts to show.")] = 5,
    seed: Seed = 0,
    encoding: Encoding = None,
    header: Header = True,
    on_error: OnError = "raise",
) -> None:
    """Show texts with the two views that training makes of each.

    A view is an altered copy of a text, such as a crop. The two views of a text are a positive pair: the encoder learns
    to give them similar vectors. Words that a view lacks are struck through, or replaced by an ellipsis without colour.
    """
    from likewise.corpus.read import read

    corpus = read(file, ids=False, text=text, encoding=encoding, header=header, on_error=on_error)
    print_views(sample_views(corpus, views, count, seed), results())


@dataclass(frozen=True)
class TextViews:
    """A text and its two views, as words.

    Attributes:
        text: the words of the text, as the encoder reads it.
        views: the words of each view.
    """

    text: tuple[str, ...]
    views: tuple[tuple[str, ...], tuple[str, ...]]


def sample_views(
    corpus: "Corpus", views: str | None, count: int, seed: int, *, max_texts: int = MAX_TEXTS
) -> list[TextViews]:
    """Sample texts of a corpus, with the views that training with the same settings makes.

    Args:
        corpus: a stream of texts.
        views: the names of the views, as `make_views` takes them; the default of training if None.
        count: the number of texts.
        seed: the seed of the sample and of the views.
        max_texts: the number of texts that are read.

    Raises:
        InputError: a view is unknown, or the corpus holds fewer than two texts.
    """
    from likewise.corpus.read import read
    from likewise.training.prepare import add_rewritten, prepare
    from likewise.training.progress import no_progress_bar, silent
    from likewise.training.reading import read_corpus
    from likewise.training.recipe import Recipe, derived

    with tempfile.TemporaryDirectory(prefix="likewise-") as work:
        place = Path(work)
        every = (text or "" for batch in corpus for text in batch.texts.to_pylist())
        first = read(list(islice(every, max_texts)))
        first.name = corpus.name  # for messages
        reading = read_corpus(first, place, log=silent)
        prepared = prepare(reading, place, log=silent)
        spec = derived(Recipe(), prepared.facts.texts).views if views is None else views
        prepared = add_rewritten(
            prepared, reading, spec, work=place, ids=place, seed=seed, progress_bar=no_progress_bar
        )
        return _views(prepared, spec, count, seed)


def _views(prepared: "Prepared", views: str, count: int, seed: int) -> list[TextViews]:
    import numpy as np

    from likewise.views.spec import make_views

    rng = np.random.default_rng(seed)
    vocabulary = prepared.vocabulary
    drawn = rng.permutation(len(prepared.texts))[:count]
    texts = prepared.texts.take(drawn)
    others = {name: stores[0].take(drawn) for name, stores in prepared.rewritten.items()}
    pairs = make_views(views, vocabulary)(texts, rng, others)
    return [
        TextViews(
            words_of(texts[row], vocabulary),
            (words_of(pairs.anchors[row], vocabulary), words_of(pairs.positives[row], vocabulary)),
        )
        for row in range(len(texts))
    ]


def words_of(ids: "Int32[np.ndarray, ' tokens']", vocabulary: "Vocabulary") -> tuple[str, ...]:
    """Join the subwords of a text to words."""
    from likewise.tokens.vocabulary import CONTINUATION

    words: list[str] = []
    for id in ids.tolist():
        subword = vocabulary.subwords[id]
        if vocabulary.continues[id] and words:
            words[-1] += subword.removeprefix(CONTINUATION)
        else:
            words.append(subword.removeprefix(CONTINUATION) if vocabulary.continues[id] else subword)
    return tuple(words)


def kept_words(text: Sequence[str], view: Sequence[str]) -> list[bool] | None:
    """Mark the words of a text that a view kept; None if the view has words in another order.

    A word that occurs twice may be matched with its duplicate, as a view does not know the positions of its words. Long
    runs are matched first, so that a crop is found in its place.
    """
    kept = [False] * len(text)
    for block in SequenceMatcher(None, text, view, autojunk=False).get_matching_blocks():
        kept[block.a : block.a + block.size] = [True] * block.size
    if sum(kept) == len(view):
        return kept
    kept, at = [False] * len(text), 0
    for word in view:
        while at < len(text) and text[at] != word:
            at += 1
        if at == len(text):
            return None
        kept[at] = True
        at += 1
    return kept


def print_views(texts: Sequence[TextViews], console: Console) -> None:
    """Print each text and its views; dropped words are struck through, or an ellipsis without colour."""
    coloured = console.color_system is not None
    for number, text in enumerate(texts):
        if number:
            console.print()
        _show(console, Line.assemble(("text    ", "bold")), Line(_shortened_run(text.text)))
        for name, view in zip(("view 1  ", "view 2  "), text.views, strict=True):
            _show(console, Line.assemble((name, "cyan")), _marked(text.text, view, coloured=coloured))


def _show(console: Console, name: Line, words: Line) -> None:
    """Print words after their name, in as many lines as they need."""
    lines = words.wrap(console, max(MIN_WIDTH, console.width - len(name)))
    for number, line in enumerate(lines):
        line.rstrip()
        console.print((Line(" " * len(name)) if number else name) + line)


def _marked(text: Sequence[str], view: Sequence[str], *, coloured: bool) -> Line:
    kept = kept_words(text, view)
    if kept is None:
        return Line(_shortened_run(view))
    runs = []
    for is_kept, run in groupby(zip(kept, text, strict=True), key=lambda pair: pair[0]):
        words = [word for _, word in run]
        if is_kept:
            runs.append(Line(_shortened_run(words), "green" if coloured else ""))
        else:
            runs.append(Line(_shortened_run(words), "dim strike") if coloured else Line("…"))
    return Line(" ").join(runs)


def _shortened_run(words: Sequence[str]) -> str:
    if len(words) <= MAX_RUN:
        return one_line(" ".join(words))
    between = f"[… {len(words) - 2 * RUN_END:,} words …]"
    return one_line(" ".join([*words[:RUN_END], between, *words[-RUN_END:]]))
