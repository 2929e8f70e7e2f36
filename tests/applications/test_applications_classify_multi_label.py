"""Several labels a text: what is read, what is learned, and what is refused."""

import json
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from classify_texts import BAD, GOOD, THINGS
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_score

from likewise.applications.classify.active_learning import label_uncertainty
from likewise.applications.classify.classifier import Classifier
from likewise.applications.classify.label_sets import cell_labels, likely_separator
from likewise.applications.classify.labels import read_labelled
from likewise.applications.classify.multi_label import choose_thresholds, stratify
from likewise.applications.classify.one_vs_rest import fit_one_vs_rest
from likewise.errors import InputError

GROUPS = {"bad": BAD, "good": GOOD, "thing": THINGS}


class Senses:
    """Vectors by whether a text has words of each kind."""

    def encode(self, texts):
        words = [set(text.lower().split()) for text in texts]
        return np.array([[1.0, *(2.0 * bool(each & {*group}) for group in GROUPS.values())] for each in words])


def tickets(count, seed=0):
    """So many texts, and which kinds of words each has: none, some or all."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(count):
        kinds = [kind for kind in GROUPS if rng.random() < 0.4]
        texts.append(
            " ".join(["it", "was", *(str(rng.choice(GROUPS[kind])) for kind in kinds), f"w{rng.integers(50)}"])
        )
        labels.append(kinds)
    return texts, labels


@pytest.fixture(scope="module")
def fitted():
    return Classifier(Senses()).fit(*tickets(80))


def test_it_learns(fitted):
    """It learns, by a margin over always predicting the most frequent labels; the estimate is that of further texts."""
    queries, truth = tickets(300, 5)
    assert fitted.is_multi_label and fitted.classes_.tolist() == ["bad", "good", "thing"]
    assert fitted.score(queries, truth) > 0.9
    assert fitted.estimate_.scores.micro_f1 > 0.9 > fitted.estimate_.baseline.micro_f1 + 0.2
    assert fitted.estimate_.low <= fitted.estimate_.scores.exact_match <= fitted.estimate_.high + 1e-9
    likely = fitted.predict_proba(queries)
    assert likely.shape == (300, 3)
    assert abs(likely.mean(axis=0) - [np.mean([kind in each for each in truth]) for kind in GROUPS]).max() < 0.07
    assert fitted.predict(["it was", "it was awful lamp"]) == [(), ("bad", "thing")]
    assert fitted.predict([]) == [] and fitted.predict_proba([]).shape == (0, 3)
    rng = np.random.default_rng(0)
    shuffled = [truth[row] for row in rng.permutation(300)]
    assert Classifier(Senses()).fit(queries, shuffled).estimate_.scores.exact_match < 0.4


def test_every_form_of_labels_gives_the_same(fitted):
    """Two paths that agree: lists, tuples, sets, arrays, Arrow, and strings with a separator."""
    texts, labels = tickets(80)
    expected = fitted.predict_proba(texts)
    for given in (
        [tuple(each) for each in labels], [set(each) for each in labels], pd.Series(labels), pa.array(labels),
        [np.array(each, str) for each in labels],
    ):  # fmt: skip
        np.testing.assert_array_equal(Classifier(Senses()).fit(texts, given).predict_proba(texts), expected)
    joined = [" | ".join(each) or "|" for each in labels]
    found = Classifier(Senses(), separator="|").fit(texts, joined)
    np.testing.assert_array_equal(found.predict_proba(texts), expected)
    assert found.score(texts, joined) == fitted.score(texts, labels)
    assert clone(found).separator == "|"
    assert np.mean(cross_val_score(Classifier(Senses()), texts, labels, cv=KFold(3))) > 0.8


def test_a_label_of_numbers_and_one_label_alone():
    texts, labels = tickets(60)
    numbers = Classifier(Senses()).fit(texts, [[3 + (kind == "bad") for kind in each] for each in labels])
    assert numbers.predict(["it was awful lamp", "it was awful"]) == [(3, 4), (4,)]
    alone = Classifier(Senses()).fit(texts, [["bad"] if "bad" in each else [] for each in labels])
    assert alone.predict(["it was awful", "it was lovely"]) == [("bad",), ()]
    assert alone.estimate_.labels[0].label == "bad" and alone.select_for_labelling(texts, 3).shape == (3,)


def test_rare_labels_are_trained_on_and_not_checked():
    texts, labels = tickets(40)
    labels[3] = [*labels[3], "once"]
    labels[4], labels[5] = [*labels[4], "twice", "always"], [*labels[5], "twice", "always"]
    found = Classifier(Senses()).fit(texts, labels)
    assert found.estimate_.unchecked == 1 and 3 not in found.held_out_.rows
    every = Classifier(Senses()).fit(texts, [[*each, "all"] for each in labels])
    assert all("all" in each for each in every.predict(["", "it was"]))
    few = Classifier(Senses()).fit(["awful", "lovely lamp"], [["bad"], ["good", "thing"]])
    assert few.estimate_ is None and few.predict(["awful"]) == [("bad",)]


def test_descriptions():
    """It learns from labels and descriptions, which are never predicted; from descriptions alone it does not."""
    described = {"bad": "awful broke", "good": "lovely great", "thing": "lamp kettle"}
    both = Classifier(Senses()).fit(*tickets(30), descriptions=described | {"new": "zebra"})
    assert both.classes_.tolist() == ["bad", "good", "new", "thing"] and both.estimate_.texts == 30
    one = Classifier(Senses()).fit(["it was awful"], [["bad"]], descriptions=described)
    assert "thing" in one.predict(["kettle"])[0]
    with pytest.raises(InputError, match="descriptions alone will do for one label a text"):
        Classifier(Senses(), separator=";").fit([], [], descriptions=described)


def test_cutoffs_and_selection(fitted):
    texts = ["it was awful lamp", "it was", "nothing of the kind useless"]
    likely = fitted.predict_proba(texts)
    for row, given in enumerate(fitted.predict_or_abstain(texts, threshold=0.9)):
        assert given == tuple(name for name, each in zip(fitted.classes_, likely[row], strict=True) if each >= 0.9)
    assert fitted.predict_or_abstain(texts, 0.0) == fitted.predict(texts)
    assert len(fitted.select_for_labelling(tickets(50, 7)[0], 5)) == 5
    near = label_uncertainty(np.array([[0.2, 0.5], [0.0, 1.0], [0.1, 0.75]]), np.array([0.2, 0.5]))
    np.testing.assert_allclose(near, [1, 0, 0.5])


def test_it_comes_back(opinions_model, tmp_path):
    texts, labels = tickets(60)
    found = Classifier(opinions_model, separator="|").fit(texts, labels, unlabelled=tickets(200, 9)[0])
    found.save(tmp_path / "a.clf")
    again = Classifier.load(tmp_path / "a.clf")
    assert again.is_multi_label and again.separator == "|" and again.estimate_ == found.estimate_
    assert again.predict(texts) == found.predict(texts) and not again.self_trained_
    np.testing.assert_array_equal(again.predict_proba(texts), found.predict_proba(texts))
    assert "micro F1" in again._repr_html_()
    record = tmp_path / "a.clf" / "classifier.json"
    kept = json.loads(record.read_text())
    record.write_text(json.dumps({name: value for name, value in kept.items() if name != "thresholds"}))
    with pytest.raises(InputError, match="is damaged"):
        Classifier.load(tmp_path / "a.clf")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([["a"], None], "row 1 has no labels"),
        ([["a"], "b"], "row 1 holds 'b', where other rows hold several"),
        ([["a"], [None]], "row 1 holds None among its labels"),
        ([["a"], [["b"]]], r"row 1 holds \['b'\] among its labels"),
        ([["a"], [3]], "partly strings and partly numbers"),
        ([["a"], ["a"]], r"all 2 texts have the same labels \(a\)"),
        ([[], []], r"all 2 texts have the same labels \(no label\)"),
        ([[1, 0], [0, 1]], "labels are zeros and ones"),
        ([["a"]], "2 texts and 1 labels"),
    ],
)
def test_bad_labels(labels, message):
    with pytest.raises(InputError, match=message):
        Classifier(Senses()).fit(["x", "y"], labels)


def test_what_takes_one_label_a_text():
    with pytest.raises(InputError, match="contrastive fine-tuning takes one label a text"):
        Classifier(Senses(), contrastive=True).fit(["x", "y"], [["a"], ["b"]])
    with pytest.raises(InputError, match=r"several values for a text.*a list of names"):
        Classifier(Senses()).fit(["x", "y"], np.eye(2))


def test_labels_of_a_file(tmp_path):
    """An empty cell is an unlabelled text, one with the sign alone has none of the labels; lists are labels."""
    file = tmp_path / "a.csv"
    file.write_text("text,label\na,billing; refund\nb,\nc,;\nd,refund;;refund\ne,1.0;2\n")
    parse = partial(cell_labels, separator=";")
    found = read_labelled(file, "label", parse=parse)
    assert found.labels == [["billing", "refund"], [], ["refund"], ["1", "2"]] and found.unlabelled == ["b"]
    assert read_labelled([{"text": "a", "label": ["x", None, "y"]}], "label", parse=parse).labels == [["x", "y"]]
    with pytest.raises(InputError, match=r"of several with --separator"):
        read_labelled([{"text": "a", "label": ["x"]}], "label")


def test_cells_that_seem_to_hold_several_labels():
    assert likely_separator(["a", "b", "a|b"]) == ("|", "a|b")
    assert likely_separator(["a,b", "b,c", "c,a"]) == (",", "a,b")
    for one in (["Paris, France", "Lyon, France"], ["a", "b"], ["a;", ";"], ["he, she", "x; y"]):
        assert likely_separator(one) is None


@pytest.mark.parametrize("packed", [np.asarray, "sparse"])
def test_one_vs_rest_is_logistic_regression_of_each_label(packed):
    """Two paths that agree: scikit-learn label by label; closed form: a label of all texts or none has its share."""
    from scipy.sparse import csr_array

    rng = np.random.default_rng(0)
    rows = rng.standard_normal((60, 8)) * np.geomspace(0.1, 3, 8)
    truth = rng.random((60, 5)) < [0.05, 0.3, 0.6, 0.0, 1.0]
    truth[0, 0] = True
    block = csr_array if packed == "sparse" else packed
    probe = fit_one_vs_rest([rows[:, :3], block(rows[:, 3:])], truth)
    for label in range(3):
        expected = LogisticRegression(C=10, tol=1e-8, max_iter=10_000).fit(rows, truth[:, label])
        np.testing.assert_allclose(probe.weights[label], expected.coef_[0], atol=2e-2)
        np.testing.assert_allclose(probe.intercept[label], expected.intercept_[0], atol=2e-2)
    assert not probe.weights[3:].any()
    np.testing.assert_allclose(probe.intercept[3:], [np.log(0.5 / 60.5), np.log(60.5 / 0.5)])


def test_thresholds():
    """Closed form: of sure predictions the best F1 is 1; slow loop: no other threshold expects a higher F1."""
    assert choose_thresholds(np.array([[1.0], [0.0]])).tolist() == [0.5]
    likely = np.random.default_rng(0).random((50, 1)) ** 3
    best = max(
        2 * likely[likely >= each].sum() / ((likely >= each).sum() + likely.sum()) for each in likely[:, 0].tolist()
    )
    np.testing.assert_allclose(choose_thresholds(likely), [best / 2])


def test_strata():
    """A text is in the stratum of its rarest label; it can be checked if each of its labels has another text."""
    has_label = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1], [0, 0, 1]], bool)
    strata, checkable = stratify(["a", "b", "c", "d", "e", "e"], has_label)
    assert strata.tolist() == [1, 0, 1, 3, 2, 2] and checkable.tolist() == [True] * 4 + [False] * 2
