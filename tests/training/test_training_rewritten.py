"""Views of rewritten texts, from the name to the batch, with a paraphraser of the test."""

import numpy as np
import pytest

import likewise
from likewise.corpus.read import read
from likewise.errors import LikewiseError
from likewise.paraphrase import paraphraser as paraphrasers
from likewise.training.prepare import add_rewritten, prepare
from likewise.training.progress import no_progress_bar, silent
from likewise.training.reading import read_corpus

TEXTS = [f"number {n} is the {kind} of the house" for n in range(40) for kind in ("door", "window", "roof")]


class Reversed:
    """Turns the words of a text round, and leaves nothing of those with a door."""

    name = "reversed"
    calls = 0

    def __call__(self, texts, rng):
        type(self).calls += 1
        return ["" if "door" in text else " ".join(reversed(text.split())) for text in texts]


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(paraphrasers.PARAPHRASERS, "reversed", f"{__name__}:build_reversed")
    Reversed.calls = 0


def build_reversed(argument):
    return Reversed()


@pytest.mark.parametrize("paired", [False, True])
def test_the_rows_of_both_stores_belong_together(tmp_path, paired):
    """Two ways: the ids of the rewritten store, and of each text rewritten by hand; texts without words are gone."""
    texts = [TEXTS[0], "  ", *TEXTS[1:], "\u200b"]
    corpus = read({"a": texts, "b": texts[::-1]}, pair=("a", "b")) if paired else read(texts)
    reading = read_corpus(corpus, tmp_path, log=silent)
    plain = prepare(reading, tmp_path, 500, log=silent)
    made = add_rewritten(
        plain, reading, ["reversed"], work=tmp_path, ids=tmp_path, seed=0, progress_bar=no_progress_bar
    )
    assert len(made.rewritten["reversed"]) == 1 + paired
    subwords = plain.vocabulary.subwords
    stores = [plain.texts, plain.pairs] if paired else [plain.texts]
    for own, other in zip(stores, made.rewritten["reversed"], strict=True):
        assert len(own) == len(other) and len(own) > 100
        for row in range(len(own)):
            words, rewritten = [[subwords[id] for id in store[row]] for store in (own, other)]
            assert rewritten == (words if "door" in words else words[::-1])


@pytest.mark.parametrize("encoder", ["static", "bert"])
def test_training_takes_rewritten_views(python_docs, encoder):
    transformer = {"steps": 2, "layers": 1, "dim": 32, "length": 16, "batch": 16, "static_weight": 0.0}
    settings = transformer if encoder == "bert" else {"epochs": 1, "dim": 32}
    texts = [text[:200] for text in python_docs[:300]]
    model = likewise.train(texts, encoder=encoder, views="crop,reversed+delete:0.1", progress=False, **settings)
    assert np.isfinite(model.encode(texts[:2])).all()
    assert Reversed.calls == 1  # the whole corpus at once


def test_a_paraphraser_that_fails_leaves_no_partial_output(tmp_path, monkeypatch):
    monkeypatch.setattr(Reversed, "__call__", lambda self, texts, rng: texts[1:])
    with pytest.raises(LikewiseError, match="reversed returned 119 texts for 120"):
        likewise.train(TEXTS, views="reversed", out=tmp_path / "a.model", progress=False)
    assert not (tmp_path / "a.model").exists()
