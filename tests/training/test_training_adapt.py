"""Adapting transformers: every kind of negatives, view and mode on real text, with small encoders made on the spot."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import likewise
from likewise.errors import InputError

pytestmark = pytest.mark.slow

QUICK = {"layers": 2, "dim": 32, "length": 24, "batch": 16, "steps": 3, "static_weight": 0.0, "progress": False}


@pytest.fixture(scope="module")
def texts(python_docs: list[str]) -> list[str]:
    return [text[:120] for text in python_docs[:160]]


@pytest.mark.parametrize(
    "settings",
    [
        {"negatives": "queue:32"},
        {"negatives": "hard:2,guide"},
        {"negatives": "hard-own,queue:20,guide:0.9"},
        {"views": "dropout"},
        {"views": "crop+delete,halves"},
        {"freeze": 1},
        {"lora": 2},
        {"weight_interpolation": 0.5},
        {"precision": "mixed", "activation_memory": 0.001},
    ],
    ids=str,
)
def test_every_mode_trains(texts, settings):
    model = likewise.train(texts, encoder="bert", **QUICK | settings)
    vectors = model.encode(texts[:3])
    assert vectors.shape == (3, 32) and np.isfinite(vectors).all()
    assert model.card.recipe["encoder"] == "bert" and model.card.recipe["layers"] == 2
    assert {name: model.card.recipe[name] for name in settings} == settings


def test_a_companion_is_trained_as_well(texts):
    """A closed form: the vectors of a search are those of the transformer and of the companion, concatenated."""
    model = likewise.train(texts, encoder="bert", **QUICK | {"static_weight": 0.5})
    assert model.card.recipe["static_weight"] == 0.5
    assert model.encode_query(texts[:2]).shape[1] > model.encode(texts[:2]).shape[1] == 32


@pytest.mark.slow
def test_a_model_learns_from_scratch(texts):
    """It learns: after 60 steps halves of held-out texts find each other better than before, and than by chance."""
    model = likewise.train(texts, encoder="bert", **(QUICK | {"steps": 60, "batch": 32, "learning_rate": 1e-3}))
    scores = model.card.scores
    assert scores["MRR"] > 1.3 * scores["MRR, before"]


@pytest.mark.slow
def test_the_card_is_of_the_weights_that_are_kept(texts):
    """A law: with nearly all of the old weights mixed in, the model finds what it found before, whatever it learned."""
    model = likewise.train(
        texts, encoder="bert", **(QUICK | {"steps": 40, "learning_rate": 1e-3, "weight_interpolation": 0.9999})
    )
    scores, learned = model.card.scores, max(point["geometry"]["mrr"] for point in model.card.history)
    assert scores["MRR"] == pytest.approx(scores["MRR, before"], rel=0.02)
    assert learned > 1.1 * scores["MRR"]


@pytest.mark.slow
def test_the_folder_loads_here_and_there_with_the_same_vectors(texts, tmp_path):
    """Two ways: this package and sentence-transformers; and the folder of sentence-transformers loads here."""
    from sentence_transformers import SentenceTransformer

    out = tmp_path / "a.model"
    model = likewise.train(texts, encoder="distilbert", out=out, **QUICK)
    again, there = likewise.load(out), SentenceTransformer(str(out), device="cpu")
    some = [*texts[:5], "", texts[0] * 3]
    np.testing.assert_array_equal(again.encode(some), model.encode(some))
    np.testing.assert_allclose(there.encode(some), model.encode(some), atol=1e-6)
    assert again.fingerprint == model.fingerprint
    assert again.card.recipe == json.loads(json.dumps(dict(model.card.recipe)))
    there.save(str(tmp_path / "theirs"))
    theirs = likewise.load(tmp_path / "theirs")
    np.testing.assert_array_equal(theirs.encode(some), model.encode(some))
    adapted = likewise.train(texts, encoder=str(tmp_path / "theirs"), steps=2, batch=16, progress=False)
    assert adapted.dim == 32


def test_an_encoder_of_similarity_stays_as_it_is_and_gets_a_companion(texts, tmp_path, capsys):
    """A closed form: the default trains the companion alone, and says so."""
    before = likewise.train(texts, encoder="bert", out=tmp_path / "a.model", **QUICK | {"static_weight": 0.0})
    model = likewise.train(texts, encoder=str(tmp_path / "a.model"), out=tmp_path / "b.model")
    np.testing.assert_array_equal(model.encode(texts[:9]), before.encode(texts[:9]))
    assert model.companion is not None
    assert [point["step"] for point in model.card.history] == [0]
    assert model.card.recipe["steps"] == 0
    printed = capsys.readouterr().err
    assert "as it is (--steps 60 trains it too)" in printed
    assert "trained;" not in printed and "before)" not in printed
    for setting in ({"lora": 4}, {"views": "crop"}, {"negatives": "queue", "steps": 0}):
        with pytest.raises(InputError, match=r"is a setting of training, and .* stays as it is: add --steps 60"):
            likewise.train(texts, encoder=str(tmp_path / "a.model"), progress=False, **setting)
    pairs = [{"a": text, "b": text[::-1]} for text in texts[:40]]
    paired = likewise.train(pairs, pair=("a", "b"), encoder=str(tmp_path / "a.model"), batch=8, progress=False)
    assert paired.card.recipe["steps"] == 60


def test_what_does_not_fit_is_refused(texts):
    for settings, message in (
        ({"freeze": 3}, "freeze is 3, and bert has 2 layers"),
        ({"dim": 33}, "give a multiple of 32"),
        ({"length": 2}, "a length of 2 tokens has no room for a text"),
        ({"device": "nowhere"}, "the device 'nowhere' cannot be used"),
        ({"vocabulary": 300}, "vocabulary is a setting of the static encoder"),
    ):
        with pytest.raises(InputError, match=message):
            likewise.train(texts, encoder="bert", **(QUICK | settings))


def test_a_pretrained_encoder_is_what_it_is(texts, tmp_path):
    likewise.train(texts, encoder="bert", out=tmp_path / "a.model", **QUICK)
    for settings, message in (
        ({"length": 25}, "length is 25, and .* reads at most 24 tokens of a text"),
        ({"dim": 64}, "dim is 64, and .* has 32: leave it out"),
        ({"layers": 3}, "layers is 3, and .* has 2: leave it out"),
    ):
        with pytest.raises(InputError, match=message):
            likewise.train(
                texts, encoder=str(tmp_path / "a.model"), out=tmp_path / "b.model", progress=False, **settings
            )
        assert not list(tmp_path.glob("b.model*"))


KILLED = """
import sys, likewise
from likewise.training import loop
loop.SECONDS_BETWEEN_CHECKPOINTS = 0.0
texts = open(sys.argv[1]).read().split("\\x00")
likewise.train(texts, encoder="bert", out=sys.argv[2], resume="resume" in sys.argv, layers=2, dim=32, length=24,
    batch=16, steps=12, static_weight=0.0, negatives="queue:32,hard:1", progress=False)
"""


@pytest.mark.nightly
def test_a_killed_run_goes_on_to_the_same_bytes(texts, tmp_path):
    """Two ways: a run in one piece, and one that was killed once it had a checkpoint; with a queue and mined texts."""
    (tmp_path / "texts").write_text("\x00".join(texts))

    def run(out: str, *more: str) -> list[str]:
        return [sys.executable, "-c", KILLED, str(tmp_path / "texts"), str(tmp_path / out), *more]

    subprocess.run(run("whole"), check=True)
    with subprocess.Popen(run("killed")) as process:
        checkpoint = tmp_path / "killed.training" / "checkpoint.safetensors"
        while not checkpoint.exists():
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    subprocess.run(run("killed", "resume"), check=True)
    whole, killed = (Path(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "killed"))
    assert whole == killed
