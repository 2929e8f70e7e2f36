"""What rewrites texts, and how a name becomes one: `"synonyms"`, `"synonyms:0.5"`, `"back-translation:eng-spa"`."""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from likewise.registry import Registry

__all__ = ["PARAPHRASERS", "REGISTRY", "Builder", "Paraphraser", "make_paraphraser", "paraphraser_names"]

PARAPHRASERS = {
    "synonyms": "likewise.paraphrase.synonyms:build_synonyms",
    "back-translation": "likewise.paraphrase.translation:build_back_translation",
}
"""Where the builder of each paraphraser is."""

REGISTRY = Registry("likewise.paraphrasers", "paraphraser", "paraphrasers", PARAPHRASERS)


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
    builder: Builder = REGISTRY.load(name)
    return builder(argument if colon else None)


def paraphraser_names() -> list[str]:
    """The names that `make_paraphraser` knows: ours, then those that other packages registered."""
    return REGISTRY.names()
