"""Backslashes in CSV and TSV: as MySQL, Spark, pandas and PostgreSQL write quotes, delimiters, line ends and NULL."""

import tempfile
from pathlib import Path

import pytest
from corpus_reading import columns, complaint, limited, skipping, texts, written
from hypothesis import example, given
from hypothesis import strategies as st

from likewise.corpus.delimited import delimited_batches

SOLID = 'id,text,price\n1,"she called it \\"solid\\", and it broke",5\n2,"red kettle",6\n3,green,8\n'


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("x.csv", SOLID, ['she called it "solid", and it broke', "red kettle", "green"]),
        ("x.csv", SOLID.replace(",", ";").replace('"; and', '", and'), None),
        # The quote is the last character, or the first, or all there is.
        ("x.csv", 'text,n\n"5\\"",1\n"6",2\n', ['5"', "6"]),
        ("x.csv", 'text,n\n"\\"a\\"",1\n"\\"",2\n"b",3\n', ['"a"', '"', "b"]),
        # Both ways in one file, and in one field.
        ("x.csv", 'text,n\n"a ""b"" c",1\n"a \\"b\\" c",2\n"""a"" \\"b\\"!",3\n', ['a "b" c', 'a "b" c', '"a" "b"!']),
        # A path that ends in a backslash: without escapes, and in a file with escapes.
        ("x.csv", 'text,n\n"C:\\dir\\",1\n"b, c",2\n', ["C:\\dir\\", "b, c"]),
        ("x.csv", 'text,n\n"C:\\dir\\",1\n"b \\"c\\" d",2\n"C:\\new\\",3\n', ["C:\\dir\\", 'b "c" d', "C:\\new\\"]),
        ("x.csv", 'n,text\n1,"C:\\dir\\"\n2,"a ""b"""\n', ["C:\\dir\\", 'a "b"']),
        # In a file with escapes a backslash is doubled; letters after it are not escapes of CSV.
        ("x.csv", 'text,n\n"C:\\\\dir \\"x\\" y",1\n"C:\\new",2\n', ['C:\\dir "x" y', "C:\\new"]),
        # MySQL: SELECT ... INTO OUTFILE.
        ("x.tsv", "n\ttext\n1\tfirst line\\\nsecond line\n2\tbefore\\\tafter\n3\t\\N\n", None),
        ("x.csv", "n,text\n1,red\\, green\n2,blue\n", ["red, green", "blue"]),
        ("x.csv", 'n,text\n1,"first\\\nsecond \\"x\\" third"\n2,"b"\n', ['first\nsecond "x" third', "b"]),
        # A field over two lines whose quote is on the second.
        ("x.csv", 'n,text\n1,"first\nsecond \\"x\\" third"\n2,"b"\n', ['first\nsecond "x" third', "b"]),
        # A file of quoted fields with tabs, as those of competitions.
        (
            "x.tsv",
            'n\ttext\n"1"\t"\\"The kettle\\" is a film"\n"2"\t"no quote"\n',
            ['"The kettle" is a film', "no quote"],
        ),
        ("x.csv", "n,text\n1,\\N\n2,b\n", ["", "b"]),
        ("x.csv", 'text,n\n"it\\\'s \\"fine\\" now",1\n', ['it\'s "fine" now']),
    ],
)
def test_backslashes_are_read_as_they_were_meant(
    tmp_path: Path, name: str, content: str, found: list[str] | None
) -> None:
    path = written(tmp_path, name, content)
    if found is None and name == "x.tsv":
        found = ["first line\nsecond line", "before\tafter", ""]
    wanted = found or ['she called it "solid", and it broke', "red kettle", "green"]
    assert skipping(path, text="text") == (wanted, 0)
    for block in (1, 20):
        assert skipping(limited(path, delimited_batches, tabs=name == "x.tsv", block_size=block))[1] == 0


def test_the_first_quotation_may_come_late(tmp_path: Path) -> None:
    plain = [f'{row},"plain, text {row}",5' for row in range(30_000)]
    quoted = ['30000,"she said \\"no\\" twice",5', '30001,"\\"yes\\"",6', '30002,"end",7']
    path = written(tmp_path, "x.csv", "\n".join(["id,text,price", *plain, *quoted]))
    assert texts(path)[-4:] == ["plain, text 29999", 'she said "no" twice', '"yes"', "end"]


def test_null_is_empty_in_every_column(tmp_path: Path) -> None:
    path = written(tmp_path, "x.tsv", "id\ttext\tprice\n1\ta\t\\N\n2\tb\t5\n")
    assert columns(path) == {"price": ["", "5"]}


def test_a_broken_row_is_still_one(tmp_path: Path) -> None:
    path = written(tmp_path, "x.csv", 'text,n\n"a \\"b\\" c",1\n"d \\"e" f,2\ng,3\n')
    assert "row 2 (line 3)" in complaint(path)
    assert skipping(path) == (['a "b" c', "g"], 1)


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=20)


def as_mysql(field: str, delimiter: str) -> str:
    for character in ("\\", '"', delimiter, "\n"):
        field = field.replace(character, "\\" + character)
    return f'"{field}"'


def as_spark(field: str, delimiter: str) -> str:
    del delimiter
    return '"' + field.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=8), st.sampled_from([as_mysql, as_spark]), st.sampled_from(",;\t"))
@example([("\\", '"'), ('"\n', "\\N"), ("a\\\n", "\n")], as_mysql, ",")
def test_what_mysql_and_spark_write_is_read_back(rows, write, delimiter: str) -> None:  # type: ignore[no-untyped-def]
    # The first row shows that a backslash escapes.
    rows = [('a "quotation", and more', "b"), *rows]
    lines = [delimiter.join(write(field, delimiter) for field in row) for row in [("text", "other"), *rows]]
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), "x.tsv" if delimiter == "\t" else "x.csv", "\n".join(lines) + "\n")
        assert texts(path, text="text") == [row[0] for row in rows]
        assert texts(path, text="other") == [row[1] for row in rows]
