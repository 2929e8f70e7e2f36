"""Comparing models without labels: the order, what stands for a model that has seen the texts, and bad input."""

from pathlib import Path

import numpy as np
import pytest
from evaluation_data import Bigrams, sentences

import likewise
from likewise.encoders.static import StaticEncoder
from likewise.errors import InputError
from likewise.evaluation.unseen import without_held_out
from likewise.model.model import Model
from likewise.model.transformer import Companion, ConcatenatedModel

TEXTS = [" ".join(three) for three in zip(*(sentences(240, seed)[0] for seed in (0, 1, 2)), strict=True)]
SETTINGS = {"dim": 32, "epochs": 2, "progress": False}


class Constant:
    """One vector for all texts."""

    def encode(self, texts: list[str]) -> np.ndarray:
        return np.ones((len(texts), 4), np.float32)


@pytest.fixture(scope="module")
def trained() -> Model:
    model = likewise.train(TEXTS, **SETTINGS)
    assert isinstance(model, Model)
    return model


def test_the_best_is_first_with_paired_differences(trained: Model) -> None:
    """It learns something: a space without any knowledge is last, at what chance gives."""
    found = likewise.compare({"ours": trained, "bigrams": Bigrams(), "nothing": Constant()}, TEXTS, progress=False)
    scores = [row.metrics["score"].value for row in found.rows if row.metrics]
    assert scores == sorted(scores, reverse=True) and found.rows[0].difference is None
    assert {"ours", "bigrams", "nothing", "BM25", "TF-IDF", "LSA", "untrained encoder"} == {
        row.name for row in found.rows
    }
    nothing = found["nothing"]
    chance = np.mean(1 / np.arange(1, found.counts["texts"] + 1))
    assert nothing.metrics["questions"].value == pytest.approx(chance)
    assert nothing.difference is not None and nothing.difference.low > 0
    both = [found["bigrams"].metrics[name].value for name in ("questions", "leads")]
    assert found["bigrams"].metrics["score"].value == pytest.approx(np.sqrt(np.prod(both)))
    assert found.counts["held-out texts"] == found.counts["texts"] // 3


def test_the_same_seed_gives_the_same(trained: Model) -> None:
    models = {"ours": trained, "bigrams": Bigrams()}
    first, second = (likewise.compare(models, TEXTS, seed=3, progress=False, baselines=False) for _ in range(2))
    assert first.as_dict() | {"seconds": 0} == second.as_dict() | {"seconds": 0}
    assert len(first.rows) == 2


def test_a_model_of_these_texts_is_trained_without_the_held_out(trained: Model) -> None:
    messages: list[str] = []
    like, note = without_held_out(trained, TEXTS, TEXTS[:160], messages.append)
    assert isinstance(like, Model) and like.fingerprint != trained.fingerprint and "same recipe" in note
    assert like.card.corpus["texts"] == len(set(TEXTS[:160])) and messages == ["training without the held-out texts"]
    settings = ("dim", "epochs", "temperature", "views", "lexical_weight")
    assert [like.card.recipe[name] for name in settings] == [trained.card.recipe[name] for name in settings]
    other, note = without_held_out(trained, ["other texts"] * 5, [], messages.append)
    assert other is trained and note == ""


def test_a_companion_is_trained_again_alone(trained: Model) -> None:
    encoder = StaticEncoder(np.ones((3, 8), np.float32))
    card = likewise.model.card.Card(recipe={"encoder": "some", "steps": 0})
    model = ConcatenatedModel(trained.tokenizer, encoder, card, TEXTS, Companion(trained, 0.8))
    like, note = without_held_out(model, TEXTS, TEXTS[:160], lambda _: None)
    assert like.encoder is encoder and like.companion.weight == 0.8 and "same companion" in note
    assert like.companion.model.fingerprint != trained.fingerprint and model.companion.model is trained


@pytest.mark.parametrize(
    ("recipe", "corpus", "reason"),
    [
        ({"encoder": "static", "teacher": "minilm"}, {"texts": 240}, "distilled"),
        ({"encoder": "static", "views": "given"}, {"texts": 240}, "views (given)"),
        ({"encoder": "static", "views": "synonyms"}, {"texts": 240}, "views (synonyms)"),
        ({"encoder": "static"}, {"texts": 100_000}, "its corpus has 100,000 texts"),
        ({"encoder": "static", "dim": 32, "batch": 2, "idf_power": 9.0}, {"texts": 240}, "idf_power is 9.0"),
    ],
)
def test_what_cannot_be_trained_again_is_named(
    trained: Model, recipe: dict[str, object], corpus: dict[str, object], reason: str
) -> None:
    card = likewise.model.card.Card(recipe=recipe, corpus=corpus)
    model = Model(trained.tokenizer, trained.encoder, card, TEXTS)
    none, note = without_held_out(model, TEXTS, TEXTS[:160], lambda _: None)
    assert none is None and "was trained on these texts: " in note and reason in note
    found = likewise.compare({"seen": model}, TEXTS, progress=False)
    assert found["seen"].note == note and not found["seen"].metrics and found["BM25"].metrics
    with pytest.raises(InputError, match="seen: was trained on these texts"):
        likewise.compare({"seen": model}, TEXTS, progress=False, baselines=False)


def test_an_adapted_transformer_is_named(trained: Model) -> None:
    card = likewise.model.card.Card(recipe={"encoder": "some", "steps": 60})
    model = ConcatenatedModel(trained.tokenizer, trained.encoder, card, TEXTS, Companion(trained, 0.8))
    assert "takes too long" in without_held_out(model, TEXTS, TEXTS[:160], lambda _: None)[1]
    alone = ConcatenatedModel(
        trained.tokenizer, trained.encoder, likewise.model.card.Card(recipe={"steps": 0}), TEXTS, None
    )
    assert without_held_out(alone, TEXTS, TEXTS[:160], lambda _: None) == (alone, "")


def test_names_of_the_same_kind_get_numbers() -> None:
    found = likewise.compare([Bigrams(), Bigrams()], TEXTS, progress=False, baselines=False)
    assert {row.name for row in found.rows} == {"Bigrams", "Bigrams (2)"}
    assert "may be no better than" in found.notes[0] and not any("words on average" in note for note in found.notes)
    short = likewise.compare([Bigrams()], sentences(60)[0], progress=False, baselines=False)
    assert any("words on average: of texts so short these tests say little" in note for note in short.notes)


def test_texts_without_words_have_no_word_baselines() -> None:
    found = likewise.compare({"bigrams": Bigrams()}, [f"{'!' * n} ? {'-' * n}" for n in range(1, 40)], progress=False)
    assert found["TF-IDF"].note == "the texts hold no words"


def test_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no model to compare"):
        likewise.compare([], TEXTS)
    with pytest.raises(InputError, match="3 distinct texts: to compare models, give at least 6"):
        likewise.compare([Bigrams()], ["a", "b", "c", "a", " "], progress=False)
    with pytest.raises(InputError, match="are too short: to compare models"):
        likewise.compare([Bigrams()], [f"word{n}" for n in range(20)], progress=False)
    with pytest.raises(InputError, match="there is no model"):
        likewise.compare([tmp_path / "none.model"], TEXTS, progress=False)
