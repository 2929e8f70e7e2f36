"""Lists and lines of JSON, as commands print them."""

import io
import json
import sys

import numpy as np
import pytest
from rich.console import Console

from likewise.cli.screen import Row, json_line, show_list, told_columns


def test_a_list_has_numbers_ids_marks_and_what_stands_below() -> None:
    console = Console(file=io.StringIO(), width=60, markup=False, highlight=False, soft_wrap=True)
    show_list([Row(0.5, "a", "one"), Row(-1.25, "long", "two", "new", "price 3")], console, digits=7)
    show_list([], console)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        " 1    0.500  a     one",
        " 2   -1.250  long  new  two",
        "                        price 3",
    ]


def test_columns_without_a_value_are_not_told() -> None:
    assert told_columns({"price": 0, "name": "", "size": None, "made": True}) == ["price 0", "made True"]


def test_a_line_of_json_fits_where_it_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {"id": "ü", "score": np.float64(0.5), "text": "東京\n"}
    for encoding, plain in (("latin-1", False), ("utf-8", True)):
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding))
        line = json_line(fields)
        assert ("東京" in line) is plain
        assert "\n" not in line
        assert json.loads(line) == {"id": "ü", "score": 0.5, "text": "東京\n"}
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_line({"score": float("nan")})
