"""The interface of a paraphraser, and the registry of names: `synonyms`, `synonyms:0.5`, `back-translation:eng-spa`."""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from likewise.registry import Registry

__all__ = ["PARAPHRASERS", "REGISTRY", "Builder", "Paraphraser", "make_paraphraser", "paraphraser_names"]

PARAPHRASERS = {
    "synonyms": "likewise.paraphrase.synonyms:build_synonyms",
    "back-translation": "likewise.paraphrase.back_translation:build_back_translation",
}
"""The builder of each paraphraser."""

REGISTRY = Registry("likewise.paraphrasers", "paraphraser", "paraphrasers", PARAPHRASERS)


@runtime_checkable
class Paraphraser(Protocol):
    """Rewrites texts so that they keep their meaning.

    Attributes:
        name: identifies everything that the output depends on besides the texts and the random numbers; cached texts
            are reused by a paraphraser of the same name.
    """

    @property
    def name(self) -> str:
        """What the rewritten texts depend on."""
        ...

    def __call__(self, texts: Sequence[str], rng: np.random.Generator, /) -> list[str]:
        """Rewrite each text, in the same order; return a text that cannot be rewritten unchanged."""
        ...


Builder = Callable[[str | None], Paraphraser]
"""Takes what follows the colon of a name, or None. It raises an InputError at once if a tool is missing."""


def make_paraphraser(spec: str) -> Paraphraser:
    """Build the paraphraser of a name.

    Args:
        spec: `name` or `name:argument`, as in `synonyms:0.5`.

    Raises:
        InputError: the name is unknown, the argument is invalid, or a tool is missing.
    """
    name, colon, argument = (part.strip() for part in spec.partition(":"))
    builder: Builder = REGISTRY.load(name)
    return builder(argument if colon else None)


def paraphraser_names() -> list[str]:
    """The names that `make_paraphraser` knows: ours, then those that other packages registered."""
    return REGISTRY.names()
