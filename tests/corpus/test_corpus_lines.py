"""Text files: one text a line, whatever ends a line, however long it is."""

from pathlib import Path

import pytest
from corpus_reading import complaint, ids, limited, skipping, texts, written

from likewise.corpus.batch import MAX_ROWS
from likewise.corpus.paths import line_batches
from likewise.corpus.read import read


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ("", []),
        ("\n", [""]),
        ("a", ["a"]),
        ("a\n", ["a"]),
        ("a\n\nb\n", ["a", "", "b"]),
        ("a\r\nb\r\n", ["a", "b"]),
        ("a\rb", ["a", "b"]),
        ("a\r\r\nb", ["a", "", "b"]),
        # Unicode has more line ends than files do.
        ("a\u2028b\x0bc\x0cd\x85e\x1cf", ["a\u2028b\x0bc\x0cd\x85e\x1cf"]),
        ("  a \t", ["  a \t"]),
    ],
)
def test_what_ends_a_line(tmp_path: Path, content: str, lines: list[str]) -> None:
    path = written(tmp_path, "x.txt", content)
    assert texts(path) == lines
    assert ids(path) == [str(row) for row in range(len(lines))]


@pytest.mark.parametrize("block", [1, 2, 3, 7, 1000])
def test_blocks_do_not_show(tmp_path: Path, block: int) -> None:
    lines = ["é", "", "a longer line", "日本語", "x" * 50, ""]
    path = written(tmp_path, "x.txt", "\r\n".join(lines) + "\r\n")
    assert texts(limited(path, line_batches, block_size=block)) == lines
    broken = "\n".join(lines).encode() + b"\n\xff\nlast"
    path = written(tmp_path, "y.txt", broken)
    assert skipping(limited(path, line_batches, skip=True, block_size=block)) == ([*lines, "last"], 1)


def test_batches_are_full_and_typed(tmp_path: Path) -> None:
    count = 2 * MAX_ROWS + 5
    batches = list(read(written(tmp_path, "x.txt", "".join(f"text {row}\n" for row in range(count)))))
    assert [len(batch) for batch in batches] == [MAX_ROWS, MAX_ROWS, 5]
    assert batches[2].ids.to_pylist()[-1] == str(count - 1)
    for batch in batches:
        batch.texts.validate(full=True)
        assert (str(batch.ids.type), str(batch.texts.type)) == ("string", "large_string")


def test_skipped_rows_keep_their_numbers(tmp_path: Path) -> None:
    path = written(tmp_path, "x.txt", "é\n".encode() + b"\xff\nc\n")
    assert ids(path, on_error="skip") == ["0", "2"]


@pytest.mark.slow
def test_a_line_of_fifty_megabytes(tmp_path: Path) -> None:
    line = "word " * 10_000_000
    path = written(tmp_path, "x.txt", f"first\n{line}\nlast\n")
    assert [len(text) for text in texts(path)] == [5, len(line), 4]


def test_a_text_file_has_one_column(tmp_path: Path) -> None:
    path = written(tmp_path, "x.txt", "a\n")
    assert texts(path, text="text") == ["a"]
    assert "no column 'body'; its columns are 'text'" in complaint(path, text="body")
    assert next(iter(read(path, columns=True))).columns is None
