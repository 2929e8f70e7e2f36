"""A small model that learned something, with all that a card and a folder can hold."""

from dataclasses import replace

import numpy as np
import pytest
from report_cards import topical_texts

import likewise
from likewise.geometry.similarity import similarity_histograms
from likewise.model.model import Model
from likewise.report.sample import Sample, take_sample

TEXTS = 120  # of the sample


@pytest.fixture(scope="session")
def model() -> Model:
    """Trained on texts of twelve topics; texts of one topic share words, none of them spelled alike."""
    texts = topical_texts(1200)
    trained = likewise.train(texts, dim=128, epochs=6, views="crop,halves", temperature=0.2, progress=False)
    rng = np.random.default_rng(0)
    vectors = trained.encode(texts[:TEXTS])
    pairs = similarity_histograms(vectors, vectors, rng).plain()
    card = replace(trained.card, pairs=pairs)
    return Model(trained.tokenizer, trained.encoder, card, texts[:TEXTS])


@pytest.fixture(scope="session")
def sample(model: Model) -> Sample:
    return take_sample(model)
