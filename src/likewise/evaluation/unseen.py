"""Models without what they know of some texts: the same recipe, trained on the other texts.

A model has learned which words stand together in the texts that it was trained on, so tests made of these texts
favour it, and the more so the more it overfits. Where that can be done in seconds, its like takes its place; else
there is nothing to compare.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from likewise.errors import LikewiseError
from likewise.model.card import SAMPLE_CHARACTERS, Card
from likewise.model.model import Model
from likewise.model.transformer import Companion, ConcatenatedModel
from likewise.training.recipe import GIVEN, STATIC, Recipe
from likewise.training.train import train
from likewise.views.spec import rewritings

SEEN = 0.1  # of a model's sample that is among the texts, from which on it was trained on them
LARGER = 2.0  # times as many texts in a model's corpus: trained on those here alone, it would be another model
SEEN_THEM = "was trained on these texts"
REMEDY = "compare on texts that it has not seen"


def without_held_out(
    model: Any, texts: Sequence[str], training: Sequence[str], log: Callable[[str], None]
) -> tuple[Any | None, str]:
    """Return a model that has not seen the held-out texts.

    Args:
        model: anything that encodes.
        texts: all texts.
        training: those that are not held out.
        log: called with a line before something is trained.

    Returns:
        The model itself, if it was trained on other texts; one of the same recipe; or None, if it cannot be trained
        again. And what a user should know about it, which is empty for a model of other texts.
    """
    if not isinstance(model, Model | ConcatenatedModel) or not _trained_on(model, texts):
        return model, ""
    adapted = isinstance(model, ConcatenatedModel) and model.card.recipe.get("steps") != 0
    static = model if isinstance(model, Model) else model.companion.model if model.companion else None
    if adapted:
        reason = "training a transformer again takes too long"
    elif static is None:
        return model, ""  # the transformer as it was, which has learned nothing from them
    else:
        reason = _why_not(static.card, len(texts))
    if reason or static is None:
        return None, f"{SEEN_THEM}: {reason}; {REMEDY}"
    log("training without the held-out texts")
    known = {field.name for field in fields(Recipe)}
    recipe = {name: value for name, value in static.card.recipe.items() if name in known}
    try:
        again = train(list(training), progress=None, **recipe)
    except LikewiseError as error:
        return None, f"{SEEN_THEM}: trained without the held-out ones, {error}; {REMEDY}"
    note = f"{SEEN_THEM}: the same recipe, trained without the held-out ones, stands for it"
    if isinstance(model, Model):
        return again, note
    assert isinstance(again, Model) and model.companion is not None  # noqa: S101 - the recipe is a static one
    like = copy.copy(model)
    like.companion, like.stems = Companion(again, model.companion.weight), dict(again.stems)
    return like, note.replace("recipe", "companion")


def _trained_on(model: Model | ConcatenatedModel, texts: Sequence[str]) -> bool:
    given = {text[:SAMPLE_CHARACTERS] for text in texts}
    return bool(model.sample) and sum(text in given for text in model.sample) >= SEEN * len(model.sample)


def _why_not(card: Card, texts: int) -> str:
    """Why a static model is not trained again; empty if it can be."""
    recipe, corpus = card.recipe, card.corpus
    if recipe.get("encoder", STATIC) != STATIC or "teacher" in recipe or not recipe:
        return "it was distilled, and its teacher is not here"
    views = str(recipe.get("views", ""))
    if views == GIVEN or rewritings(views):
        return f"its views ({views}) are not made of the texts alone"
    if int(corpus.get("texts", 0)) > LARGER * texts:
        return f"its corpus has {int(corpus['texts']):,} texts, of which these are a part"
    return ""
