"""The embedder of an application: given, loaded or trained."""

import numpy as np
import pytest

from likewise.errors import InputError
from likewise.model.model import Model
from likewise.training.train import load_or_train


class Bare:
    """Vectors by the lengths of the words."""

    def encode(self, texts):
        return np.array([[len(text), text.count(" ") + 1.0, text.count("e")] for text in texts])


def test_a_model_is_given_loaded_or_trained(python_docs, tmp_path):
    own = Bare()
    assert load_or_train(own, ()) is own
    trained = load_or_train(None, python_docs[:200])
    assert isinstance(trained, Model)
    trained.save(tmp_path / "a.model")
    assert load_or_train(tmp_path / "a.model", ()).fingerprint == trained.fingerprint
    with pytest.raises(InputError, match="int does not encode texts"):
        load_or_train(3, ())
    with pytest.raises(InputError, match="or pass a model that was trained on other texts"):
        load_or_train(None, ["one text"])
