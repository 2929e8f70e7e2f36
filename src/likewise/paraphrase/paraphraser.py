"""What rewrites texts, and how a name becomes one: `"synonyms"`, `"synonyms:0.5"`, `"back-translation:eng-spa"`."""

import difflib
from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol, runtime_checkable

import numpy as np

from likewise.errors import InputError

__all__ = ["PARAPHRASERS", "Builder", "Paraphraser", "make_paraphraser", "paraphraser_names"]

GROUP = "likewise.paraphrasers"

PARAPHRASERS = {
    "synonyms": "likewise.paraphrase.synonyms:build_synonyms",
    "back-translation": "likewise.paraphrase.translation:build_back_translation",
}
"""Where the builder of each paraphraser is."""


@runtime_checkable
class Paraphraser(Protocol):
    """Rewrites texts such that they mean the same.

    Attributes:
        name: says all that its output depends on besides the texts and the random numbers. Texts that were kept are
            taken for those of a paraphraser only if it has the same name.
    """

    @property
    def name(self) -> str:
        """What the rewritten texts depend on, in a few words."""
        ...

    def __call__(self, texts: Sequence[str], rng: np.random.Generator, /) -> list[str]:
        """As many texts, in the same order; one that cannot be rewritten comes back as it was."""
        ...


Builder = Callable[[str | None], Paraphraser]
"""Takes what stands after the colon, or None. It raises an InputError at once if the tools it needs are not there."""


def make_paraphraser(spec: str) -> Paraphraser:
    """The paraphraser that a name asks for, ready to run.

    Args:
        spec: `name` or `name:argument`, as in `synonyms:0.5`.

    Raises:
        InputError: the name is unknown, the argument is none that it takes, or a tool is missing.
    """
    name, colon, argument = (part.strip() for part in spec.partition(":"))
    return _builder(name)(argument if colon else None)


def paraphraser_names() -> list[str]:
    """The names that `make_paraphraser` knows: ours, then those that other packages registered."""
    return [*PARAPHRASERS, *sorted({entry.name for entry in entry_points(group=GROUP)} - PARAPHRASERS.keys())]


def _builder(name: str) -> Builder:
    ours = [EntryPoint(name, PARAPHRASERS[name], GROUP)] if name in PARAPHRASERS else None
    for entry in ours or entry_points(group=GROUP, name=name):
        builder: Builder = entry.load()
        return builder
    known = paraphraser_names()
    nearest = difflib.get_close_matches(name, known, 1, cutoff=0.5)
    meant = f"did you mean {nearest[0]}? " if nearest else ""
    raise InputError(f"there is no paraphraser {name!r}: {meant}The paraphrasers are {', '.join(known)}")
