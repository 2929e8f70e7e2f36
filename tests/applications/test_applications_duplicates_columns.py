"""Records of several columns. Oracles: closed forms, and people that are made here."""

import numpy as np
import pyarrow as pa
import pytest

import likewise
from likewise.applications.duplicates.calibration import _near
from likewise.applications.duplicates.columns import (
    Cells,
    Columns,
    agreement_of,
    cells_of,
    check_same_columns,
    hash_records,
    record_text,
)
from likewise.applications.duplicates.evidence import Evidence, Weights, closeness, evidence_of
from likewise.applications.duplicates.made_pairs import record_exchanges, record_typos
from likewise.applications.duplicates.minhash import hash_texts
from likewise.applications.duplicates.space import Features, Space
from likewise.applications.duplicates.store import Store
from likewise.errors import InputError

NAMES = ("name", "city", "born", "points")


def people(count: int = 120) -> list[dict[str, object]]:
    """Of whom the last ten are the first ten with a misspelt name, and without a city."""
    rng = np.random.default_rng(0)

    def word(letters: int) -> str:
        return "".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), letters))

    every: list[dict[str, object]] = [
        {
            "name": f"{word(6)} {word(8)}",
            "city": ["Ulm", "Trier", "Essen"][int(rng.integers(3))],
            "born": f"{rng.integers(1940, 2000)}-0{rng.integers(1, 10)}-1{rng.integers(10)}",
            "points": int(rng.integers(1000)),
        }
        for _ in range(count - 10)
    ]
    for person in every[:10]:
        name = str(person["name"])
        every.append({**person, "name": name[:2] + name[3] + name[2] + name[4:], "city": None})
    return every


def records(*cells: tuple[object, ...]) -> pa.Array:
    return pa.array([record_text(each) for each in cells], pa.large_string())


def test_a_record_is_a_text_with_a_cell_a_line():
    made = records(("Eva\nPawlak", None, "NaN", 3.5), ("a", "b", "", ""))
    assert made.to_pylist() == ["Eva Pawlak\n\n\n3.5", "a\nb\n\n"]
    assert [each.to_pylist() for each in cells_of(made, 4)] == [["Eva Pawlak", "a"], ["", "b"], ["", ""], ["3.5", ""]]


def test_a_cell_is_the_same_only_in_its_own_column():
    """Moved cells are no exact copy; case and white space are no difference; a record without a value is blank."""
    made = records(("a", "5", ""), ("a", "", "5"), ("", "a", "5"), ("b c", "1", ""), ("b", "c 1", ""), ("A ", "5", ""))
    assert len(set(hash_records(made, 3).exact.tolist()[:5])) == 5
    assert hash_records(made, 3).exact[0] == hash_records(made, 3).exact[5] != 0
    assert hash_records(records(("", "", "")), 3).exact.tolist() == [0]
    assert len(set(hash_records(made, 0).exact.tolist())) == 2  # as texts they are two
    found = likewise.duplicates(
        [{"name": "a", "price": 5}, {"name": "b", "stock": 7}, {"name": "b", "price": 7}],
        columns=["name", "price", "stock"], precision=0.5,
    )  # fmt: skip
    assert not any(member.reason == "exact" for group in found.groups for member in group.members)


def test_kinds_of_columns_are_seen():
    made = records(("a", "3", "2020-01-31", "0301"), ("b", "$4,000.50", "1999-12-01", "0402"), ("c", "", "", "+49 1"))
    columns = Columns.of(("text", "price", "day", "phone"), made)
    days = Cells.of(records(("a", "", "2020-01-31", ""), ("a", "", "2020-01-31 08:15", "")), columns).numbers[2]
    assert days[0] == days[1] == 737455
    assert columns.kinds == ("text", "number", "date", "text")
    cells = Cells.of(made, columns)
    assert cells.numbers[1].tolist()[:2] == [3.0, 4000.5]
    assert np.isnan(cells.numbers[1][2]) and np.isnan(cells.numbers[0]).all()
    again = cells.take(np.array([1])).joined(cells.take(np.array([0, 2])))
    assert np.array_equal(again.numbers, cells.numbers[:, [1, 0, 2]], equal_nan=True)
    assert again.hashes[0].exact.tolist() == cells.hashes[0].exact[[1, 0, 2]].tolist()


def test_closeness_is_the_share_that_differs():
    first, second = np.array([10.0, 0.0, -5.0, np.nan]), np.array([8.0, 0.0, 5.0, 1.0])
    assert np.array_equal(closeness(first, second), [0.8, 1.0, 0.0, np.nan], equal_nan=True)


def test_evidence_of_columns_is_missing_where_a_cell_is():
    """Equal cells have cosines of 1; the score is the mean of what both have (closed forms)."""
    made = records(("anna berg", "2020-01-31", "5"), ("anna berg", "2020-01-31", "4"), ("carl zoom", "", ""))
    columns, hashes = Columns.of(("name", "day", "points"), made), hash_texts(made)
    space = Space.of(None, [], hashes, columns)
    features = Features.of(made, space, hashes)
    found = evidence_of(features, features, np.array([0, 0]), np.array([1, 2]), space)
    assert found.columns is not None
    assert np.allclose(found.columns[0], [1, 1, 1, 0.8, 0])
    assert np.array_equal(np.isnan(found.columns[1]), [False, False, True, True, True])
    assert Evidence.joined([found, found]).columns.shape == (4, 5)
    weights = Weights(0.0, 0.0, 0.0, (0.25, 0.25, 0.25, 0.25, 0.0))
    assert np.allclose(weights.scores(found), [0.95, 0.0])


def test_a_column_that_random_pairs_often_share_weighs_less():
    """One that all share, or that is empty, weighs nothing."""
    rng = np.random.default_rng(0)
    often, rarely = (rng.random(2000) < share for share in (0.3, 0.01))
    zeros = np.zeros(2000, np.float32)
    always, never = np.ones(2000), np.zeros(2000)
    columns = np.stack([often, rarely, np.full(2000, np.nan), always, never], 1).astype(np.float32)
    weights = Weights.of(Evidence(zeros, zeros, zeros, zeros, columns)).columns
    assert 3 * weights[0] < weights[1] < weights[4] and weights[2] == weights[3] == 0
    assert sum(weights) == pytest.approx(1)


def test_numbers_that_name_something_weigh_by_being_equal():
    """Years are all close to each other, so that only equal ones say anything; prices may be close too."""
    rng = np.random.default_rng(0)
    made = records(*((f"a{at}", int(rng.integers(1940, 2005)), float(rng.gamma(1, 50))) for at in range(300)))
    columns, hashes = Columns.of(("name", "year", "price"), made), hash_texts(made)
    space = Space.of(None, [], hashes, columns)
    features, ones, twos = Features.of(made, space, hashes), rng.integers(300, size=4000), rng.integers(300, size=4000)
    found = evidence_of(features, features, ones[ones != twos], twos[ones != twos], space)
    year_close, year_equal, price_close, price_equal = Weights.of(found).columns[2:]
    assert year_equal > 5 * year_close and price_equal > price_close > year_close


def test_made_records_keep_their_columns():
    rng = np.random.default_rng(0)
    given = ["Eva Pawlak\nLinden Road 4\n12", "Tom Berg\nMarket Lane 9\n80", "Tom Klee\n\n7"] * 20
    typos = record_typos(given, ("text", "text", "number"), rng)
    assert all(each.count("\n") == 2 for each in typos)
    assert {each.split("\n")[2] for each in typos} == {"12", "80", "7", ""}
    others = record_exchanges(given, np.tile([[1, 2, 0]], (60, 1)), rng)
    pairs = list(zip(given, others, strict=True))
    exchanged = [sum(a != b for a, b in zip(*(x.split("\n") for x in p), strict=True)) for p in pairs]
    assert max(exchanged) == 2 and exchanged.count(2) > 0 and all(each.count("\n") == 2 for each in others)


def test_records_without_an_encoder_are_near_by_their_letters():
    """Those of one family are, of six families of ten."""
    rng = np.random.default_rng(0)
    family = np.repeat(np.arange(6), 10)
    made = records(*((f"{'abcdef'[at] * 9} lane", f"{rng.integers(10**9)}") for at in family))
    columns, hashes = Columns.of(("street", "phone"), made), hash_texts(made)
    space = Space.of(None, [], hashes, columns)
    near = _near(Features.of(made, space, hashes), space, rng)
    assert np.mean(family[near] == family[:, None]) > 0.9


def test_a_record_about_something_else_is_never_the_same():
    """Also where no near one has another value in a cell that both have: (a, 1, -) and (a, -, 2) do not differ."""
    given = ["a\n1\n", "a\n\n2", "b\n3\n4"] * 20
    near = np.tile([[1, 4], [0, 3], [0, 1]], (20, 1))
    made = record_exchanges(given, near, np.random.default_rng(0))
    assert sum(one == other for one, other in zip(given, made, strict=True)) < 20  # one in three at random
    assert all(one != other for one, other in zip(given[2::3], made[2::3], strict=True))


def test_columns_that_agree():
    first, second = "Eva Pawlak\nUlm\n3\n", "Pawlak, Eva\nulm\n4\nx"
    expected = {"name": "similar", "city": "same", "born": "different", "points": "missing"}
    assert agreement_of(NAMES, first, second) == expected
    assert agreement_of(("a", "b"), "2020-01-31\n007", "2020/01/31 08:15\n7") == {"a": "same", "b": "different"}
    assert agreement_of((), "a", "b") == {}


def test_misspelt_people_are_found_and_a_store_keeps_their_columns(tmp_path):
    every = people()
    found = likewise.duplicates(every, columns=NAMES, precision=0.5)
    pairs = {(group.row, member.row) for group in found.groups for member in group.members}
    assert len(pairs & {(at, 110 + at) for at in range(10)}) >= 9
    member = found.groups[0].members[0]
    assert member.agreement == {"name": "similar", "city": "missing", "born": "same", "points": "same"}
    store = Store.of(found)
    store.save(tmp_path / "store")
    loaded = Store.load(tmp_path / "store")
    assert loaded.calibration.weights == found.calibration.weights
    assert loaded.found.columns == NAMES and loaded.space.columns.kinds == ("text", "text", "date", "number")
    assert [each.row for each in loaded.duplicates_of(every[3], 0.5)][:2] == [3, 113]
    loaded.add([{"name": "zelda quist", "born": "2001-01-01"}], ids=["z"])
    assert loaded.duplicates_of({"name": "zelda quist", "born": "2001-01-01"}, 0.5)[0].id == "z"
    assert loaded.found.ids[-1] == "z"
    new = likewise.duplicates(every[110:], columns=NAMES, against=loaded, precision=0.5)
    assert len(new.kept) == 0
    for wrong in ("a text", {"name": "a", "street": "b"}):
        with pytest.raises(InputError, match="a record has the columns name, city, born, points"):
            loaded.duplicates_of(wrong)
    with pytest.raises(InputError, match="holds the columns name, city, born, points, and was given name, city"):
        likewise.duplicates(every, columns=NAMES[:2], against=loaded)
    with pytest.raises(InputError, match="and was given texts"):
        likewise.duplicates(every, text="name", against=loaded)
    check_same_columns(None, ())


def test_a_store_compares_records_that_share_a_cell():
    """Of somebody who moved and changed the name only the phone is the same, as in a search of the whole file."""
    rng = np.random.default_rng(1)

    def word(letters: int) -> str:
        return "".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), letters))

    every = [
        {"name": f"{word(7)} {word(9)}", "street": f"{word(12)} {at}", "phone": f"0{rng.integers(10**9)}"}
        for at in range(150)
    ]
    store = Store.of(likewise.duplicates(every, columns=["name", "street", "phone"], precision=0.5))
    moved = {"name": "quentin oberholzer", "street": "unter den linden 4", "phone": every[60]["phone"]}
    pairs = store._pairs_of(store.space.columns.record(moved), 0.5)
    assert 60 in pairs.second.tolist() and len(pairs) < 60
    only_name = store._pairs_of(store.space.columns.record({"name": every[3]["name"]}), 0.5)
    assert 3 in only_name.second.tolist()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["name", "town"], "has no column 'town'; its columns are id, name, city"),
        (["name", "city", "name"], "column 'name' is named twice"),
        (["name"], "two columns and more: name one with --text"),
        ("name", "two columns and more"),
        (["name", "id"], "column 'id' holds the ids"),
        (["city", "empty"], "no cell of city, empty has a value"),
    ],
)
def test_columns_that_cannot_be_used_are_errors(columns, message):
    rows = [{"id": "1", "name": "a", "city": "", "empty": None}, {"id": "2", "name": "b", "city": "", "empty": None}]
    message = message.replace("id, name, city", "id, name, city, empty")
    with pytest.raises(InputError, match=message):
        likewise.duplicates(rows, columns=columns)


def test_text_and_columns_exclude_each_other():
    with pytest.raises(InputError, match="not both"):
        likewise.duplicates([{"a": "x", "b": "y"}], columns=["a", "b"], text="a")
