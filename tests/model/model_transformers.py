"""Small transformers with random weights, as models."""

from likewise.encoders.transformer.encoder import TransformerEncoder
from likewise.encoders.transformer.loading import small_encoder
from likewise.model.card import Card
from likewise.model.transformer import Companion, TransformerModel
from likewise.tokens.learning import learn_reference

TEXTS = (
    "Returns the absolute value of a number, which may be an integer or a floating point number.",
    "Open a file and return a stream",
    "sort",
    "",
    "A list of all the names that are defined by a module, sorted alphabetically, without those that begin with an "
    "underscore, and without those that were imported from elsewhere",
    "The tuple is immutable; lists are not.",
    "sort",
    "Raised when a file [MASK] or directory is requested but does not exist",
)


def random_transformer(architecture: str, companion: Companion | None = None) -> TransformerModel:
    """Two layers of 64 dimensions, 48 tokens."""
    reference = learn_reference([list(TEXTS)], 300)
    found = small_encoder(architecture, reference, layers=2, dim=64, length=48, seed=3)
    encoder = TransformerEncoder(found.model, found.special_tokens, found.pooling, device="cpu", half=False)
    return TransformerModel(found, encoder, Card(recipe={"encoder": architecture}), TEXTS, companion)
