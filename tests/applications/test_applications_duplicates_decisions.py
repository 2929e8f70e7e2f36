"""What a person decides about duplicates: it is obeyed, kept through everything, and never half written."""

import os
import subprocess
import sys
import threading

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.applications.duplicates import decisions as file
from likewise.applications.duplicates.calibration import GRID, Calibration, Curve
from likewise.applications.duplicates.decisions import DECISIONS, ContradictionError, Linked
from likewise.applications.duplicates.evidence import Weights
from likewise.applications.duplicates.find import duplicates
from likewise.applications.duplicates.pairs import NEAR, Pairs
from likewise.applications.duplicates.result import Duplicates
from likewise.applications.duplicates.store import Store
from likewise.errors import InputError, LikewiseError

TEXTS = [
    "The kettle is red.",
    "The kettle is red!",
    "the kettle IS red.",
    "A lamp for the desk",
    "A lamp for the desks",
    " ",
]


def found_among(texts: int, pairs: list[tuple[int, int, float]], copies: dict[int, int] | None = None) -> Duplicates:
    """A result with pairs of given precision: of each text the name is its text."""
    names = tuple(f"t{row}" for row in range(texts))
    first, second, precision = (np.array([pair[at] for pair in pairs]) for at in range(3))
    own = np.arange(texts)
    for copy, original in (copies or {}).items():
        own[copy] = original
    score = np.asarray(precision, np.float32)
    made = Pairs(
        first.astype(np.int64), second.astype(np.int64), score, precision.astype(np.float64),
        np.full(len(pairs), NEAR, np.uint8),
    )  # fmt: skip
    curve = Curve(GRID, GRID)
    calibration = Calibration(Weights(1.0, 0.0, 0.0), curve, curve)
    array = pa.array(names, pa.large_string())
    return Duplicates(
        array,
        names,
        None,
        None,
        0.9,
        made,
        calibration,
        np.arange(texts),
        own,
    )


def decided(found: Duplicates, *made: tuple[int, int, bool]) -> Duplicates:
    texts = found.texts.to_pylist()
    return found.with_decisions(
        [
            file.Decision((found.ids[one], found.ids[other]), (texts[one], texts[other]), same)
            for one, other, same in made
        ]
    )


def groups(found: Duplicates) -> list[set[int]]:
    return [{group.row, *(member.row for member in group.members)} for group in found.groups]


@pytest.fixture(scope="module")
def small() -> Duplicates:
    return duplicates(TEXTS, precision=0.5)


@pytest.fixture
def store(small: Duplicates, tmp_path):
    Store.of(small).save(tmp_path / "kept.store")
    return Store.load(tmp_path / "kept.store")


def test_decided_pairs_and_third_texts():
    """Closed form: 0 and 2 are both pairs of 1, and 3 of nothing."""
    star = found_among(4, [(0, 1, 0.95), (0, 2, 0.92), (1, 2, 0.6)])
    assert groups(star) == [{0, 1, 2}]
    assert groups(decided(star, (0, 1, False))) == [{0, 2}]
    apart = decided(star, (1, 2, False))  # not over the third text either; the one that is preferred stays
    assert groups(apart) == [{0, 1}] and apart.kept.tolist() == [0, 2, 3]
    both = decided(star, (2, 3, True))
    assert groups(both) == [{0, 1, 2, 3}] and both.groups[0].members[-1].row in {1, 2, 3}
    assert {member.row: member.reason for member in both.groups[0].members}[3] == "decided"
    assert groups(decided(star, (3, 0, True), (3, 2, False))) == [{0, 1, 3}]
    assert groups(both.rethreshold(1.0)) == [{2, 3}] and groups(both.rethreshold(0.5)) == [{0, 1, 2, 3}]
    copied = found_among(4, [(0, 1, 0.95), (1, 2, 1.0)], {2: 1})
    assert groups(copied) == [{0, 1, 2}] and groups(decided(copied, (1, 2, False))) == [{0, 1}]
    assert groups(decided(copied, (0, 2, False))) == [{1, 2}]


@st.composite
def cases(draw):
    texts = draw(st.integers(2, 12))
    row = st.integers(0, texts - 1)
    pairs = {}
    for one, other, precision in draw(
        st.lists(st.tuples(row, row, st.sampled_from([0.6, 0.8, 0.91, 0.95, 1.0])), max_size=30)
    ):
        if one != other:
            pairs[min(one, other), max(one, other)] = precision
    copies = {}
    for copy in draw(st.sets(row, max_size=3)):
        if copy and all(copy not in pair for pair in pairs):
            copies[copy] = 0
    made = draw(st.lists(st.tuples(row, row, st.booleans()), max_size=8))
    return found_among(texts, [(*pair, precision) for pair, precision in pairs.items()] or [(0, 1, 0.55)], copies), made


@given(cases())
def test_groups_obey_what_was_decided(case):
    """Laws: what is decided to be no duplicate is in no group with the other, what is decided to be one always is."""
    found, made = case
    linked, agreed = Linked(), []
    for one, other, same in made:
        if (
            one != other
            and {one, other} not in [{*each[:2]} for each in agreed]
            and not linked.contradicts(one, other, same)
        ):
            linked.add(one, other, same)
            agreed.append((one, other, same))
    for precision in (0.99, 0.9, 0.5):
        result = decided(found, *agreed).rethreshold(precision)
        together = groups(result)
        where = {row: number for number, group in enumerate(together) for row in group}
        assert len(where) == sum(map(len, together))
        for one, other, same in agreed:
            apart = where.get(one, -1) != where.get(other, -2)
            assert apart is not same
        assert len(result.kept) + sum(len(group) - 1 for group in together) == len(result.ids)
        assert [group.row for group in result.groups] == sorted(set(result.kept.tolist()) & where.keys())
        pages, after = [], None
        while page := result.doubtful(2, after):
            pages += page
            after = page[-1].precision, page[-1].row
        assert sorted(group.row for group in pages) == [group.row for group in result.groups]
        assert [group.precision for group in pages] == sorted(group.precision for group in pages)
        assert all(result.group_of(row) == result.groups[number] for row, number in where.items())


@given(cases(), st.integers(1, 12))
def test_reduced_to_a_number(case, most):
    """Laws: no more remain than were wanted; with one pair less, more would."""
    found, _ = case
    try:
        fewer = found.keep_at_most(most)
    except InputError as error:
        assert len(found.rethreshold(0.01).kept) > most and "ask for at least" in str(error)
        return
    assert len(fewer.kept) <= most and fewer.most_pairs is not None
    if fewer.most_pairs:
        from dataclasses import replace

        assert len(replace(fewer, most_pairs=fewer.most_pairs - 1).kept) > most


def test_numbers_and_shares():
    found = found_among(4, [(0, 1, 0.95), (0, 2, 0.8)])
    assert len(found.keep_at_most(0.75).kept) == 3 and found.keep_at_most(0.75).precision == 0.95
    assert found.keep_at_most(2).precision == 0.8 and found.keep_at_most(9).precision == 1.0
    for wrong in (0, -1, 1.5, float("nan"), 0.0):
        with pytest.raises(InputError, match="cannot be kept"):
            found.keep_at_most(wrong)
    with pytest.raises(InputError, match="1 of 4 texts cannot be reached: 2 remain"):
        found.keep_at_most(1)
    with pytest.raises(InputError, match="compared with others"):
        duplicates(["a"], against=["b"]).with_decisions([])


def test_decisions_survive(store, tmp_path, small):
    """Through loading, adding, another precision, another store in the same place, and another order of the rows."""
    store.decide([(0, 1, False), (3, 4, True), (0, 3, False)])
    folder = tmp_path / "kept.store"
    assert Store.load(folder).found.decided == ((0, 1, False), (3, 4, True), (0, 3, False))
    store.add(["A lamp for a desk"], ids=["new"])
    store.save(folder, overwrite=True)
    again = Store.load(folder)
    assert again.found.ids[-1] == "new" and {3, 4} <= set().union(*groups(again.found.rethreshold(1.0)))
    assert not any(
        {0, 1} <= group for precision in (0.3, 0.5, 0.99) for group in groups(again.found.rethreshold(precision))
    )
    other = duplicates(["A lamp for the desks", "new", *TEXTS[:4]])
    Store.of(other).save(folder, overwrite=True)
    assert sorted(Store.load(folder).found.decided) == [(2, 3, False), (2, 5, False), (5, 0, True)]
    with pytest.raises(LikewiseError, match="was replaced"):
        again.decide([(0, 1, True)])
    assert [member.row for member in Store.load(folder).duplicates_of(TEXTS[3]) if member.reason == "decided"] == [0]
    unsaved = Store.of(small)
    unsaved.decide([(0, 1, False)])
    unsaved.save(tmp_path / "b")
    assert Store.load(tmp_path / "b").found.decided == ((0, 1, False),)


def test_texts_that_were_added_are_compared(store):
    assert store.found.copies.tolist()[:3] == [0, 1, 0]
    before = len(store.found.ids)
    store.add(["THE KETTLE is red.", "a lamp for the desks?"])
    found = store.found
    assert found.copies[before] == 0 and len(found.ids) == before + 2
    assert any({4, before + 1} <= group for group in groups(found.rethreshold(0.5)))
    assert store.found is found


def test_a_decision_is_taken_back_and_changed(store):
    store.decide([(0, 1, True)])
    store.decide([(1, 0, False)])
    assert store.found.decided == ((1, 0, False),)
    store.decide([(0, 1, None)])
    assert store.found.decided == () and store.decisions == ()


def test_contradictions_are_refused(store):
    store.decide([(0, 1, True), (1, 3, True)])
    with pytest.raises(ContradictionError, match="0 and 3 are duplicates by other decisions"):
        store.decide([(4, 5, True), (0, 3, False)])
    assert len(store.found.decided) == 2  # all or nothing
    store.decide([(3, 4, False)])
    with pytest.raises(ContradictionError, match="0 and 4 cannot be duplicates"):
        store.decide([(0, 4, True)])
    for rows in ((0, 0), (0, 6), (-1, 2)):
        with pytest.raises(InputError, match="are no two of the 6 texts"):
            store.decide([(*rows, True)])


def test_a_killed_writer(store, tmp_path):
    """What it left unfinished is no decision, and the next one is whole; a damaged line is an error."""
    folder = tmp_path / "kept.store"
    store.decide([(0, 1, True)])
    with (folder / DECISIONS).open("ab") as left:
        left.write(b'{"ids": ["3", "4"], "te')
    assert Store.load(folder).found.decided == ((0, 1, True),)
    Store.load(folder).decide([(3, 4, False)])
    assert store.found.decided == ((0, 1, True), (3, 4, False))  # the other process is seen
    with (folder / DECISIONS).open("ab") as left:
        left.write(b'{"ids": 1}\n')
    with pytest.raises(InputError, match=r"line 3 of .*decisions.jsonl is damaged"):
        Store.load(folder)


def test_a_full_disk_leaves_no_half_decision(store, tmp_path, monkeypatch):
    store.decide([(0, 1, True)])
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "full")))
        with pytest.raises(LikewiseError, match="the disk is full"):
            store.decide([(3, 4, True)])
    assert store.found.decided == ((0, 1, True),) == Store.load(tmp_path / "kept.store").found.decided


def test_many_writers_lose_nothing(tmp_path):
    """Two handles in threads, each deciding on its own pairs."""
    texts = [
        f"{word} number {number}"
        for number, word in enumerate("apple bread cider dates eggs figs grapes honey".split() * 5)
    ]
    Store.of(duplicates(texts)).save(tmp_path / "s")
    handles = [Store.load(tmp_path / "s") for _ in range(2)]

    def decide(handle, first):
        for row in range(first, 40, 4):
            handle.decide([(row, row + 1, False)])

    threads = [threading.Thread(target=decide, args=(handle, 2 * at)) for at, handle in enumerate(handles)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each[0] for each in Store.load(tmp_path / "s").found.decided} == {*range(0, 40, 2)}
    assert handles[0].found.decided == handles[1].found.decided


@pytest.mark.slow
def test_a_writer_that_is_killed_at_any_time(store, tmp_path):
    """Every decision that was acknowledged is there, and every line can be read."""
    program = (
        "import sys; from likewise.applications.duplicates.store import Store\n"
        "store = Store.load(sys.argv[1])\n"
        "for number in range(10_000):\n"
        "    store.decide([(3, 4, bool(number % 2))])\n"
        "    print(number, flush=True)\n"
    )
    folder = tmp_path / "kept.store"
    for lines in (1, 7, 30):
        with subprocess.Popen(
            [sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True
        ) as process:
            for _ in range(lines):
                last = int(process.stdout.readline())
            process.kill()
        made = (folder / DECISIONS).read_bytes().count(b"\n")
        assert Store.load(folder).found.decided and made > last
        Store.load(folder).decide([(3, 4, None)])
