"""The classifier: as scikit-learn has it, and plain words for what cannot be learned from."""

import numpy as np
import pyarrow as pa
import pytest
from classify_texts import Senses, opinions
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score

import likewise
from likewise.applications.classify.classifier import Classifier
from likewise.applications.classify.metrics import judge
from likewise.errors import InputError


@pytest.fixture(scope="module")
def fitted():
    return Classifier(Senses()).fit(*opinions(32))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_learns(seed):
    """It learns: from 16 labels almost all of 200 texts; law: labels that say nothing are told from those that do."""
    texts, labels = opinions(16, seed)
    asked, truth = opinions(200, seed + 10)
    found = Classifier(Senses()).fit(texts, labels)
    assert found.score(asked, truth) > 0.95
    assert found.estimate_.accuracy > 0.9 and found.estimate_.low < 0.9
    shuffled = np.random.default_rng(seed).permutation(labels)
    assert Classifier(Senses()).fit(texts, shuffled).estimate_.low < 0.5


def test_as_scikit_learn_has_it(fitted):
    asked, truth = opinions(40, 5)
    assert fitted.classes_.tolist() == ["bad", "good"]
    likely = fitted.predict_proba(asked)
    np.testing.assert_allclose(likely.sum(axis=1), 1)
    assert (fitted.classes_[likely.argmax(axis=1)] == fitted.predict(asked)).all()
    assert fitted.decision_function([]).shape == (0, 2) and fitted.predict([]).tolist() == []
    assert clone(fitted).get_params() == fitted.get_params()
    assert cross_val_score(Classifier(Senses()), np.array(asked), truth, cv=3).mean() > 0.9
    numbers = Classifier(Senses()).fit(pa.array(asked), [1 if one == "good" else 0 for one in truth])
    assert numbers.predict(asked[:2]).tolist() == [0, 1]
    assert Classifier(Senses()).fit(asked, [one == "good" for one in truth]).predict(asked[:2]).tolist() == [
        False,
        True,
    ]
    with pytest.raises(NotFittedError, match="learned nothing"):
        Classifier().predict(["a"])


def test_several_classes_and_the_embedding_alone():
    texts, labels = opinions(30)
    labels = [f"{label} {row % 3}" if label == "bad" else label for row, label in enumerate(labels)]
    found = Classifier(Senses(), ngrams=False).fit(texts, labels)
    assert found.predict_proba(texts).shape == (30, 4)
    assert found.features_.ngrams is None


def test_abstention(fitted):
    asked, _ = opinions(10, 7)
    assert fitted.predict_or_abstain(["", *asked], least=0.6)[0] is None
    assert None not in fitted.predict_or_abstain(asked, least=0.0)
    with pytest.raises(InputError, match="a probability from 0 to 1"):
        fitted.predict_or_abstain(asked, least=7.0)


def test_what_to_label_next(fitted):
    clear, _ = opinions(60, 8)
    chosen = fitted.next_labels([*clear, "a kettle", "so and so"], 5)
    assert 1 <= len(chosen) <= 5 and {60, 61} & set(chosen[:3].tolist())
    assert fitted.next_labels([]).tolist() == []
    with pytest.raises(InputError, match="1 at least"):
        fitted.next_labels(clear, 0)


def test_without_a_model_one_is_trained(python_docs):
    texts = [text for text in python_docs if text.startswith(("asyncio", "ast", "array"))][:60]
    labels = [text.startswith("asyncio") for text in texts]
    if len(set(labels)) < 2:
        texts, labels = python_docs[:200], [row % 2 for row in range(200)]
    found = Classifier().fit(texts, labels)
    assert isinstance(found.features_.encoder, likewise.Model)
    with pytest.raises(InputError, match="or pass a model"):
        Classifier().fit(["", " "], [0, 1])


@pytest.mark.parametrize(
    ("texts", "labels", "said"),
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
def test_what_cannot_be_learned_from(texts, labels, said):
    with pytest.raises(InputError, match=said):
        Classifier(Senses()).fit(texts, labels)


def test_the_least_that_can():
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


def test_judgement(fitted):
    """Closed forms: what is right, what was never learned; two ways: accuracy is `score`."""
    texts, labels = opinions(40, 9)
    found = judge(fitted, texts, labels)
    assert found.accuracy == fitted.score(texts, labels) and found.low <= found.accuracy <= found.high
    assert found.unseen == 0 and 0 <= found.calibration_error <= 1 and found.macro_f1 > 0.9
    other = judge(fitted, texts[:2], ["odd", labels[1]])
    assert (other.accuracy, other.unseen, other.confusions[0].label) == (0.5, 1, "odd")
    assert judge(fitted, texts[:1], ["odd"]).log_loss is None
    assert '"accuracy": 0.5' in other.as_json()
    with pytest.raises(InputError, match="at least one"):
        judge(fitted, [], [])
