"""The recommender: it learns, new items and new users are served, its parts add up, and bad input is one line."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from taste import KINDS, Words, taste

from likewise import Recommender
from likewise.applications.recommend import training
from likewise.applications.recommend.interactions import Histories
from likewise.applications.recommend.recommendations import TextSpace, encoded
from likewise.applications.recommend.training import Settings, chosen_settings, held_out_ranks, trained
from likewise.errors import InputError


@pytest.fixture(scope="module")
def fitted():
    made = taste()
    return Recommender(Words()).fit(made.items, made.interactions, least=4)


def kind_of(found):
    return [each.item.rstrip("0123456789") for each in found]


def items_of(found):
    return [each.item for each in found]


def test_it_learns_what_users_like(fitted):
    """It learns, in three ways of asking; nothing that was seen comes again; new items come by their text."""
    for user in range(3):
        found = fitted.recommend(f"u{user}", k=8)
        assert kind_of(found).count(list(KINDS)[user]) >= 7
        seen = {fitted.fitted.items[item] for item in fitted.fitted.seen[user]}
        assert not seen & {each.item for each in found} and len(seen) > len(fitted.fitted.histories[user])
        assert [each.rank for each in found] == list(range(1, 9))
        assert all(a.score >= b.score for a, b in pairwise(found))
    assert kind_of(fitted.recommend(liked=["tent3", "tent5", "tent7"], k=5)) == ["tent"] * 5
    assert kind_of(fitted.recommend(text="a warm light for the desk", k=3)) == ["lamp"] * 3
    assert "lamp" in kind_of(fitted.recommend("u0", liked=["lamp1", "lamp2"], text="desk lamp", k=10))
    everything = fitted.recommend("u0", k=1000)
    assert len(everything) == 60 - len(fitted.fitted.seen[0])
    new = {each.item for each in everything if each.new}
    assert new == {f"{kind}{n}" for kind in KINDS for n in (18, 19)}
    ranks = [each.rank for each in everything if each.new and each.item.startswith("kettle")]
    assert max(ranks) <= 20  # of the kind that the user likes, among 60 items


def test_similar_items_are_of_the_same_kind(fitted):
    assert kind_of(fitted.similar("tent3", k=5)) == ["tent"] * 5
    assert kind_of(fitted.similar("tent19", k=5)) == ["tent"] * 5
    assert "tent3" not in {each.item for each in fitted.similar("tent3", k=60)}


def test_reasons_add_up_to_the_score(fitted):
    """A closed form: the parts of a score are the score; and two ways that must meet, by user and by items."""
    best = fitted.recommend("u1", k=1)[0]
    reasons = fitted.explain("u1", best.item)
    np.testing.assert_allclose(sum(each.part for each in reasons), best.score, rtol=1e-4)
    np.testing.assert_allclose(sum(each.weight for each in reasons), 1, rtol=1e-5)
    assert reasons[0].part == max(each.part for each in reasons)
    history = [fitted.fitted.items[item] for item in fitted.fitted.histories[1]]
    again = fitted.explain(None, best.item, liked=history)
    assert [each.item for each in again] == [each.item for each in reasons]
    vector = fitted.user_vectors([history])[0]
    number = fitted.fitted.items.index(best.item)
    np.testing.assert_allclose(vector @ fitted.vectors[number], best.score, rtol=1e-4)


def test_a_saved_one_gives_the_same(fitted, tmp_path):
    """Two ways that must meet; and a damaged folder is told of."""
    fitted.save(tmp_path / "rec")
    loaded = Recommender.load(tmp_path / "rec", Words())
    assert items_of(loaded.recommend("u4")) == items_of(fitted.recommend("u4"))
    assert items_of(loaded.recommend(text="tea", k=3)) == items_of(fitted.recommend(text="tea", k=3))
    with pytest.raises(InputError, match="does not hold"):
        Recommender.load(tmp_path / "rec")
    with pytest.raises(InputError, match="exists already"):
        loaded.save(tmp_path / "rec")
    loaded.save(tmp_path / "rec", overwrite=True)
    (tmp_path / "other").mkdir()
    with pytest.raises(InputError, match="is no recommender"):
        loaded.save(tmp_path / "other", overwrite=True)
    with pytest.raises(InputError, match="is no recommender"):
        Recommender.load(tmp_path / "other")
    told = tmp_path / "rec" / "recommender.json"
    whole = told.read_text()
    told.write_text(whole.replace('"format": 2', '"format": 9'))
    with pytest.raises(InputError, match="format 9"):
        Recommender.load(tmp_path / "rec", Words())
    told.write_text(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="damaged"):
        Recommender.load(tmp_path / "rec", Words())


def test_the_same_seed_gives_the_same():
    made = taste(users=30)
    first, second = (Recommender(Words(), seed=5).fit(made.items, made.interactions, least=4) for _ in range(2))
    np.testing.assert_array_equal(first.vectors, second.vectors)


def test_without_a_model_one_is_trained_on_the_items(python_docs, tmp_path):
    items = [{"id": f"d{row}", "text": text} for row, text in enumerate(python_docs[:150])]
    rows = [{"user": f"u{row % 30}", "item": f"d{row % 120}"} for row in range(240)]
    made = Recommender().fit(items, rows)
    made.save(tmp_path / "rec")
    loaded = Recommender.load(tmp_path / "rec")
    np.testing.assert_array_equal(loaded.fitted.towers.residual, made.fitted.towers.residual)
    assert items_of(loaded.recommend(text="read a file", k=3)) == items_of(made.recommend(text="read a file", k=3))


def test_small_and_odd_input():
    """One record, duplicates only, texts in any script, texts that are blank, and items that are not there."""
    one = Recommender(Words()).fit([{"id": "a", "text": "tea"}], [{"user": "u", "item": "a"}])
    assert one.recommend("u") == [] and one.similar("a") == []
    same = [{"id": str(n), "text": "the same"} for n in range(9)]
    rows = [{"user": "u", "item": "1"}, {"user": "u", "item": "1"}, {"user": "v", "item": "2"}]
    dupes = Recommender(Words()).fit(same, rows)
    assert len(dupes.recommend("u", k=99)) == 8 and len(dupes.fitted.histories) == 2
    words = [{"id": "猫", "text": "猫と犬"}, {"id": "ё", "text": "Сколько стоит"}, {"id": "c", "text": " "}]
    other = Recommender(Words()).fit(words, [{"user": "Zoë", "item": "猫"}, {"user": "Zoë", "item": "gone"}])
    assert {each.item for each in other.recommend("Zoë")} == {"ё", "c"} and other.left_out == 1
    blank = Recommender(Words()).fit([{"id": "a", "text": ""}, {"id": "b", "text": " "}], [{"user": "u", "item": "a"}])
    assert len(blank.recommend("u")) == 1


ITEMS, ROWS = [{"id": "a", "text": "tea"}, {"id": "b", "text": "desk"}], [{"user": "u", "item": "a", "rating": 2}]


@pytest.mark.parametrize(
    ("items", "rows", "given", "said"),
    [
        ([], ROWS, {}, "no texts|holds no|empty"),
        (ITEMS, [], {}, "holds no|empty|no interactions"),
        (ITEMS, ROWS, {"least": 4}, "give a lower least"),
        (ITEMS, [{"user": "u", "item": "z"}], {}, "such as 'z'"),
        (ITEMS, ROWS, {"item": "thing"}, "has no column 'thing'"),
        (ITEMS, ROWS, {"text": "body"}, "has no column 'body'"),
        ([*ITEMS, ITEMS[0]], ROWS, {}, "id 'a' comes twice"),
    ],
)
def test_what_cannot_be_fitted(items, rows, given, said):
    with pytest.raises(InputError, match=said):
        Recommender(Words()).fit(items, rows, **given)


def test_what_cannot_be_asked(fitted):
    for ask, said in (
        (lambda: fitted.recommend("u999"), "no user 'u999' among 60 .*did you mean.*a new one needs"),
        (fitted.recommend, "nobody to recommend to"),
        (lambda: fitted.recommend("u1", k=0), "k is 0"),
        (lambda: fitted.recommend(liked=["tent999"]), "no item 'tent999'"),
        (lambda: fitted.similar("nothing"), "no item 'nothing'"),
        (lambda: fitted.explain(None, "tent1"), "no history"),
        (lambda: Recommender().recommend("u"), "knows nothing yet"),
        (lambda: Recommender().vectors, "knows nothing yet"),
    ):
        with pytest.raises(InputError, match=said):
            ask()
    rows = [{"user": "u", "item": "a", "rating": 5}, {"user": "v", "item": "a", "rating": 1}]
    made = Recommender(Words()).fit(ITEMS, rows, least=4)
    with pytest.raises(InputError, match="liked nothing so far"):
        made.recommend("v")
    assert made.recommend("v", text="desk")[0].item == "b"


def test_training_lowers_what_it_is_judged_by_no_worse_than_chance():
    """It learns: rounds of training from the closed form bring held-out items forward, with three seeds."""
    made = taste(users=90)
    words = Words().encode([each["text"] for each in made.items])
    rng = np.random.default_rng(0)
    texts = TextSpace.of(words, rng)(words)
    numbers = {each["id"]: n for n, each in enumerate(made.items)}
    liked = {}
    for row in made.interactions:
        if row["rating"] >= 4:
            liked.setdefault(row["user"], []).append(numbers[row["item"]])
    wanted = np.array([each[-1] for each in liked.values()])
    seen = Histories.of([np.array(each[:-1], np.int32) for each in liked.values()])
    judged = training._Judged(seen, np.arange(len(seen)), wanted, texts)
    for seed in range(3):
        bad = Settings(ridge=1e4, exponent=0.0, dim=2, rounds=40, temperature=0.01)
        ranks = []
        for settings in (replace(bad, rounds=0), bad):
            towers = trained(seen, texts, settings, np.random.default_rng(seed))
            ranks.append(held_out_ranks(judged.scores(towers), seen, wanted).mean())
        assert ranks[1] <= ranks[0] + 1 < 60 / 2


def test_settings_are_those_that_find_held_out_items():
    made = taste()
    words = Words().encode([each["text"] for each in made.items])
    rng = np.random.default_rng(0)
    few = Histories.of([np.array([0, 1, 2], np.int32)])
    assert chosen_settings(few, words, rng, Settings()) == Settings()


def test_ranks_are_counted_among_what_was_not_seen():
    """A closed form: better ones that were seen do not count, and equal ones count half."""
    scores = np.array([[9, 5, 5, 5, 1], [1, 2, 3, 4, 5]], np.float32)
    seen = Histories.of([np.array([0], np.int32), np.array([4, 3], np.int32)])
    assert held_out_ranks(scores, seen, np.array([1, 0])).tolist() == [1.0, 2.0]


def test_texts_in_their_own_space():
    """Laws: the mean square length is one, blank texts are zero, and a sample does for many."""
    vectors = encoded(Words(), ["tea water", "", "desk lamp", "tent rain camping"])
    space = TextSpace.of(vectors, np.random.default_rng(0))
    shorter = space(vectors)
    np.testing.assert_allclose(np.mean(np.sum(shorter[[0, 2, 3]] ** 2, axis=1)), 1, rtol=1e-5)
    assert not shorter[1].any()
    assert not TextSpace.of(np.zeros((3, 2), np.float32), np.random.default_rng(0))(np.zeros((3, 2), np.float32)).any()


def test_a_sample_of_many_texts(monkeypatch):
    from likewise.applications.recommend import recommendations as texts

    monkeypatch.setattr(texts, "SAMPLE", 50)
    vectors = np.random.default_rng(0).standard_normal((400, 3)).astype(np.float32)
    shorter = TextSpace.of(vectors, np.random.default_rng(0))(vectors)
    assert 0.7 < np.mean(np.sum(shorter**2, axis=1)) < 1.4
