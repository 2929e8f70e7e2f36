"""Small models, untrained: what a folder must hold does not depend on what was learned."""

from pathlib import Path

import numpy as np
import pytest

from likewise.encoders.static import StaticEncoder
from likewise.model.card import Card
from likewise.model.model import Model
from likewise.model.transformer import Companion, TransformerModel
from likewise.tokens.learning import learn_reference
from likewise.tokens.tokenizer import Tokenizer
from likewise.tokens.vocabulary import UNKNOWN, Vocabulary

SENTENCES = (
    "The quick brown fox jumps over the lazy dog.",
    "Съешь же ещё этих булок",
    "数据库检索系统 déçu naïve",
    "😀 smile",
)


@pytest.fixture(scope="session")
def model() -> Model:
    """Sixteen dimensions; the unknown token has a row of zeros, as after training."""
    reference = learn_reference(SENTENCES * 3, 150)
    counted = Vocabulary.of(reference, np.arange(reference.get_vocab_size()))
    weights = np.random.default_rng(0).standard_normal((len(counted), 16), np.float32)
    weights[counted.subwords.index(UNKNOWN)] = 0
    card = Card(
        recipe={"dim": 16, "views": "crop,halves", "temperature": 0.2},
        corpus={"name": "sentences.txt", "texts": 12345, "fingerprint": "ab12"},
        scores={"MRR": 0.25, "texts": 2000, "MRR, LSA": 0.125},
        history=({"step": 0, "loss": 0.0}, {"step": 10, "loss": 1.5}),
        versions={"likewise": "0.1.0"},
        warnings=("the corpus is small",),
        pairs={"edges": [-1.0, 0.0, 1.0], "positive": [1, 3], "random": [2, 2]},
    )
    return Model(Tokenizer(reference, counted), StaticEncoder(weights), card)


@pytest.fixture(scope="session")
def transformer(model: Model) -> TransformerModel:
    """A small BERT with random weights and the static model as its companion; tests leave it as it is."""
    from model_transformers import random_transformer

    return random_transformer("bert", Companion(Model(model.tokenizer, model.encoder, stems={"dogs": "dog"}), 0.8))


@pytest.fixture(scope="session")
def exported(transformer: TransformerModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder with graphs in both precisions; tests damage copies of it."""
    from likewise.model.export import export_onnx

    folder = tmp_path_factory.mktemp("exported") / "small.model"
    transformer.save(folder)
    export_onnx(transformer, folder, int8=True)
    return folder
