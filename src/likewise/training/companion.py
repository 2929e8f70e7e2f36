"""The companion of an encoder: a static encoder of the same texts, whose vectors are concatenated with the encoder's.

`adapt.py` trains one for a transformer; `join` trains one for any other embedder, such as one behind an API.
"""

from pathlib import Path
from typing import Any

from likewise.errors import InputError, LikewiseError
from likewise.model.card import Card
from likewise.model.embedder import TextModel
from likewise.model.joined import JoinedModel
from likewise.model.load import name_of
from likewise.model.transformer import Companion
from likewise.training.progress import Messages, silent
from likewise.training.reading import Reading
from likewise.training.recipe import GIVEN, STATIC, Recipe
from likewise.training.run import prepare_static, run

SHORT = 16  # tokens of a text on average, below which a span of it says too little
STATIC_WEIGHT, STATIC_WEIGHT_SHORT = 0.8, 0.4  # short texts have fewer words, so a static encoder knows less of them
OF_EMBEDDERS = ("encoder", "seed", "static_weight")  # settings of a companion of an embedder


def train_companion(
    reading: Reading,
    weight: float | None,
    messages: Messages,
    work: Path,
    *,
    seed: int,
    paired: bool,
    resume: bool = False,
) -> Companion | None:
    """Train a static encoder with derived settings; None where that collapses.

    Args:
        reading: the texts.
        weight: length of its vectors, where the encoder's have length 1; derived from the length of the texts if None.
        messages: what the user sees.
        work: a folder for the ids.
        seed: of everything random.
        paired: whether the two columns of the texts are the positive pairs.
        resume: continue with the ids that an earlier run left.
    """
    messages.log("training the static encoder whose vectors are concatenated with those of the encoder")
    recipe = Recipe(seed=seed, views=GIVEN if paired else None)
    prepared, derived_settings = prepare_static(reading, work / STATIC, recipe, silent, resume=resume)
    try:
        with Messages(shown=None) as quiet:
            model = run(prepared, derived_settings, quiet)
    except LikewiseError as error:
        messages.warning(f"the static encoder is left out: {error}")
        return None
    messages.log(f"  held-out retrieval: MRR {model.card.scores['MRR']:.3f}")
    if weight is None:
        weight = static_weight(prepared.facts.tokens / prepared.facts.texts)
    return Companion(model, weight)


def static_weight(tokens: float) -> float:
    """The weight of a companion of texts with so many tokens on average."""
    return STATIC_WEIGHT_SHORT if tokens < SHORT else STATIC_WEIGHT


def join(reading: Reading, embedder: Any, recipe: Recipe, messages: Messages, *, work: Path, paired: bool) -> TextModel:
    """Join an embedder with a companion: a `JoinedModel`, which has all of a `TextModel` but `fingerprint` and `save`.

    Args:
        reading: the texts, which the embedder does not read.
        embedder: an object with `encode(texts)`.
        recipe: what the user set: `seed` and `static_weight` alone.
        messages: what the user sees.
        work: a folder for the ids.
        paired: whether the texts are pairs.

    Raises:
        InputError: something else is set.
        LikewiseError: training the companion collapsed.
    """
    set_too = [name for name, value in vars(recipe).items() if value is not None and name not in OF_EMBEDDERS]
    if set_too or recipe.static_weight == 0:
        wrong = set_too[0] if set_too else "static_weight=0"
        raise InputError(
            f"{wrong} does not go with an embedder, which stays as it is: set static_weight and seed alone"
        )
    companion = train_companion(reading, recipe.static_weight, messages, work, seed=recipe.seed, paired=paired)
    reading.close()
    if companion is None:
        raise LikewiseError(f"no companion of {name_of(embedder)} could be trained: use it without one")
    card = companion.model.card
    settings = {"encoder": name_of(embedder), "seed": recipe.seed, "static_weight": companion.weight}
    joined = Card(settings, card.corpus, card.scores, (), card.versions, card.warnings, card.pairs)
    found: Any = JoinedModel(embedder, companion, joined, companion.model.sample)
    model: TextModel = found
    return model
