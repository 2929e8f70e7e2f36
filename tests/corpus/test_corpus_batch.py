"""The batch: how columns are joined into a text, and how large a batch may be; one pass over a corpus."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.corpus.batch import Problem, Reading, TextBatch, bounded, text_batch
from likewise.corpus.columns import Chosen, Wanted
from likewise.errors import InputError

CELLS = st.one_of(st.none(), st.sampled_from(["", " ", "\u2003", "a", "b. ", "é\n"]), st.text(max_size=5))


def joined(cells: list[str | None]) -> str:
    """The oracle: a loop over the cells of one row."""
    return ". ".join(filled) if (filled := [cell for cell in cells if cell and cell.strip()]) else (cells[-1] or "")


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=20))
def test_columns_are_joined_as_a_loop_joins_them(rows: list[tuple[str | None, str | None, str | None]]) -> None:
    columns = {
        name: pa.array([row[place] for row in rows], pa.large_string()) for place, name in enumerate(("a", "b", "c"))
    }
    batch = text_batch(Chosen(("a", "b", "c")), columns, np.arange(len(rows)))
    assert len(batch) == len(rows)
    assert batch.texts.type == pa.large_string()
    for text, row in zip(batch.texts.to_pylist(), rows, strict=True):
        wanted = joined(list(row))
        assert text == wanted or not (text.strip() or wanted.strip())


def test_every_column_has_its_place() -> None:
    columns = {
        "t": pa.array(["x", None], pa.large_string()),
        "p": pa.array([None, "y"], pa.large_string()),
        "i": pa.array([7, 8]),
        "price": pa.array([1.5, 2.5]),
    }
    batch = text_batch(Chosen(("t",), "p", "i", ("price",)), columns, np.array([0, 1]))
    assert batch.ids.equals(pa.array(["7", "8"]))
    assert batch.texts.to_pylist() == ["x", ""]
    assert batch.pairs is not None
    assert batch.pairs.to_pylist() == ["", "y"]
    assert batch.columns is not None
    assert batch.columns.to_pydict() == {"price": [1.5, 2.5]}


def test_without_ids_rows_are_called_by_their_number() -> None:
    batch = text_batch(Chosen(("t",)), {"t": pa.array(["x", "y"], pa.large_string())}, np.array([10, 12]))
    assert batch.ids.equals(pa.array(["10", "12"]))
    assert batch.columns is None


@pytest.mark.parametrize("rows", [1, 2, 5, 64])
def test_a_batch_is_halved_until_its_bytes_fit(rows: int) -> None:
    texts = pa.array([f"{row:020}" for row in range(rows)], pa.large_string())
    numbers = pa.array([str(row) for row in range(rows)])
    whole = TextBatch(numbers, texts, texts, pa.record_batch({"n": range(rows)}))
    parts = list(bounded(whole, max_bytes=100))
    assert pa.concat_arrays([part.texts for part in parts]).equals(texts)
    assert pa.concat_arrays([part.ids for part in parts]).equals(numbers)
    for part in parts:
        assert part.pairs is not None
        assert part.columns is not None
        assert part.pairs.equals(part.texts)
        assert part.columns["n"].cast(pa.string()).equals(part.ids)
        assert len(part) == 1 or part.texts.nbytes + part.pairs.nbytes <= 100


def test_rows_are_counted_anew_in_each_file() -> None:
    reading = Reading(Wanted())
    reading.begin("a.csv")
    reading.rows = 10
    reading.begin("b.csv")
    with pytest.raises(InputError) as raised:
        reading.reject(12, Problem("it is odd"), line=7)
    assert str(raised.value) == (
        'b.csv, row 3 (line 7): it is odd; fix it, or skip such rows with --on-error skip (on_error="skip")'
    )


def test_skipped_rows_are_counted() -> None:
    reading = Reading(Wanted(), skip=True)
    reading.reject(0, Problem("it is odd"))
    reading.refuse("x is a PDF")
    assert reading.skipped == 2


def test_later_files_have_the_columns_of_the_first() -> None:
    reading = Reading(Wanted())
    reading.begin("a.csv")
    assert reading.numbered is None
    assert reading.choose(["id", "body"]).id == "id"
    assert reading.numbered is False
    assert reading.choose(["body", "text", "id"]).text == ("body",)
    with pytest.raises(InputError, match="no column 'id'"):
        reading.choose(["body", "n"])


def test_pairs_stay_pairs() -> None:
    reading = Reading(Wanted(pair=("a", "b")))
    assert reading.choose(["a", "b"]) == reading.choose(["b", "a", "id"])
    assert reading.numbered is True
