"""Names become views: `"crop"`, `"crop,halves"` half and half, `"crop+delete:0.1"` one after the other."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from likewise.errors import InputError
from likewise.paraphrase.paraphraser import REGISTRY as PARAPHRASERS
from likewise.registry import Registry
from likewise.tokens.ragged import Ragged
from likewise.tokens.vocabulary import Vocabulary
from likewise.views.pair import Joint, View, Views

DEFAULT = "crop,halves"

VIEWS = {
    "crop": "likewise.views.edits:build_crop",
    "halves": "likewise.views.edits:build_halves",
    "delete": "likewise.views.edits:build_delete",
    "dropout": "likewise.views.edits:build_dropout",
}
"""Where the builder of each view is."""

REGISTRY = Registry("likewise.views", "view", "views", VIEWS)

Builder = Callable[[Vocabulary, float | None], View | Joint]
"""Takes the vocabulary, and the number after the colon or None."""

Maker = Callable[[Ragged, np.random.Generator, Mapping[str, Ragged]], Views]
"""Makes both views of each text; gets the paraphrases of the same texts by the names of their paraphrasers."""


def make_views(spec: str | Sequence[str] | None, vocabulary: Vocabulary) -> "Mixture":
    """The maker of pairs of some names.

    Args:
        spec: names separated by commas, or a sequence of names: each text of a batch draws one of them, all equally
            likely; a name given twice is twice as likely. `a+b` applies `a`, then `b` to both of its views.
            `name:number` sets the strength. None is `"crop,halves"`. The name of a paraphraser, such as `synonyms`,
            pairs a text with its paraphrase, which has to be passed along with the texts.
        vocabulary: of the texts.

    Raises:
        InputError: a name is unknown, a number is out of range, or a view that makes both views of a text (halves)
            follows another.
    """
    makers = tuple(_chain(name, vocabulary) for name in _names(spec))
    if not makers:
        raise InputError(f"no view was named: give one or more of {', '.join(view_names())}")
    return Mixture(makers)


def rewritings(spec: str | Sequence[str] | None) -> list[str]:
    """The paraphrasers whose output the views of some names need."""
    names = (chain.split("+")[0].strip() for chain in _names(spec))
    return [name for name in names if _is_rewriting(name.partition(":")[0].strip())]


def view_names() -> list[str]:
    """The names that `make_views` knows: ours, then those that other packages registered as `likewise.views`."""
    registered = [name for name in REGISTRY.names() if name not in VIEWS]
    return [*VIEWS, *PARAPHRASERS.names(), *registered]


@dataclass(frozen=True)
class Mixture:
    """Each text of a batch draws the maker of its two views.

    Attributes:
        makers: all equally likely.
    """

    makers: tuple[Maker, ...]

    def __call__(self, texts: Ragged, rng: np.random.Generator, rewritten: Mapping[str, Ragged] | None = None) -> Views:
        """The two views of each text, in the order of the texts.

        Args:
            texts: of a batch.
            rng: where the random numbers come from.
            rewritten: the paraphrases of the same texts, by the name of each paraphraser that a view needs.
        """
        others = rewritten or {}
        if len(self.makers) == 1:
            return self.makers[0](texts, rng, others)
        drawn = rng.integers(len(self.makers), size=len(texts))
        rows = [np.flatnonzero(drawn == maker) for maker in range(len(self.makers))]
        parts = [
            maker(texts.take(some), rng, {name: other.take(some) for name, other in others.items()})
            for maker, some in zip(self.makers, rows, strict=True)
            if len(some) > 0
        ]
        if len(parts) <= 1:
            return parts[0] if parts else Views(texts, texts)
        back = np.empty(len(texts), np.int64)
        back[np.concatenate(rows)] = np.arange(len(texts))
        return Views(
            Ragged.concatenate([part.anchors for part in parts]).take(back),
            Ragged.concatenate([part.positives for part in parts]).take(back),
        )


@dataclass(frozen=True)
class _Rewritten:
    """Stands for the pair of a text and its paraphrase, which was made before training.

    Attributes:
        name: of the paraphraser.
    """

    name: str


def _names(spec: str | Sequence[str] | None) -> Sequence[str]:
    return (DEFAULT if spec is None else spec).split(",") if spec is None or isinstance(spec, str) else spec


def _is_rewriting(name: str) -> bool:
    return name not in VIEWS and name in PARAPHRASERS


def _chain(spec: str, vocabulary: Vocabulary) -> Maker:
    first, *rest = [_build(name, vocabulary) for name in spec.split("+")]
    later: list[View] = []
    for step in rest:
        if isinstance(step, Joint | _Rewritten):
            raise InputError(f"{spec.strip()}: a view that makes both views of a text, as halves does, must come first")
        later.append(step)

    def pair(texts: Ragged, rng: np.random.Generator, rewritten: Mapping[str, Ragged]) -> Views:
        if isinstance(first, _Rewritten):
            views = Views(texts, rewritten[first.name])
        elif isinstance(first, Joint):
            views = first.make(texts, rng)
        else:
            views = Views(first(texts, rng), first(texts, rng))
        for view in later:
            views = Views(view(views.anchors, rng), view(views.positives, rng))
        return views

    return pair


def _build(spec: str, vocabulary: Vocabulary) -> View | Joint | _Rewritten:
    name, colon, given = (part.strip() for part in spec.partition(":"))
    if _is_rewriting(name):
        return _Rewritten(spec.strip())
    number = None
    if colon:
        try:
            number = float(given)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise InputError(f"{spec.strip()}: {given!r} is no number, as in delete:0.3")
    builder: Builder = REGISTRY.load(name, view_names)
    return builder(vocabulary, number)
