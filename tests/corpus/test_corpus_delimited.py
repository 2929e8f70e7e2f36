"""CSV and TSV: delimiters, quotes, line ends in fields, broken rows by their number."""

import csv
import io
from pathlib import Path

import pytest
from corpus_reading import columns, complaint, ids, limited, skipping, texts, written

from likewise.corpus.delimited import delimited_batches
from likewise.corpus.read import read

pytestmark = pytest.mark.filterwarnings("ignore::likewise.errors.InputWarning")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    rows = [["id", "text", "price"], ["a", "one, two; three", "1,5"], ["b", 'a "quoted"\r\nline | end', "2"]]
    table = io.StringIO()
    csv.writer(table, delimiter=delimiter).writerows(rows)
    path = written(tmp_path, "x.csv", table.getvalue())
    assert texts(path) == [row[1] for row in rows[1:]]
    assert ids(path) == ["a", "b"]
    assert columns(path) == {"price": ["1,5", "2"]}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("text\nplain\n", ["plain"]),
        ('text\n"a, b"\n', ["a, b"]),
        ("text\n", []),
        ("text", []),
        ("\n\ntext\na\n\n\nb\n\n", ["a", "b"]),
        ('text\n""\nb\n', ["", "b"]),
        ("text,\na,1\n", ["a"]),
        ("text,text\na,b\n", ["a"]),
        ("text,n\r\na,1\r\nb,2\r\n", ["a", "b"]),
        ("text,n\ra,1\rb,2", ["a", "b"]),
        ('id,text\n1,a "b" c\n', ['a "b" c']),
        ("id;text\n1;a, b, c\n2;d, e, f\n", ["a, b, c", "d, e, f"]),
    ],
)
def test_odd_but_right(tmp_path: Path, content: str, found: list[str]) -> None:
    assert texts(written(tmp_path, "x.csv", content)) == found


def test_repeated_names_are_numbered(tmp_path: Path) -> None:
    assert columns(written(tmp_path, "x.csv", "text,n,n,\na,1,2,3\n")) == {"n": ["1"], "n.1": ["2"], "column 4": ["3"]}


@pytest.mark.parametrize(("content", "what"), [("", "is empty"), ("\n \n"[:1], "is empty"), ('te"\n"xt', "header")])
def test_a_header_is_needed(tmp_path: Path, content: str, what: str) -> None:
    assert what in complaint(written(tmp_path, "x.csv", content))


def test_a_header_that_is_not_utf_8(tmp_path: Path) -> None:
    message = complaint(written(tmp_path, "x.csv", "größe,é\n".encode("latin-1") + "é,é\n".encode()), text="é")
    assert "header: byte 0xf6 is not UTF-8" in message


BROKEN = [
    ("b,2,3", "3 fields, the header has 2"),
    ("b", "1 field, the header has 2"),
    ('b,"2"3', "a quote ends in the middle"),
    ('b,"never closed', "never closed"),
]


@pytest.mark.parametrize(("row", "what"), BROKEN)
def test_a_broken_row_names_file_row_and_line(tmp_path: Path, row: str, what: str) -> None:
    path = written(tmp_path, "x.csv", f'text,n\n"a\na",1\n{row}\nc,3\nd,4\n')
    message = complaint(path)
    for part in (str(path), "row 2 (line 4)", what, "--on-error skip"):
        assert part in message
    assert skipping(path) == (["a\na", "c", "d"], 1)
    assert ids(path, on_error="skip") == ["0", "2", "3"]


def test_several_broken_rows_and_blocks(tmp_path: Path) -> None:
    lines = [row for number in range(40) for row in (f'g{number},"x, ""y"""', "", "bad", f'"m\n{number}",1')]
    path = written(tmp_path, "x.csv", "\n".join(["text,n", *lines]))
    wanted = [text for number in range(40) for text in (f"g{number}", f"m\n{number}")]
    for block in (1, 10, 100, 10_000):
        size = {"tabs": False, "block_size": block}
        assert skipping(limited(path, delimited_batches, skip=True, **size)) == (wanted, 40)
        assert "row 2 (line 4)" in complaint(limited(path, delimited_batches, **size))


def test_rows_of_one_block_make_several_batches(tmp_path: Path) -> None:
    path = written(tmp_path, "x.csv", "text,n\n" + "".join(f"t{row},1\n" for row in range(8)))
    batches = list(limited(path, delimited_batches, tabs=False, max_rows=3))
    assert [len(batch) for batch in batches] == [3, 3, 2]
    assert [id for batch in batches for id in batch.ids.to_pylist()] == [str(row) for row in range(8)]


def test_a_row_that_breaks_the_encoding(tmp_path: Path) -> None:
    path = written(tmp_path, "x.csv", "text,n\nZürich,1\n".encode() + b"Gen\xe8ve,2\nBern,\xff\n")
    assert "row 2: byte 0xe8 is not UTF-8" in complaint(path)
    # A column that is not read does not matter.
    assert skipping(path, text="text") == (["Zürich", "Bern"], 1)
    assert skipping(path, text="text", columns=True) == (["Zürich"], 2)


@pytest.mark.slow
def test_a_field_of_fifty_megabytes(tmp_path: Path) -> None:
    field = "word " * 10_000_000
    path = written(tmp_path, "x.csv", f'id,text\n1,"{field}"\n2,b\n')
    assert [len(text) for text in texts(path)] == [len(field), 1]


def test_a_header_line_longer_than_the_head(tmp_path: Path) -> None:
    path = written(tmp_path, "x.csv", "identifier,text\n1,a\n")
    assert texts(limited(path, delimited_batches, tabs=False, head_size=8)) == ["a"]


def test_the_head_may_end_in_a_quote(tmp_path: Path) -> None:
    path = written(tmp_path, "x.csv", 'id;text\n1;a,b\n2;"c\nd\ne\nf\ng"\n')
    assert texts(limited(path, delimited_batches, tabs=False, head_size=22)) == ["a,b", "c\nd\ne\nf\ng"]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('n\ttext\n1\t"a ""quoted"" field"\n2\tb\n', ['a "quoted" field', "b"]),
        ('n\ttext\n1\t"a\tb\nc"\n2\td\n', ["a\tb\nc", "d"]),
        # As many write it: a quote is a character like others.
        ('n\ttext\n1\t"Hello" he said\n2\tb\n', ['"Hello" he said', "b"]),
        ('n\ttext\n1\t"open\n2\tb\n3\tand "shut\n', ['"open', "b", 'and "shut']),
        ('n\ttext\n1\t"open\n2\tb"\n3\tc\n', ['"open', 'b"', "c"]),
        ('text\n5" disk\n"a" b\n', ['5" disk']),
    ],
)
def test_tabs_with_and_without_quotes(tmp_path: Path, content: str, found: list[str]) -> None:
    path = written(tmp_path, "x.tsv", content)
    assert skipping(path, text="text")[0] == found


def test_tabs_in_a_file_called_csv(tmp_path: Path) -> None:
    assert texts(written(tmp_path, "x.csv", 'n\ttext\n1\t"Hello", he said\n')) == ['"Hello", he said']


def test_a_table_from_a_spreadsheet(tmp_path: Path) -> None:
    """What Excel saves: UTF-16 with tabs, and Latin-1 with semicolons."""
    rows = 'id\ttext\r\n1\t"Größe, ça va"\r\n2\tnaïve\r\n'
    assert texts(written(tmp_path, "x.tsv", rows.encode("utf-16"))) == ["Größe, ça va", "naïve"]
    assert texts(written(tmp_path, "x.csv", rows.replace("\t", ";").encode("cp1252"))) == ["Größe, ça va", "naïve"]


def test_columns_are_chosen(tmp_path: Path) -> None:
    path = written(tmp_path, "x.csv", "id,title,body\n1,A,b\n2,,c\n3,D,\n")
    assert texts(path, text=["title", "body"]) == ["A. b", "c", "D"]
    batch = next(iter(read(path, pair=("title", "body"))))
    assert batch.pairs is not None
    assert (batch.texts.to_pylist(), batch.pairs.to_pylist()) == (["A", "", "D"], ["b", "c", ""])
    assert "several columns that could hold the texts, 'id', 'title', 'body'" in complaint(path)
    assert "did you mean 'body'" in complaint(path, text="boby")


def test_a_row_needs_its_id(tmp_path: Path) -> None:
    path = written(tmp_path, "x.csv", "id,text\n1,a\n,b\n")
    assert "row 2: it has no id in column 'id'" in complaint(path)
    assert skipping(path) == (["a"], 1)
