"""The header of a table: where it is, whether it is one, and what is no table at all."""

import gzip
import io
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import pytest
from corpus_reading import columns, complaint, ids, texts, written
from hypothesis import given
from hypothesis import strategies as st

from likewise.errors import InputWarning

ROWS = '"7","Rain in the hills","The river is high again"\n"8","Bread is dearer","Flour costs twice as much"\n'


def test_without_a_header_the_columns_are_numbered(tmp_path: Path) -> None:
    path = written(tmp_path, "x.csv", ROWS)
    wanted = ["Rain in the hills", "Bread is dearer"]
    assert texts(path, text="2", header=False) == wanted
    assert ids(path, text="2", id="1", header=False) == ["7", "8"]
    assert columns(path, text="2", header=False) == {
        "1": ["7", "8"],
        "3": ["The river is high again", "Flour costs twice as much"],
    }
    assert texts(path, text=["2", "3"], header=False)[1] == "Bread is dearer. Flour costs twice as much"
    message = complaint(path)
    assert "--no-header (header=False)" in message
    assert "'1', '2', '3'" in complaint(path, header=False)
    assert texts(written(tmp_path, "y.tsv", "a\nb\n"), header=False) == ["a", "b"]
    assert texts(written(tmp_path, "z.csv", "a\n"), header=False) == ["a"]
    assert "row 2 (line 2): it has 2 fields, the first row has 1" in complaint(
        written(tmp_path, "b.csv", 'a\n"b",c\n'), header=False
    )


DATA = [
    "first text of all\nsecond text\nthird text\n",
    "The kettle broke.\nThe bag is light.\nFine.\n",
    "水壶用了一周就坏了，我非常失望，不会再买\n背包很轻，容量也很大，非常适合旅行\n",
    "id,the kettle broke after a week\n1,the bag is light and wide\n",
    "spam\nham\nspam\nham\nspam\nham\n",
]


@pytest.mark.parametrize("content", DATA)
def test_a_first_line_that_may_be_a_text(tmp_path: Path, content: str) -> None:
    path = written(tmp_path, "x.csv", content)
    with pytest.warns(InputWarning, match=r"x.csv: the first line is read as the header, .* --no-header") as shown:
        texts(path)
    assert len(shown) == 1


NAMES = [
    ["text"],
    ["Review"],
    ["评论"],
    ["用户评论内容"],
    ["Текст отзыва"],
    ["Customer review text"],
    ["What do you like about working at this company?"],
    ["Please name up to three things that we should do better:"],
    ["Comment (in your own words, at most 200 characters)"],
    ["#", "text"],
    ["", "text"],
    ["text", ""],
    ["text", "", ""],
    ["country", "2019", "2020", "text"],
    ["0", "1", "text"],
    ["text", "10", "20", "30"],
    ["# of stars", "text"],
    ["#id", "text", "n"],
    ["id", "text", "2024-01-01"],
    ["name", "a b c d e", "text"],
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("names", NAMES, ids=lambda names: "|".join(names)[:30])
def test_real_headers_are_left_alone(tmp_path: Path, names: list[str], end: str) -> None:
    rows = [[f"{row}" if name != names[-1] else f"a text that says {row}" for name in names] for row in range(5)]
    column = names.index("text") if "text" in names else 0
    for row in rows:
        row[column] = "an answer in five words"
    content = end.join(",".join(f'"{cell}"' for cell in row) for row in [names, *rows]) + end
    assert texts(written(tmp_path, "x.csv", content)) == ["an answer in five words"] * 5


TABLE = "id,text,price\n1,red kettle,5\n2,blue kettle,6\n"


@pytest.mark.parametrize(
    "before",
    [
        "# exported 2024-01-01\n# by a tool\n",
        "#exported, by a tool\n\n",
        "Products of the shop\n\n",
        "Products of the shop,,\nSpring 2024,,\n",
        "Products of the shop\nSpring of 2024\n,,\n",
    ],
)
def test_titles_and_comments_before_the_header(tmp_path: Path, before: str) -> None:
    path = written(tmp_path, "x.csv", before + TABLE)
    line = before.count("\n") + 1
    for named in ({}, {"text": "text"}):
        with pytest.warns(InputWarning, match=rf"x.csv: what stands before line {line} \('id', 'text', 'price'\)"):
            assert columns(path, **named) == {"price": ["5", "6"]}
        with pytest.warns(InputWarning):
            assert texts(path, **named) == ["red kettle", "blue kettle"]
    broken = written(tmp_path, "y.csv", before + TABLE + "3,green\n")
    with pytest.warns(InputWarning):
        assert f"row 3 (line {line + 3})" in complaint(broken)


def test_a_comment_with_as_many_fields_as_the_table(tmp_path: Path) -> None:
    path = written(tmp_path, "x.csv", "# shop, spring, 2024\n" + TABLE)
    with pytest.warns(InputWarning, match="before line 2"):
        assert texts(path, text="text") == ["red kettle", "blue kettle"]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "content",
    ["sep=;\r\nid;text\r\n1;a, b\r\n", "SEP=,\nid,text\n1,\"a, b\"\n", '"sep=|"\nid|text\n1|a, b\n',
     "sep=\t\nid\ttext\n1\ta, b\n",
     '\n\n\nid,text\n1,"a, b"\n', '\ufeff"id","text"\n1,"a, b"\n', '\ufeff\ufeffid,text\n1,"a, b"\n'],
)  # fmt: skip
def test_what_spreadsheets_put_first(tmp_path: Path, content: str) -> None:
    path = written(tmp_path, "x.csv", content)
    assert texts(path) == ["a, b"]
    assert ids(path) == ["1"]


@pytest.mark.parametrize("content", ["text\na, b\nc, d\n", "text,n\na,b,c\nd,e,f\n", "text\n", "one two,three\n4\n5\n"])
def test_a_header_is_not_skipped_for_broken_rows(tmp_path: Path, content: str) -> None:
    """A first line of another width is a title only if it can be one."""
    path = written(tmp_path, "x.csv", content)
    if content == "text\n":
        assert texts(path) == []
    else:
        assert "row 1" in complaint(path, text=content.partition("\n")[0].split(",")[0])


HTML = "\n\n<!DOCTYPE html>\n<html lang='en'>\n<body>Not Found</body></html>\n"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (HTML, "an HTML page"),
        ("<HTML><head>", "an HTML page"),
        ("\ufeff<!-- saved -->\n<html>", "an HTML page"),
        ('<?xml version="1.0"?>\n<rows/>', "an XML file"),
        (POINTER, "a Git LFS pointer"),
    ],
)
@pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.txt", "x.jsonl", "x", "x.csv.gz", "x.parquet", "x.feather"])
def test_text_that_is_no_texts(tmp_path: Path, name: str, content: str, what: str) -> None:
    data = content.encode()
    if name in ("x.parquet", "x.feather") and what != "a Git LFS pointer":
        return
    message = complaint(written(tmp_path, name, gzip.compress(data) if name.endswith("gz") else data), on_error="skip")
    assert name in message
    assert what in message


@pytest.mark.parametrize("content", ['{"text": "a"}\n{"text": "b"}\n', ' [\n {"text": "a"}]', '[{"text": "a"}]'])
def test_json_that_is_called_csv(tmp_path: Path, content: str) -> None:
    assert "is JSON, not CSV" in complaint(written(tmp_path, "x.csv", content))
    assert texts(written(tmp_path, "x.data", content))[0] == "a"


def standard_input(monkeypatch: pytest.MonkeyPatch, content: str, **named: Any) -> Any:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    return texts("-", **named)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("id,text\na,one, two\n".replace("one, two", '"one, two"'), {"text": "text"}),
        ('id;body\na;"one, two"\n', {"text": "body"}),
        ('id\tbody\na\t"one, two"\n', {"text": "body", "id": "id"}),
        ('body\n"one, two"\n', {"text": "body"}),
        ('id,text\na,"one, two"\n', {}),
        ('a,"one, two"\n', {"text": "2", "header": False}),
        ('[{"text": "one, two"}]', {"text": "text"}),
        ('{"text": "one, two"}\n', {"text": "text"}),
    ],
)
def test_a_table_on_standard_input(monkeypatch: pytest.MonkeyPatch, content: str, named: dict[str, Any]) -> None:
    rows = content + ('b,"three"\nc,"four"\n' if not named else "")
    assert standard_input(monkeypatch, rows, **named)[0] == "one, two"


def test_a_column_that_standard_input_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    from likewise.errors import InputError

    for content in ("id,body\n1,a\n", "plain lines\nand more\n"):
        with pytest.raises(InputError, match=r"standard input has no column 'text'.*first line has .*--no-header"):
            standard_input(monkeypatch, content, text="text")


def test_lines_that_may_be_a_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.warns(InputWarning, match=r"standard input is read as one text a line.*'id', 'body'.*--text"):
        assert standard_input(monkeypatch, "id,body\n1,a\n2,b\n") == ["id,body", "1,a", "2,b"]
    table = written(tmp_path, "x.txt", "id\ttext\n1\ta\n")
    assert texts(table, text="text") == ["a"]
    assert texts(table) == ["id\ttext", "1\ta"]


@given(
    st.lists(
        st.sampled_from(["id", "body", "Überschrift", "评论", "no stars", "x2"]), min_size=2, max_size=5, unique=True
    ),
    st.lists(st.text('ab c,;"\n#é1', max_size=12), min_size=2, max_size=6),
    st.booleans(),
)
def test_a_header_that_names_the_column_is_never_moved(names: list[str], fields: list[str], header: bool) -> None:
    import csv

    table = io.StringIO()
    rows = [[field, *(str(place) for place in range(len(names) - 1))] for field in fields]
    csv.writer(table, quoting=csv.QUOTE_ALL).writerows([names, *rows] if header else rows)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        path = written(Path(folder), "x.csv", table.getvalue())
        assert texts(path, text=names[0] if header else "1", header=header) == fields
