"""Laws of reading: what is written is read back, and whatever bytes come, only our own errors leave.

Oracles: the writers of Python and Arrow (two paths that agree), and the law that reading a file in parts, or skipping
what is broken in it, changes no good row.
"""

import csv
import gzip
import io
import json
import random
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from corpus_reading import ids, texts, written
from hypothesis import example, given
from hypothesis import strategies as st

from likewise.corpus.read import read
from likewise.errors import LikewiseError

pytestmark = pytest.mark.filterwarnings("ignore::likewise.errors.InputWarning")

UNICODE = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
# A text file has no way to write its own line ends, and a NUL byte says that it is binary.
LINES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0"), max_size=30)
PRINTED = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"])


def read_back(name: str, content: bytes, **wishes: Any) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        packed = written(Path(folder), f"{name}.gz", gzip.compress(content))
        found = texts(written(Path(folder), name, content), **wishes)
        assert texts(packed, **wishes) == found
        return found


@given(st.lists(LINES), ENCODINGS, st.sampled_from(["\n", "\r\n"]))
def test_lines(lines: list[str], encoding: str, end: str) -> None:
    content = "".join(line + end for line in lines)
    # A mark in the middle is a character; at the beginning it would be taken for the mark.
    if not content.startswith("\ufeff"):
        assert read_back("x.txt", content.encode(encoding)) == lines


@given(st.lists(st.tuples(PRINTED, PRINTED)), ENCODINGS, st.sampled_from([",", ";", "\t", "|"]))
@example([("a\r", "b\n"), ("\n", '"')], "utf-8", ",")
@example([("\t\r", "")], "utf-8", "\t")
@example([("a\tb\nc", "d"), ("\\", '\\"')], "utf-8", "\t")
@example([("C:\\", '"'), ('\\"', "\\,")], "utf-8", ",")
def test_delimited(rows: list[tuple[str, str]], encoding: str, delimiter: str) -> None:
    table = io.StringIO()
    writer = csv.writer(table, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([("text", "other"), *rows])
    content = table.getvalue().encode(encoding)
    assert read_back("x.csv", content) == [row[0] for row in rows]
    assert read_back("x.csv", content, text="other") == [row[1] for row in rows]
    if delimiter == "\t":
        assert read_back("x.tsv", content) == [row[0] for row in rows]


@given(st.lists(UNICODE), ENCODINGS, st.booleans())
def test_json_rows(held: list[str], encoding: str, ascii_only: bool) -> None:
    rows = [{"text": text, "n": row} for row, text in enumerate(held)]
    lines = "\n".join(json.dumps(row, ensure_ascii=ascii_only) for row in rows)
    assert read_back("x.jsonl", lines.encode(encoding)) == held
    assert read_back("x.json", json.dumps(rows, indent=1, ensure_ascii=ascii_only).encode(encoding)) == held


@given(st.lists(st.one_of(st.none(), UNICODE)), st.sampled_from([pa.string(), pa.large_string()]))
def test_tables(held: list[str | None], kind: pa.DataType) -> None:
    table = pa.table({"text": pa.array(held, kind)})
    wanted = [text or "" for text in held]
    parquet, file, stream = io.BytesIO(), io.BytesIO(), pa.BufferOutputStream()
    pq.write_table(table, parquet)
    feather.write_feather(table, file)
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    assert read_back("x.parquet", parquet.getvalue()) == wanted
    assert read_back("x.feather", file.getvalue()) == wanted
    assert read_back("x.arrow", bytes(stream.getvalue())) == wanted
    assert texts(table) == texts(held) == texts(iter(held)) == wanted


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}(\.txt)?", fullmatch=True), PRINTED, min_size=1))
def test_folders(files: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            written(Path(folder), name, text.encode("utf-8-sig"))
        assert ids(folder) == sorted(files)
        universal = [files[name].replace("\r\n", "\n").replace("\r", "\n") for name in sorted(files)]
        assert texts(folder) == universal


def read_or_refused(path: Path, **wishes: Any) -> None:
    for on_error in ("raise", "skip"):
        try:
            for batch in read(path, columns=True, on_error=on_error, **wishes):
                assert len(batch.ids) == len(batch.texts) > 0
                batch.texts.validate(full=True)
                batch.ids.validate(full=True)
        except LikewiseError as error:
            assert "\n" not in str(error)


NAMES = ["x", "x.txt", "x.csv", "x.tsv", "x.jsonl", "x.json", "x.txt.gz", "x.csv.zst", "x.parquet", "x.arrow"]


@given(st.binary(max_size=300), st.sampled_from(NAMES))
@example(b"\xff\xfe\0", "x.csv")
@example(b"ARROW1", "x.arrow")
@example(b"text\n\xc3", "x.csv")
@example(b"\xef\xbb\xbf", "x.csv")
def test_any_bytes_are_read_or_refused(content: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        read_or_refused(written(Path(folder), name, content))


JSONISH = st.text(st.sampled_from("{}[]\",:\\ntextu0d8 1\n\r\t;|é'-."), max_size=60)


@given(JSONISH, st.sampled_from(["x", "x.csv", "x.tsv", "x.jsonl", "x.json"]))
@example('[{"text": 1', "x.json")
@example('{"text":"\\ud8', "x.jsonl")
def test_any_near_miss_is_read_or_refused(content: str, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        read_or_refused(written(Path(folder), name, content))


@pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.jsonl", "x.json", "x.parquet", "x.feather", "x.txt.gz"])
def test_damaged_files_are_read_or_refused(tmp_path: Path, name: str) -> None:
    table = pa.table({"id": [f"r{row}" for row in range(50)], "text": [f"some é {row}" for row in range(50)]})
    rows = table.to_pylist()
    if name.endswith(".parquet"):
        pq.write_table(table, tmp_path / "whole")
    elif name.endswith(".feather"):
        feather.write_feather(table, tmp_path / "whole", compression="uncompressed")
    elif "json" in name:
        lines = "\n".join(map(json.dumps, rows)) if name.endswith("l") else json.dumps(rows)
        written(tmp_path, "whole", lines)
    else:
        text = "".join(f'{row["id"]}\t"{row["text"]}"\n' for row in [{"id": "id", "text": "text"}, *rows])
        data = (text if name.endswith("tsv") else text.replace("\t", ",")).encode()
        written(tmp_path, "whole", gzip.compress(data) if name.endswith("gz") else data)
    whole = (tmp_path / "whole").read_bytes()
    rng = random.Random(0)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(len(data))
            data[place : place + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 3))
        read_or_refused(written(tmp_path, name, bytes(data)))


@given(st.lists(st.one_of(LINES.map(lambda text: ("good", text)), st.binary(min_size=1).map(lambda b: ("bad", b)))))
def test_skipping_what_is_broken_changes_no_good_line(lines: list[tuple[str, Any]]) -> None:
    content, good, bad = b"\xef\xbb\xbf", [], 0
    for kind, line in lines:
        if kind == "good":
            good.append(line)
            content += line.encode() + b"\n"
        else:
            bad += 1
            content += b"\xff" + line.replace(b"\n", b"").replace(b"\r", b"") + b"\n"
    with tempfile.TemporaryDirectory() as folder:
        corpus = read(written(Path(folder), "x.txt", content), on_error="skip")
        assert texts(corpus) == good
        assert corpus.skipped == bad
