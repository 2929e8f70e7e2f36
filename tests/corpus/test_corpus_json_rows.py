"""JSON: an object a line, an array of objects, and lines that are neither."""

import json
from pathlib import Path

import pytest
from corpus_reading import columns, complaint, ids, limited, skipping, texts, written

from likewise.corpus.json_rows import is_json, json_batches
from likewise.corpus.read import read

ROWS = [
    {"id": "a", "text": "first é", "n": 1},
    {"id": "b", "text": "second\n\u2028", "n": 2.5},
    {"id": "c", "text": ""},
]


@pytest.mark.parametrize("name", ["x.jsonl", "x.ndjson", "x.json"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_one_object_a_line(tmp_path: Path, name: str, ascii_only: bool) -> None:
    path = written(tmp_path, name, "\r\n".join(json.dumps(row, ensure_ascii=ascii_only) for row in ROWS))
    assert texts(path) == [row["text"] for row in ROWS]
    assert ids(path) == ["a", "b", "c"]
    assert columns(path) == {"n": [1, 2.5, None]}


@pytest.mark.parametrize("block", [1, 2, 5, 1 << 20])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", ["x.json", "x.jsonl"])
def test_an_array_of_objects(tmp_path: Path, name: str, indent: int | None, block: int) -> None:
    path = written(tmp_path, name, "\n " + json.dumps(ROWS, indent=indent) + "\n")
    assert texts(path) == texts(limited(path, json_batches, block_size=block)) == [row["text"] for row in ROWS]


@pytest.mark.parametrize(("content", "found"), [("", []), ("\n \n", []), ("[]", []), (' [ "a",\n"b"] ', ["a", "b"])])
def test_little_json(tmp_path: Path, content: str, found: list[str]) -> None:
    assert texts(written(tmp_path, "x.json", content)) == found


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ('["a"', "after item 1: a comma or a closing bracket"),
        ('["a" "b"]', "after item 1: a comma or a closing bracket"),
        ('["a", ', "after item 1: Expecting value"),
        ('["a", {"text": }]', "after item 1: Expecting value"),
        ('["a"] ["b"]', "after item 1: something follows"),
        ("[" * 100_000, "after item 0: it is nested too deeply"),
    ],
)
def test_a_broken_array_cannot_be_read_on(tmp_path: Path, content: str, what: str) -> None:
    path = written(tmp_path, "x.json", content)
    assert what in complaint(path)
    assert what in complaint(path, on_error="skip")


def test_a_number_that_the_block_cuts_is_one_number(tmp_path: Path) -> None:
    path = written(tmp_path, "x.json", '["a",1234,"b",56,"c"]')
    assert skipping(limited(path, json_batches, skip=True, block_size=1)) == (["a", "b", "c"], 2)
    assert "holds" not in complaint(limited(path, json_batches, block_size=1))


def test_an_item_that_never_ends(tmp_path: Path) -> None:
    corpus = limited(written(tmp_path, "x.json", '["' + "x" * 1000), json_batches, block_size=10, max_item=100)
    assert "after item 0: Unterminated string" in complaint(corpus)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"text": "b"', "it is not JSON"),
        ("{'text': 'b'}", "it is not JSON"),
        ("[1]", "it is a list"),
        ("5", "it is a int"),
        ("null", "it is a NoneType"),
        ('{"body": "b"}', "it has no column 'text'"),
        ('{"text": 5}', "column 'text' holds 5 (int), a string is needed"),
        ('{"text": ["' + "x" * 60 + '"]}', "x... (list), a string is needed"),
        ('{"text": true}', "column 'text' holds True (bool)"),
        ('{"text": "\\ud800"}', "U+D800"),
        ('{"text": "b", "\\ud800": 1}', "its names are not all strings"),
        ('{"text": ' + "[" * 100_000, "nested too deeply"),
        ('{"text": "b", "n": ' + "1" * 5000 + "}", "it is not JSON"),
        ('{"text": "caf\udce9"}', "byte 0xe9 is not UTF-8"),
    ],
)
def test_a_broken_line_names_file_row_and_column(tmp_path: Path, line: str, what: str) -> None:
    lines = '{"text": "é"}\n\n' + line + '\n{"text": "c"}\n'
    path = written(tmp_path, "x.jsonl", lines.encode(errors="surrogateescape"))
    message = complaint(path)
    for part in (str(path), "row 3", what, "--on-error skip"):
        assert part in message
    assert skipping(path) == (["é", "c"], 1)
    assert ids(path, on_error="skip") == ["0", "3"]


def test_null_is_an_empty_text(tmp_path: Path) -> None:
    path = written(tmp_path, "x.jsonl", '{"text": null, "title": "A"}\n{"text": "b", "title": null}\n')
    assert texts(path) == ["", "b"]
    assert texts(path, text=["title", "text"]) == ["A", "b"]


def test_a_column_that_no_row_has(tmp_path: Path) -> None:
    message = complaint(written(tmp_path, "x.jsonl", '{"text": "a"}\n'), text="txt", on_error="skip")
    assert "no column 'txt' (did you mean 'text'?)" in message


def test_the_only_column_of_strings_is_the_text(tmp_path: Path) -> None:
    path = written(tmp_path, "x.jsonl", '{"n": 1, "body": "a", "_id": 7}\n{"n": 2, "body": "b", "_id": 8}\n')
    assert texts(path) == ["a", "b"]
    assert ids(path) == ["7", "8"]
    assert "no column of strings" in complaint(written(tmp_path, "y.jsonl", '{"n": 1, "m": 2}\n'))


@pytest.mark.parametrize("id", ["null", '""', "true", "[1]", "{}"])
def test_what_is_no_id(tmp_path: Path, id: str) -> None:
    path = written(tmp_path, "x.jsonl", f'{{"id": 1, "text": "a"}}\n{{"id": {id}, "text": "b"}}\n{{"text": "c"}}\n')
    assert "row 2" in complaint(path)
    assert skipping(path) == (["a"], 2)


def test_other_columns_keep_their_types_while_they_have_one(tmp_path: Path) -> None:
    lines = [
        {"text": "a", "n": 1, "mixed": 1, "list": [1, 2], "huge": 10**30},
        {"text": "b", "n": 2, "mixed": "one", "list": [3], "late": {"x": None}},
    ]
    path = written(tmp_path, "x.jsonl", "\n".join(map(json.dumps, lines)))
    found = next(iter(read(path, columns=True))).columns
    assert found is not None
    assert found.to_pydict() == {
        "n": [1, 2],
        "mixed": ["1", "one"],
        "list": [[1, 2], [3]],
        "huge": [str(10**30), None],
        "late": [None, {"x": None}],
    }


def test_half_a_character_in_another_column(tmp_path: Path) -> None:
    lines = '{"text": "a", "n": ["\\ud800"]}\n{"text": "b", "n": ["x"]}\n'
    path = written(tmp_path, "x.jsonl", lines)
    assert "row 1: column 'n' holds half a character" in complaint(path, columns=True)
    assert columns(path, on_error="skip") == {"n": [["x"]]}
    assert texts(path) == ["a", "b"]


def test_later_batches_have_their_own_other_columns(tmp_path: Path) -> None:
    path = written(tmp_path, "x.jsonl", '{"text": "a", "n": 1}\n{"text": "b", "m": "x"}\n5\n{"text": "c"}\n')
    batches = list(limited(path, json_batches, skip=True, columns=True, max_rows=1))
    assert [batch.columns and batch.columns.to_pydict() for batch in batches] == [{"n": [1]}, {"m": ["x"]}, None]


@pytest.mark.slow
def test_a_line_of_fifty_megabytes(tmp_path: Path) -> None:
    long = "word " * 10_000_000
    path = written(tmp_path, "x.jsonl", f'{{"text": "{long}"}}\n{{"text": "b"}}\n')
    assert [len(text) for text in texts(path)] == [len(long), 1]


def test_an_item_of_megabytes(tmp_path: Path) -> None:
    long = "word " * 1_000_000
    path = written(tmp_path, "x.json", f'[{{"text": "{long}"}}, {{"text": "b"}}]')
    assert [len(text) for text in texts(path)] == [len(long), 1]


@pytest.mark.parametrize(
    ("begins", "complete", "json_lines"),
    [
        ('{"a": 1}\n{"a', False, True),
        ('{"a": 1}\n{"a', True, False),
        ('{"a": 1}', True, True),
        ('{"a": 1}', False, False),
        ('{"a": 1}\n\n{"a": 2}\n', True, True),
        ("", True, False),
        ('"a"\n', True, False),
        ("[1]\n", True, False),
        ("[" * 100_000 + "\n", True, False),
        ('{"a": 1}\n' * 10 + "anything", True, True),
    ],
)
def test_json_lines_are_recognised_by_the_first_lines(begins: str, complete: bool, json_lines: bool) -> None:
    assert is_json(begins, complete=complete) == json_lines
