"""The settings of a transformer's run: what the user left open is derived from the corpus and the encoder."""

from dataclasses import asdict, dataclass
from typing import Any

from likewise.encoders.pretrained import Pretrained
from likewise.errors import InputError
from likewise.negatives.masks import DISTANCE
from likewise.training.prepare import Prepared
from likewise.training.recipe import GIVEN, Recipe, Settings

__all__ = ["transformer_settings"]

SHORT = 16  # tokens of a text on average, below which a span says too little by itself
LENGTH = 64  # tokens of a view
BESIDE, BESIDE_SHORT = 0.8, 0.4  # of short texts a static encoder knows less: there are fewer words to go by


@dataclass(frozen=True)
class Pace:
    """How far an encoder is to go from where it stands.

    Attributes:
        steps: at the most.
        learning_rate: the peak.
        keep: the share of its weights that is put back in the end.
    """

    steps: int
    learning_rate: float
    keep: float


PACES = {
    # What it knows of meaning was learned from pairs that people made: one corpus teaches it little, and spoils easily.
    "texts": Pace(60, 2e-5, 0.5),
    "words": Pace(300, 5e-5, 0.0),
    "nothing": Pace(2_000, 5e-4, 0.0),
}
"""By what the encoder has learned before."""


def transformer_settings(recipe: Recipe, prepared: Prepared, found: Pretrained) -> Settings:
    """The recipe with nothing left open.

    Args:
        recipe: what the user asked for.
        prepared: the corpus, in the encoder's own ids.
        found: the encoder.

    Raises:
        InputError: the recipe asks for what the encoder is not.
    """
    texts, config = prepared.facts.texts, found.model.config
    dim, layers = int(config.hidden_size), int(config.num_hidden_layers)
    for name, has in (("dim", dim), ("layers", layers)):
        if getattr(recipe, name) not in (None, has):
            raise InputError(f"{name} is {getattr(recipe, name)}, and {found.name} has {has}: leave it out")
    if (recipe.length or 0) > found.frame.longest:
        longest = found.frame.longest
        raise InputError(f"length is {recipe.length}, and {found.name} reads {longest} tokens of a text at the most")
    if (recipe.freeze or 0) > layers:
        raise InputError(f"freeze is {recipe.freeze}, and {found.name} has {layers} layers")
    batch = max(2, min(64, texts // 4))
    pace = PACES[found.learned]
    short = prepared.facts.tokens / texts < SHORT
    chosen: dict[str, Any] = {
        "dim": dim,
        "layers": layers,
        "batch": batch,
        "epochs": max(1, -(-(recipe.steps or pace.steps) * (recipe.batch or batch) // texts)),
        "steps": pace.steps if recipe.epochs is None else None,
        "temperature": 0.05,
        "views": GIVEN if prepared.pairs is not None else ("delete:0.2" if short else "crop"),
        "learning_rate": pace.learning_rate,
        "vocabulary": len(found.tokenizer.vocabulary),
        "weighting": 1.0,
        "lexical": 0.0,
        "latent": 0.0,
        "near_duplicate": DISTANCE,
        "negatives": "batch",
        "loss": "info-nce",
        "length": min(LENGTH, found.frame.longest),
        "keep": pace.keep,
        "beside": BESIDE_SHORT if short else BESIDE,
    }
    return Settings(**chosen | {name: value for name, value in asdict(recipe).items() if value is not None})
