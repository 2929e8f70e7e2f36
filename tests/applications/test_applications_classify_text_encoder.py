"""The embedding in pipelines of scikit-learn."""

import numpy as np
import pytest
from classify_texts import Senses, opinions
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

import likewise
from likewise.applications.classify.features import TextEncoder
from likewise.errors import InputError


def test_in_a_pipeline():
    texts, labels = opinions(60)
    pipeline = make_pipeline(TextEncoder(Senses()), LogisticRegression())
    assert cross_val_score(pipeline, texts, labels, cv=3).mean() > 0.9
    encoder = TextEncoder(Senses()).fit(texts)
    np.testing.assert_allclose(np.linalg.norm(encoder.transform(texts), axis=1), 1, atol=1e-6)
    assert encoder.transform([]).shape == (0, 3) and not encoder.transform([" "]).any()
    frame = encoder.set_output(transform="pandas").transform(texts[:2])
    assert frame.columns.tolist() == ["likewise0", "likewise1", "likewise2"]
    assert clone(encoder).get_params() == encoder.get_params()


def test_it_trains_on_unlabelled_texts():
    texts = opinions(200)[0]
    encoder = TextEncoder(seed=3).fit(texts)
    assert isinstance(encoder.model_, likewise.Model)
    assert encoder.fit_transform(texts).shape == (200, encoder.n_features_out_)
    with pytest.raises(InputError, match="or pass a model"):
        TextEncoder().fit(["one text"])
    with pytest.raises(NotFittedError):
        TextEncoder().transform(["a"])
