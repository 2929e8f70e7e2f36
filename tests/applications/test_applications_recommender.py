"""The recommender: it learns, new items and new users are served, its parts add up, and bad input is one line."""

import json
from itertools import pairwise

import numpy as np
import pytest
from classify_texts import opinions
from sklearn.exceptions import NotFittedError
from taste import KINDS, Words, taste

from likewise import Recommender
from likewise.errors import InputError


@pytest.fixture(scope="module")
def fitted():
    made = taste()
    return Recommender(Words()).fit(made.items, made.interactions, min_rating=4)


def kinds(found):
    return [each.item.rstrip("0123456789") for each in found]


def ids(found):
    return [each.item for each in found]


def test_it_learns_what_users_like(fitted):
    """It learns from users, items and texts; seen items never come again; new items are found by their text."""
    for user in range(3):
        found = fitted.recommend(f"u{user}", k=8)
        assert kinds(found).count(list(KINDS)[user]) >= 7
        seen = {fitted.state_.item_ids[item] for item in fitted.state_.seen[user]}
        assert not seen & set(ids(found)) and len(seen) > len(fitted.state_.histories[user])
        assert [each.rank for each in found] == list(range(1, 9))
        assert all(a.score >= b.score for a, b in pairwise(found))
    assert kinds(fitted.recommend(liked=["tent3", "tent5", "tent7"], k=5)) == ["tent"] * 5
    assert kinds(fitted.recommend(text="a warm light for the desk", k=3)) == ["lamp"] * 3
    assert "lamp" in kinds(fitted.recommend("u0", liked=["lamp1", "lamp2"], text="desk lamp", k=10))
    everything = fitted.recommend("u0", k=1000)
    assert len(everything) == 60 - len(fitted.state_.seen[0])
    assert {each.item for each in everything if each.new} == {f"{kind}{n}" for kind in KINDS for n in (18, 19)}
    ranks = [each.rank for each in everything if each.new and each.item.startswith("kettle")]
    assert max(ranks) <= 20  # of the kind that the user likes, among 60 items


def test_similar_items_are_of_the_same_kind(fitted):
    assert kinds(fitted.similar("tent3", k=5)) == ["tent"] * 5
    assert kinds(fitted.similar("tent19", k=5)) == ["tent"] * 5
    assert "tent3" not in ids(fitted.similar("tent3", k=60))


def test_reasons_add_up_to_the_score(fitted):
    """Closed form: the parts of a score add up to it; two paths that agree, by user and by items."""
    best = fitted.recommend("u1", k=1)[0]
    reasons = fitted.explain("u1", best.item)
    np.testing.assert_allclose(sum(each.part for each in reasons), best.score, rtol=1e-4)
    np.testing.assert_allclose(sum(each.weight for each in reasons), 1, rtol=1e-5)
    assert reasons[0].part == max(each.part for each in reasons)
    history = [fitted.state_.item_ids[item] for item in fitted.state_.histories[1]]
    assert ids(fitted.explain(None, best.item, liked=history)) == ids(reasons)
    number = fitted.state_.item_ids.index(best.item)
    np.testing.assert_allclose(fitted.scores([history])[0, number], best.score, rtol=1e-4)
    new = next(each for each in fitted.recommend("u1", k=60) if each.new)
    np.testing.assert_allclose(sum(each.part for each in fitted.explain("u1", new.item)), new.score, rtol=1e-4)


def test_a_sentence_is_a_reason_too(fitted):
    """Closed form: the parts add up to the score; two paths: a word's effect is what the score loses without it."""
    text = "a warm light and warm tea"
    best = fitted.recommend("u1", k=1, text=text)[0]
    reasons = fitted.explain("u1", best.item, text=text)
    np.testing.assert_allclose(sum(each.part for each in reasons), best.score, rtol=1e-4)
    assert [each.text for each in reasons if each.item is None] == [text]
    (alone,) = fitted.explain(None, "lamp2", text=text)
    assert alone.item is None and alone.weight == 1
    scores = {each.item: each.score for each in fitted.recommend(text=text, k=60)}
    np.testing.assert_allclose(alone.part, scores["lamp2"], rtol=1e-4)
    effects, others = fitted.word_effects(text, ["lamp2", "kettle2"])
    without = {each.item: each.score for each in fitted.recommend(text="a  light and  tea", k=60)}
    warm = next(each.part for each in effects if each.word == "warm")
    np.testing.assert_allclose(warm, scores["lamp2"] - without["lamp2"], atol=1e-5)
    assert effects[0].word == "warm" and effects[-1].word == "tea" == others[0].word
    assert {each.word for each in effects} == set("a warm light and tea".split())
    assert fitted.word_effects("?!", ["lamp2"]) == [[]]


def test_a_saved_one_gives_the_same(fitted, tmp_path):
    """Two paths that agree; and one line for a folder that cannot be read."""
    folder = tmp_path / "rec"
    fitted.save(folder)
    loaded = Recommender.load(folder, Words())
    assert ids(loaded.recommend("u4")) == ids(fitted.recommend("u4"))
    assert ids(loaded.recommend(text="tea", k=3)) == ids(fitted.recommend(text="tea", k=3))
    with pytest.raises(InputError, match="does not hold"):
        Recommender.load(folder)
    with pytest.raises(InputError, match="exists already"):
        loaded.save(folder)
    loaded.save(folder, overwrite=True)
    (tmp_path / "other").mkdir()
    with pytest.raises(InputError, match="is no recommender"):
        loaded.save(tmp_path / "other", overwrite=True)
    with pytest.raises(InputError, match="is not a recommender"):
        Recommender.load(tmp_path / "other")
    record = folder / "recommender.json"
    whole = record.read_text()
    for broken, message in (
        (json.dumps({**json.loads(whole), "format": 9}), "format 9, this version reads"),
        (whole[: len(whole) // 2], "damaged"),
    ):
        record.write_text(broken)
        with pytest.raises(InputError, match=message):
            Recommender.load(folder, Words())


def test_the_same_seed_gives_the_same():
    made = taste(users=30)
    first, second = (Recommender(Words(), seed=5).fit(made.items, made.interactions, min_rating=4) for _ in range(2))
    np.testing.assert_array_equal(first.item_vectors_, second.item_vectors_)


def test_the_folder_holds_a_model_of_likewise(opinions_model, tmp_path):
    items = [{"id": f"d{row}", "text": text} for row, text in enumerate(opinions(50)[0])]
    rows = [{"user": f"u{row % 10}", "item": f"d{row % 40}"} for row in range(80)]
    made = Recommender(opinions_model).fit(items, rows)
    made.save(tmp_path / "rec")
    loaded = Recommender.load(tmp_path / "rec")
    np.testing.assert_array_equal(loaded.item_vectors_, made.item_vectors_)
    assert ids(loaded.recommend(text="a lovely lamp", k=3)) == ids(made.recommend(text="a lovely lamp", k=3))


def test_small_and_odd_input():
    """One record, duplicates only, texts in any script, blank texts, and unknown items."""
    one = Recommender(Words()).fit([{"id": "a", "text": "tea"}], [{"user": "u", "item": "a"}])
    assert one.recommend("u") == [] and one.similar("a") == []
    same = [{"id": str(n), "text": "the same"} for n in range(9)]
    rows = [{"user": "u", "item": "1"}, {"user": "u", "item": "1"}, {"user": "v", "item": "2"}]
    copies = Recommender(Words()).fit(same, rows)
    assert len(copies.recommend("u", k=99)) == 8 and len(copies.state_.histories) == 2
    words = [{"id": "猫", "text": "猫と犬"}, {"id": "ё", "text": "Сколько стоит"}, {"id": "c", "text": " "}]
    other = Recommender(Words()).fit(words, [{"user": "Zoë", "item": "猫"}, {"user": "Zoë", "item": "gone"}])
    assert set(ids(other.recommend("Zoë"))) == {"ё", "c"} and other.skipped_interactions_ == 1
    blank = Recommender(Words()).fit([{"id": "a", "text": ""}, {"id": "b", "text": " "}], [{"user": "u", "item": "a"}])
    assert len(blank.recommend("u")) == 1


ITEMS, ROWS = [{"id": "a", "text": "tea"}, {"id": "b", "text": "desk"}], [{"user": "u", "item": "a", "rating": 2}]


@pytest.mark.parametrize(
    ("items", "rows", "given", "message"),
    [
        ([], ROWS, {}, "no texts|holds no|empty"),
        (ITEMS, [], {}, "holds no|empty|no interactions"),
        (ITEMS, ROWS, {"min_rating": 4}, "lower min_rating"),
        (ITEMS, [{"user": "u", "item": "z"}], {}, "such as 'z'"),
        (ITEMS, ROWS, {"item": "thing"}, "has no column 'thing'"),
        (ITEMS, ROWS, {"text": "body"}, "has no column 'body'"),
        ([*ITEMS, ITEMS[0]], ROWS, {}, "id 'a' occurs twice"),
    ],
)
def test_bad_input_to_fit(items, rows, given, message):
    with pytest.raises(InputError, match=message):
        Recommender(Words()).fit(items, rows, **given)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda made: made.recommend("u999"), "no user 'u999' among 60 .*did you mean.*a new one needs"),
        (lambda made: made.recommend(), "no user to recommend to"),
        (lambda made: made.recommend("u1", k=0), "k is 0"),
        (lambda made: made.recommend(liked=["tent999"]), "no item 'tent999'"),
        (lambda made: made.similar("nothing"), "no item 'nothing'"),
        (lambda made: made.explain(None, "tent1"), "no history"),
    ],
)
def test_bad_queries(fitted, call, message):
    with pytest.raises(InputError, match=message):
        call(fitted)


def test_users_without_liked_items_and_recommenders_without_data():
    rows = [{"user": "u", "item": "a", "rating": 5}, {"user": "v", "item": "a", "rating": 1}]
    made = Recommender(Words()).fit(ITEMS, rows, min_rating=4)
    with pytest.raises(InputError, match="has not liked any item yet"):
        made.recommend("v")
    assert made.recommend("v", text="desk")[0].item == "b"
    with pytest.raises(NotFittedError, match="not fitted"):
        Recommender().recommend("u")
