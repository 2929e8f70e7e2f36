"""Which column holds the texts: what is obvious, what is not, and what is said then."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.corpus.columns import Chosen, Wanted, choose, distinct_names
from likewise.errors import InputError


@pytest.mark.parametrize(
    ("names", "strings", "text", "id"),
    [
        (["whatever"], None, "whatever", None),
        (["id"], None, "id", None),
        (["id", "body"], None, "body", "id"),
        (["label", "text"], None, "text", None),
        (["_id", "text", "n"], ["text"], "text", "_id"),
        (["id", "_id", "body"], ["id", "_id", "body"], None, "id"),
        (["id", "price", "body"], ["id", "body"], "body", "id"),
        (["price", "body"], ["body"], "body", None),
        (["id", "body", "title"], None, None, "id"),
        (["body", "title"], ["body", "title"], None, None),
    ],
)
def test_the_obvious_column_is_found(
    names: list[str], strings: list[str] | None, text: str | None, id: str | None
) -> None:
    if text is None:
        with pytest.raises(InputError, match="several columns") as raised:
            choose(Wanted(), names, strings, "reviews.csv")
        assert all(repr(name) in str(raised.value) for name in names)
        assert "--text" in str(raised.value)
    else:
        assert choose(Wanted(), names, strings, "reviews.csv") == Chosen((text,), None, id)


@pytest.mark.parametrize(("names", "strings"), [(["a", "b"], []), (["id", "n"], ["id"])])
def test_no_column_of_strings(names: list[str], strings: list[str]) -> None:
    with pytest.raises(InputError, match=r"x\.parquet has no column of strings.*" + ", ".join(map(repr, names))):
        choose(Wanted(), names, strings, "x.parquet")


@pytest.mark.parametrize(
    "wanted", [Wanted(text=("boddy",)), Wanted(id="boddy", text=("title",)), Wanted(pair=("title", "boddy"))]
)
def test_an_unknown_column_is_reported_with_the_nearest(wanted: Wanted) -> None:
    message = r"r\.csv has no column 'boddy' \(did you mean 'Body'\?\); its columns are 'title', 'Body'"
    with pytest.raises(InputError, match=message):
        choose(wanted, ["title", "Body"], None, "r.csv")


def test_an_unknown_column_without_a_near_one() -> None:
    with pytest.raises(InputError, match="has no column 'xyz'; its columns are 'title', 'body'"):
        choose(Wanted(text=("xyz",)), ["title", "body"], None, "r.csv")


def test_roles_and_the_other_columns() -> None:
    names = ["id", "title", "body", "price"]
    several = choose(Wanted(text=("title", "body"), others=True), names, None, "")
    assert several == Chosen(("title", "body"), None, "id", ("price",))
    assert several.names == ("title", "body", "id", "price")
    pair = choose(Wanted(pair=("title", "body"), id="price"), names, None, "")
    assert pair == Chosen(("title",), "body", "price", None)
    assert pair.texts == ("title", "body")
    assert pair.among(["other"]) == pair
    assert several.among([*names, "new"]).others == ("price", "new")


def test_an_id_that_is_requested_as_text_is_no_id() -> None:
    assert choose(Wanted(text=("id",)), ["id", "n"], None, "").id is None
    assert choose(Wanted(settled=True, text=("n",)), ["id", "n"], None, "").id is None


def test_wishes_that_make_no_sense() -> None:
    with pytest.raises(InputError, match="two columns"):
        Wanted.of(None, None, ["title"], columns=False)
    with pytest.raises(InputError, match="two columns"):
        Wanted.of(None, None, "ab", columns=False)
    with pytest.raises(InputError, match="not both"):
        Wanted.of("body", None, ["title", "body"], columns=False)
    with pytest.raises(InputError, match="empty list"):
        Wanted.of([], None, None, columns=False)
    assert Wanted.of(["a", "b"], "i", None, columns=True) == Wanted(("a", "b"), "i", None, True)
    assert Wanted.of(None, None, ["a", "b"], columns=False).pair == ("a", "b")


@given(st.lists(st.sampled_from(["", "a", "a.1", "b", "column 1", "column 2"]), max_size=12))
def test_names_become_distinct_and_the_first_of_each_stays(names: list[str]) -> None:
    found = distinct_names(names)
    assert len(found) == len(names) == len(set(found))
    assert "" not in found
    for name in {*names} - {""}:
        assert found[names.index(name)] == name or name in found


def test_distinct_names_of_many_columns_are_quick() -> None:
    """A broken file may have a header of a hundred thousand fields."""
    assert len(set(distinct_names(["a"] * 100_000))) == 100_000
