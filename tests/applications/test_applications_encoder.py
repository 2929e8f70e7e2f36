"""The encoder of an application: given, loaded or trained; kept and known again."""

from dataclasses import asdict

import numpy as np
import pytest

from likewise.applications.encoder import KeptEncoder, encoder_for, keep_encoder, kept_encoder
from likewise.errors import InputError
from likewise.model.model import Model


class Bare:
    """Vectors by the lengths of the words."""

    def __init__(self, shift: int = 0) -> None:
        self.shift = shift

    def encode(self, texts):
        return np.array([[len(text) + self.shift, text.count(" ") + 1.0, text.count("e")] for text in texts])


def test_a_model_is_given_loaded_or_trained(python_docs, tmp_path):
    own = Bare()
    assert encoder_for(own, ()) is own
    trained = encoder_for(None, python_docs[:200])
    assert isinstance(trained, Model)
    trained.save(tmp_path / "a.model")
    assert encoder_for(tmp_path / "a.model", ()).fingerprint == trained.fingerprint
    with pytest.raises(InputError, match="int is no model"):
        encoder_for(3, ())
    with pytest.raises(InputError, match="or pass a model that was trained on other texts"):
        encoder_for(None, ["one text"])


def test_a_kept_encoder_is_known_again(python_docs, tmp_path):
    trained = encoder_for(None, python_docs[:200])
    kept = keep_encoder(trained, tmp_path)
    assert KeptEncoder(**asdict(kept)) == kept
    assert kept_encoder(tmp_path, kept).fingerprint == trained.fingerprint
    assert kept_encoder(tmp_path, kept, trained) is trained
    with pytest.raises(InputError, match="with another model"):
        kept_encoder(tmp_path, kept, Bare())
    with pytest.raises(InputError, match="is missing"):
        kept_encoder(tmp_path / "elsewhere", kept)
    other = KeptEncoder(kept.name, "0" * 64, True, kept.probe)
    with pytest.raises(InputError, match="is not the model"):
        kept_encoder(tmp_path, other)


def test_an_encoder_that_cannot_be_written_is_asked_for(tmp_path):
    kept = keep_encoder(Bare(), tmp_path)
    assert not kept.stored
    assert isinstance(kept_encoder(tmp_path, kept, Bare()), Bare)
    with pytest.raises(InputError, match="does not hold"):
        kept_encoder(tmp_path, kept)
    with pytest.raises(InputError, match="with another model"):
        kept_encoder(tmp_path, kept, Bare(7))
