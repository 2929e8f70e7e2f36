"""Records of several columns. Oracles: closed forms, and people that are made here."""

import numpy as np
import pyarrow as pa
import pytest

import likewise
from likewise.applications.duplicates.columns import (
    Cells,
    Columns,
    agreement_of,
    cells_of,
    check_same_columns,
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


def test_kinds_of_columns_are_seen():
    made = records(("a", "3", "2020-01-31", "0301"), ("b", "$4,000.50", "1999-12-01", "0402"), ("c", "", "", "+49 1"))
    columns = Columns.of(("text", "price", "day", "phone"), made)
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
    assert np.allclose(found.columns[0], [1, 1, 1, 0.8])
    assert np.array_equal(np.isnan(found.columns[1]), [False, False, True, True])
    assert Evidence.joined([found, found]).columns.shape == (4, 4)
    weights = Weights(0.0, 0.0, 0.0, (0.25, 0.25, 0.25, 0.25))
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


def test_columns_that_agree():
    first, second = "Eva Pawlak\nUlm\n3\n", "Pawlak, Eva\nulm\n4\nx"
    expected = {"name": "similar", "city": "same", "born": "different", "points": "missing"}
    assert agreement_of(NAMES, first, second) == expected
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
