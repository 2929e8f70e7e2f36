"""A small static model with random weights, shared by the tests of the evaluation."""

import numpy as np
import pytest
from evaluation_data import sentences

from likewise.encoders.static import StaticEncoder
from likewise.model.card import Card
from likewise.model.model import Model
from likewise.tokens.learning import learn_reference
from likewise.tokens.tokenizer import Tokenizer
from likewise.tokens.vocabulary import Vocabulary


@pytest.fixture(scope="session")
def model() -> Model:
    texts, _ = sentences(40)
    reference = learn_reference(texts, 200)
    tokenizer = Tokenizer(reference)
    counts = np.bincount(tokenizer.encode(texts).ids, minlength=len(tokenizer.vocabulary)).astype(np.int64)
    weights = np.random.default_rng(0).standard_normal((len(counts), 16), np.float32)
    return Model(Tokenizer(reference, Vocabulary.of(reference, counts)), StaticEncoder(weights), Card())
