"""Names to makers of pairs. One contract for every registered view; laws of mixing; the errors a user meets."""

from importlib.metadata import EntryPoint
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from views_oracles import listed, rows_of, seeds, texts_of_subwords, vocabulary, words_of

from likewise import registry
from likewise.errors import InputError
from likewise.tokens.ragged import Ragged
from likewise.tokens.vocabulary import Vocabulary
from likewise.views.pair import Views
from likewise.views.spec import VIEWS, Mixture, make_views, rewritings, view_names


@pytest.mark.parametrize("spec", [*VIEWS, "crop,halves", "halves+delete:0.1", "crop:0.5+delete,dropout"])
@settings(max_examples=15)
@given(texts=texts_of_subwords, seed=seeds)
def test_the_contract_of_a_view(spec, texts, seed):
    """A law for every name: two views a text, made of its words, never empty unless it is; the seed decides."""
    make = make_views(spec, vocabulary())
    views = make(Ragged.of(texts), np.random.default_rng(seed))
    again = make(Ragged.of(texts), np.random.default_rng(seed))
    assert len(views) == len(texts)
    for side, repeated in ((views.anchors, again.anchors), (views.positives, again.positives)):
        assert listed(side) == listed(repeated)
        for text, view in zip(texts, listed(side), strict=True):
            assert bool(text) == bool(view)
            assert {tuple(word) for word in words_of(view)} <= {tuple(word) for word in words_of(text)}


def test_crops_and_halves_are_the_default():
    texts = Ragged.of([range(0, 36, 3)] * 20)
    views = make_views(None, vocabulary())(texts, np.random.default_rng(0))
    named = make_views("crop,halves", vocabulary())(texts, np.random.default_rng(0))
    assert listed(views.anchors) == listed(named.anchors)
    assert listed(views.anchors) != listed(views.positives)


def test_a_mixture_keeps_the_rows_in_place_and_draws_evenly():
    """A law: text i is at row i whichever view it drew; each view is drawn equally often (5 standard errors)."""

    def constant(id):
        def make(texts, rng, rewritten):
            rows = Ragged.of([[text[0], id] for text in listed(texts)])
            return Views(rows, rows)

        return make

    texts = Ragged.of([[row] for row in range(6000)])
    views = Mixture((constant(-1), constant(-2), constant(-3)))(texts, np.random.default_rng(0))
    pairs = np.array(listed(views.anchors))
    np.testing.assert_array_equal(pairs[:, 0], np.arange(6000))
    np.testing.assert_allclose(np.bincount(-pairs[:, 1])[1:] / 6000, 1 / 3, atol=0.03)
    assert listed(views.positives) == pairs.tolist()


@pytest.mark.parametrize("count", [0, 1])
def test_a_mixture_of_few_texts(count):
    views = make_views(["crop", "halves"], vocabulary())(Ragged.of([[0, 3, 6]] * count), np.random.default_rng(0))
    assert (len(views.anchors), len(views.positives)) == (count, count)


def test_a_chain_applies_one_view_after_the_other():
    """A closed form: crops of 20 to 60 of 100 words that then lose half have 10 to 30 words, give or take."""
    texts = rows_of(np.tile(np.arange(100) % 40 // 3 * 3, (500, 1)))
    views = make_views("crop + delete:0.5", vocabulary())(texts, np.random.default_rng(0))
    assert views.anchors.lengths.mean() == pytest.approx(20, abs=1)
    assert views.positives.lengths.mean() == pytest.approx(20, abs=1)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("corp", "there is no view 'corp': did you mean crop"),
        ("half", "did you mean halves"),
        ("xyzzy", "there is no view 'xyzzy': The views are crop, halves"),
        ("crop,", "there is no view ''"),
        ([], "no view was named"),
        ("delete:much", "'much' is no number, as in delete:0.3"),
        ("delete:nan", "'nan' is no number"),
        ("delete:", "'' is no number"),
        ("crop+halves", "must come first"),
    ],
)
def test_what_is_no_view_is_refused(spec, message):
    with pytest.raises(InputError, match=message):
        make_views(spec, vocabulary())


def test_names_may_come_in_any_sequence():
    make = make_views(("halves",), vocabulary())
    assert len(make(Ragged.of([[0, 3]]), np.random.default_rng(0))) == 1


def test_another_package_can_register_a_view(monkeypatch):
    def entries(*, group, name=None):
        if group == "likewise.paraphrasers":  # a name might be one of these
            return []
        assert group == "likewise.views"
        registered = [EntryPoint("backwards", "test_views_spec:build_backwards", group)]
        return [entry for entry in registered if name in (None, entry.name)]

    monkeypatch.setattr(registry, "entry_points", entries)
    assert view_names() == [*VIEWS, "synonyms", "back-translation", "backwards"]
    views = make_views("backwards", vocabulary())(Ragged.of([[0, 1, 3]]), np.random.default_rng(0))
    assert listed(views.anchors) == [[3, 1, 0]]


def build_backwards(vocabulary, strength):
    def view(texts, rng):
        return Ragged(np.concatenate([texts.ids[a:b][::-1] for a, b in pairwise(texts.offsets)]), texts.offsets)

    return view


def vocabulary_of(subwords: int) -> Vocabulary:
    return Vocabulary(tuple(map(str, range(subwords))), np.zeros(subwords, np.bool_), np.ones(subwords, np.int64))


def test_a_paraphrase_is_the_positive_of_its_text():
    """Laws: the anchor is the text, the positive its paraphrase; what follows a plus changes both; rows stay."""
    texts, other = Ragged.of([[row] * 9 for row in range(50)]), Ragged.of([[row + 50] * 9 for row in range(50)])
    words = vocabulary_of(100)
    views = make_views("synonyms:0.5", words)(texts, np.random.default_rng(0), {"synonyms:0.5": other})
    assert (listed(views.anchors), listed(views.positives)) == (listed(texts), listed(other))
    mixed = make_views("crop, synonyms+delete:0.5", words)
    views = mixed(texts, np.random.default_rng(0), {"synonyms": other})
    drawn = [positive[0] >= 50 for positive in listed(views.positives)]
    assert 10 < sum(drawn) < 40
    for row, (anchor, positive) in enumerate(zip(listed(views.anchors), listed(views.positives), strict=True)):
        assert set(anchor) == {row} and set(positive) == {row + 50 * drawn[row]} and len(anchor) < 9
    with pytest.raises(InputError, match="must come first"):
        make_views("crop+synonyms", words)
    assert rewritings("crop, synonyms:0.5+crop,back-translation") == ["synonyms:0.5", "back-translation"]
    assert rewritings(None) == []
