"""Values without types: groups of rows, and null as each library writes it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from likewise.corpus.batch import Reading
from likewise.corpus.columns import Chosen, Wanted
from likewise.corpus.rows import grouped, rows_batch


@given(st.lists(st.integers(0, 40), max_size=60))
def test_groups_hold_every_row_once_and_are_bounded(sizes: list[int]) -> None:
    rows = ((row, size, size) for row, size in enumerate(sizes))
    groups = list(grouped(rows, max_rows=5, max_characters=100))
    assert [row for numbers, _ in groups for row in numbers] == list(range(len(sizes)))
    assert [size for _, held in groups for size in held] == sizes
    for _, held in groups:
        assert 0 < len(held) <= 5
        assert sum(held[:-1]) <= 100


def test_ids_are_strings_whatever_number_they_were() -> None:
    chosen = Chosen(("t",), None, "i")
    values = {"t": ["a"] * 5, "i": ["x", 7, 1.5, np.int64(3), np.float32(0.5)]}
    (batch,) = rows_batch(chosen, values, range(5), Reading(Wanted()))
    assert batch.ids.to_pylist() == ["x", "7", "1.5", "3", "0.5"]


def test_one_column_may_have_two_roles() -> None:
    (batch,) = rows_batch(Chosen(("t",), "t", "t"), {"t": ["a", "b"]}, range(2), Reading(Wanted()))
    assert batch.pairs is not None
    assert batch.ids.to_pylist() == batch.texts.to_pylist() == batch.pairs.to_pylist() == ["a", "b"]
