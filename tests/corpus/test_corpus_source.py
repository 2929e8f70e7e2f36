"""One pass over a corpus: rows are counted by file in messages, columns stay the same from file to file."""

import pytest

from likewise.corpus.columns import Wanted
from likewise.corpus.source import Problem, Reading
from likewise.errors import InputError


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
