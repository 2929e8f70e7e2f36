"""Texts beside their two views: which words each view kept, and which it cut."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from pathlib import Path

import numpy as np
from jaxtyping import Int32
from rich.console import Console
from rich.text import Text

from likewise.cli.screen import one_line
from likewise.corpus.read import Corpus, read
from likewise.tokens.vocabulary import CONTINUATION, Vocabulary
from likewise.training.prepare import Prepared, add_rewritten, prepare
from likewise.training.progress import no_progress_bar, silent
from likewise.training.reading import read_corpus
from likewise.training.recipe import Recipe, derived
from likewise.views.spec import make_views

__all__ = ["Cut", "draw_cuts", "kept_words", "show_cuts", "words_of"]

MOST_TEXTS = 20_000  # that the vocabulary is learned from here: the views of a few texts need no more
LONGEST_RUN, END = 60, 20  # words shown in one piece, and at either end of a longer one
NARROWEST = 20  # cells that words get however narrow the terminal is


@dataclass(frozen=True)
class Cut:
    """A text and its two views, as words.

    Attributes:
        text: the words of the text, as the encoder reads it.
        views: the words of each view.
    """

    text: tuple[str, ...]
    views: tuple[tuple[str, ...], tuple[str, ...]]


def draw_cuts(corpus: Corpus, views: str | None, count: int, seed: int) -> list[Cut]:
    """Some texts of a corpus, drawn at random, with the views that training with the same settings would make.

    Args:
        corpus: a stream of texts; its first 20,000 are read.
        views: the names of the views, as `make_views` reads them; those that training takes if None.
        count: how many texts.
        seed: of the draw and of the views.

    Raises:
        InputError: a view is unknown, or the corpus holds fewer than two texts.
    """
    with tempfile.TemporaryDirectory(prefix="likewise-") as work:
        place = Path(work)
        some = read(list(_first(corpus, MOST_TEXTS)))
        some.name = corpus.name  # for messages
        reading = read_corpus(some, place, log=silent)
        prepared = prepare(reading, place, log=silent)
        spec = derived(Recipe(), prepared.facts.texts).views if views is None else views
        prepared = add_rewritten(
            prepared, reading, spec, work=place, ids=place, seed=seed, progress_bar=no_progress_bar
        )
        return _cuts(prepared, spec, count, seed)


def _first(corpus: Corpus, texts: int) -> Iterator[str]:
    left = texts
    for batch in corpus:
        yield from (text or "" for text in batch.texts[:left].to_pylist())
        left -= len(batch.texts)
        if left <= 0:
            return


def _cuts(prepared: Prepared, views: str, count: int, seed: int) -> list[Cut]:
    rng = np.random.default_rng(seed)
    vocabulary = prepared.vocabulary
    drawn = rng.permutation(len(prepared.texts))[:count]
    texts = prepared.texts.take(drawn)
    others = {name: stores[0].take(drawn) for name, stores in prepared.rewritten.items()}
    pairs = make_views(views, vocabulary)(texts, rng, others)
    return [
        Cut(
            words_of(texts[row], vocabulary),
            (words_of(pairs.anchors[row], vocabulary), words_of(pairs.positives[row], vocabulary)),
        )
        for row in range(len(texts))
    ]


def words_of(ids: Int32[np.ndarray, " tokens"], vocabulary: Vocabulary) -> tuple[str, ...]:
    """The words that the pieces of a text were."""
    words: list[str] = []
    for id in ids.tolist():
        subword = vocabulary.subwords[id]
        if vocabulary.continues[id] and words:
            words[-1] += subword.removeprefix(CONTINUATION)
        else:
            words.append(subword.removeprefix(CONTINUATION) if vocabulary.continues[id] else subword)
    return tuple(words)


def kept_words(text: Sequence[str], view: Sequence[str]) -> list[bool] | None:
    """Which words of a text a view kept; None where the view has words in another order.

    A word that occurs twice may be taken for its double: the views themselves do not say where a word stood. Long
    runs are matched first, so a crop is found where it was cut.
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


def show_cuts(cuts: Sequence[Cut], console: Console) -> None:
    """Print each text and its views; what was cut is struck through, or an ellipsis where there is no colour."""
    coloured = console.color_system is not None
    for number, cut in enumerate(cuts):
        if number:
            console.print()
        _show(console, Text.assemble(("text    ", "bold")), Text(_shortened_run(cut.text)))
        for name, view in zip(("view 1  ", "view 2  "), cut.views, strict=True):
            _show(console, Text.assemble((name, "cyan")), _drawn(cut.text, view, coloured=coloured))


def _show(console: Console, name: Text, words: Text) -> None:
    """Words beside their name, in as many lines as they need."""
    lines = words.wrap(console, max(NARROWEST, console.width - len(name)))
    for number, line in enumerate(lines):
        line.rstrip()
        console.print((Text(" " * len(name)) if number else name) + line)


def _drawn(text: Sequence[str], view: Sequence[str], *, coloured: bool) -> Text:
    kept = kept_words(text, view)
    if kept is None:
        return Text(_shortened_run(view))
    drawn = []
    for whether, run in groupby(zip(kept, text, strict=True), key=lambda pair: pair[0]):
        words = [word for _, word in run]
        if whether:
            drawn.append(Text(_shortened_run(words), "green" if coloured else ""))
        else:
            drawn.append(Text(_shortened_run(words), "dim strike") if coloured else Text("…"))
    return Text(" ").join(drawn)


def _shortened_run(words: Sequence[str]) -> str:
    if len(words) <= LONGEST_RUN:
        return one_line(" ".join(words))
    between = f"[… {len(words) - 2 * END:,} words …]"
    return one_line(" ".join([*words[:END], between, *words[-END:]]))
