"""The classifier: it learns, follows scikit-learn, and bad input is one line."""

import numpy as np
import pyarrow as pa
import pytest
from classify_texts import Senses, opinions
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score

import likewise
from likewise.applications.classify.active_learning import select_batch, uncertainty
from likewise.applications.classify.classifier import Classifier
from likewise.applications.classify.metrics import evaluate
from likewise.errors import InputError


@pytest.fixture(scope="module")
def fitted():
    return Classifier(Senses()).fit(*opinions(32))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_learns(seed):
    """It learns: from 16 labels almost all of 200 texts; law: shuffled labels get a low estimate."""
    texts, labels = opinions(16, seed)
    queries, truth = opinions(200, seed + 10)
    found = Classifier(Senses()).fit(texts, labels)
    assert found.score(queries, truth) > 0.95
    assert found.estimate_.accuracy > 0.9 and found.estimate_.low < 0.9
    shuffled = np.random.default_rng(seed).permutation(labels)
    assert Classifier(Senses()).fit(texts, shuffled).estimate_.low < 0.5


def test_it_follows_scikit_learn(fitted):
    queries, truth = opinions(40, 5)
    assert fitted.classes_.tolist() == ["bad", "good"]
    likely = fitted.predict_proba(queries)
    np.testing.assert_allclose(likely.sum(axis=1), 1)
    assert (fitted.classes_[likely.argmax(axis=1)] == fitted.predict(queries)).all()
    assert fitted.decision_function([]).shape == (0, 2) and fitted.predict([]).tolist() == []
    assert clone(fitted).get_params() == fitted.get_params()
    assert cross_val_score(Classifier(Senses()), np.array(queries), truth, cv=3).mean() > 0.9
    numbers = Classifier(Senses()).fit(pa.array(queries), [1 if one == "good" else 0 for one in truth])
    assert numbers.predict(queries[:2]).tolist() == [0, 1]
    assert Classifier(Senses()).fit(queries, [one == "good" for one in truth]).predict(queries[:2]).tolist() == [
        False,
        True,
    ]
    with pytest.raises(NotFittedError, match="not fitted"):
        Classifier().predict(["a"])


DESCRIPTIONS = {"good": "lovely, excellent, it works", "bad": "broke, useless, returned"}


def test_descriptions_replace_or_supplement_labels():
    """It learns from descriptions alone, without an estimate, and better from one text a label with them.

    A text that is the only one of its label is held out too, as the description is left to learn from.
    """
    queries, truth = opinions(200, 5)
    found = Classifier(Senses()).fit([], [], descriptions=DESCRIPTIONS)
    assert found.score(queries, truth) > 0.9
    assert found.estimate_ is None and found.held_out_ is None and not found.self_trained_
    texts, labels = opinions(2)
    both = Classifier(Senses()).fit(texts, labels, descriptions=DESCRIPTIONS)
    assert both.score(queries, truth) > 0.95 >= Classifier(Senses()).fit(texts, labels).score(queries, truth) - 0.05
    assert both.estimate_.texts == 2 and both.estimate_.unchecked == 0
    some = Classifier(Senses()).fit(texts, labels, descriptions={"good": DESCRIPTIONS["good"]})
    assert some.estimate_.texts == 1 and some.estimate_.unchecked == 1


def test_descriptions_are_trained_on_in_every_fold_and_never_predicted():
    """Two paths that must agree: the estimate is that of the labelled texts; a class may be described and not seen."""
    texts, labels = opinions(12)
    found = Classifier(Senses()).fit(texts, labels, descriptions=DESCRIPTIONS | {"neither": "a chair"})
    assert found.classes_.tolist() == ["bad", "good", "neither"]
    assert set(found.held_out_.rows.tolist()) == set(range(12)) and found.estimate_.texts == 12
    assert found.estimate_.unchecked == 0
    unlabelled = opinions(200, 3)[0]
    again = Classifier(Senses()).fit(texts, labels, unlabelled=unlabelled, descriptions=DESCRIPTIONS)
    assert set(again.held_out_.rows.tolist()) == set(range(12))


@pytest.mark.parametrize(
    ("descriptions", "message"),
    [
        ({"good": "nice"}, "all 1 texts have the label 'good'"),
        ({"good": "nice", "bad": 3}, "row 1 of descriptions is a int"),
        ({"good": "nice", 3: "bad"}, "partly strings and partly numbers"),
        ({}, "there are no labelled texts"),
    ],
)
def test_descriptions_that_cannot_be_used(descriptions, message):
    with pytest.raises(InputError, match=message):
        Classifier(Senses()).fit([], [], descriptions=descriptions)


def test_several_classes_and_the_embedding_alone():
    texts, labels = opinions(30)
    labels = [f"{label} {row % 3}" if label == "bad" else label for row, label in enumerate(labels)]
    found = Classifier(Senses(), ngrams=False).fit(texts, labels)
    assert found.predict_proba(texts).shape == (30, 4)
    assert found.features_.ngrams is None


def test_abstention(fitted):
    queries, _ = opinions(10, 7)
    assert fitted.predict_or_abstain(["", *queries], threshold=0.6)[0] is None
    assert None not in fitted.predict_or_abstain(queries, threshold=0.0)
    with pytest.raises(InputError, match="a probability from 0 to 1"):
        fitted.predict_or_abstain(queries, threshold=7.0)


def test_selection_for_labelling(fitted):
    clear, _ = opinions(60, 8)
    chosen = fitted.select_for_labelling([*clear, "a kettle", "so and so"], 5)
    assert 1 <= len(chosen) <= 5 and {60, 61} & set(chosen[:3].tolist())
    assert fitted.select_for_labelling([]).tolist() == []
    with pytest.raises(InputError, match="at least 1"):
        fitted.select_for_labelling(clear, 0)


@pytest.mark.slow
def test_without_a_model_one_is_trained():
    found = Classifier().fit(*opinions(200))
    assert isinstance(found.features_.encoder, likewise.Model)
    with pytest.raises(InputError, match="or pass a model"):
        Classifier().fit(["", " "], [0, 1])


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        ([], [], "there are no labelled texts"),
        (["a"], ["x"], "have the label 'x': at least two"),
        (["a", "b"], ["x", "x"], "all 2 texts have the label 'x'"),
        (["a", "b"], ["x"], "2 texts and 1 labels"),
        (["a", "b"], ["x", None], "row 1 has no label"),
        (["a", "b"], ["x", float("nan")], "row 1 has no label"),
        (["a", "b"], ["x", 3], "partly strings and partly numbers"),
        (["a", None], ["x", "y"], "row 1 of texts is nothing"),
        (["a", 3], ["x", "y"], "row 1 of texts is a int"),
        ("text", ["x"], "texts is one string"),
    ],
)
def test_bad_labels(texts, labels, message):
    with pytest.raises(InputError, match=message):
        Classifier(Senses()).fit(texts, labels)


def test_small_and_odd_input():
    """One example of each label; the same text again and again; blank texts; other scripts."""
    one = Classifier(Senses()).fit(["a lovely lamp", "an awful lamp"], ["good", "bad"])
    assert one.estimate_ is None and one.temperature_ == 1.0
    assert one.predict(["lovely", "awful"]).tolist() == ["good", "bad"]
    alone = Classifier(Senses()).fit([*opinions(8)[0], "what a lamp"], [*opinions(8)[1], "unsure"])
    assert alone.estimate_.unchecked == 1
    same = Classifier(Senses()).fit(["lamp"] * 10, ["good"] * 6 + ["bad"] * 4)
    assert same.estimate_ is None and same.predict(["lamp"]).tolist() == ["good"]
    blank = Classifier(Senses()).fit(["", " ", ""], ["good", "bad", "good"])
    assert blank.predict(["", "x"]).tolist() == ["good", "good"]
    other = Classifier(Senses()).fit(["とても良い", "良いです", "ひどい", "ひどいです"], ["good", "good", "bad", "bad"])
    assert other.predict(["本当に良い", "本当にひどい"]).tolist() == ["good", "bad"]


def test_metrics(fitted):
    """Two paths that agree: accuracy is `score`; closed forms for right, wrong and unknown labels."""
    texts, labels = opinions(40, 9)
    found = evaluate(fitted, texts, labels)
    assert found.accuracy == fitted.score(texts, labels) and found.low <= found.accuracy <= found.high
    assert found.unknown_labels == 0 and 0 <= found.calibration_error <= 1 and found.macro_f1 > 0.9
    other = evaluate(fitted, texts[:2], ["odd", labels[1]])
    assert (other.accuracy, other.unknown_labels, other.confusions[0].label) == (0.5, 1, "odd")
    assert (other.labels[-1].label, other.labels[-1].recall, other.labels[-1].texts) == ("odd", 0, 1)
    assert other.balanced_accuracy == 0.5 and other.confusions[0].texts == 1
    uneven = evaluate(fitted, texts[:1] * 9 + ["what"], [labels[0]] * 9 + ["rare"])
    assert uneven.majority_baseline == 0.9 and uneven.accuracy <= 0.9 and uneven.macro_f1 < 0.6
    assert evaluate(fitted, texts[:1], ["odd"]).log_loss is None
    assert '"accuracy": 0.5' in other.as_json()
    with pytest.raises(InputError, match="expected one label for each"):
        evaluate(fitted, [], [])


def test_uncertainty():
    np.testing.assert_allclose(uncertainty(np.array([[0.5, 0.5], [1, 0], [0.2, 0.8]])), [1, 0, 0.4])


def test_uncertain_texts_that_differ_are_selected():
    """Laws: no text twice, none that is blank; uncertainty decides, then diversity."""
    rng = np.random.default_rng(0)
    centres = np.eye(4, dtype=np.float32)
    vectors = np.repeat(centres, 100, axis=0) + rng.normal(0, 0.01, (400, 4)).astype(np.float32)
    uncertain = np.where(np.arange(400) < 300, 0.9, 0.0)
    texts = [f"text {row}" for row in range(400)]
    selected = select_batch(texts, vectors, uncertain, 3, np.random.default_rng(1))
    assert sorted(row // 100 for row in selected) == [0, 1, 2]
    same = select_batch(["a"] * 400, vectors, uncertain, 3, np.random.default_rng(1))
    assert len(same) == 1
    assert len(select_batch(["", " "], vectors[:2], uncertain[:2], 3, np.random.default_rng(1))) == 0
    equal = select_batch(texts, np.ones((400, 4), np.float32), uncertain, 5, np.random.default_rng(1))
    assert len(set(equal.tolist())) == 5
