"""Encodings: found by what a file begins with, named by the user, or broken in the middle."""

import codecs
from pathlib import Path

import pytest
from corpus_reading import complaint, skipping, texts, written
from hypothesis import given
from hypothesis import strategies as st

from likewise.corpus.encoding import checked_name, encoding_of, foreign_format, undecodable
from likewise.errors import InputError

LINES = "Grüße aus Zürich\nça va très bien\nplain\n"


def codec_of(head: bytes, named: str | None = None, *, complete: bool = True) -> str:
    return encoding_of(head, named, complete=complete, source="x.txt").codec


@pytest.mark.parametrize(
    ("head", "codec"),
    [
        (b"", "utf-8"),
        (b"plain", "utf-8"),
        ("é".encode(), "utf-8"),
        (b"\xef\xbb\xbfmarked", "utf-8-sig"),
        ("é".encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + "é".encode("utf-16-be"), "utf-16"),
        ("é".encode("utf-32"), "utf-32"),
        ("a\tb\n1\té\n".encode("utf-16-le"), "utf-16-le"),
        ("a\tb\n1\té\n".encode("utf-16-be"), "utf-16-be"),
        ("日本語の文\n二番目　の文\n".encode("utf-16-le"), "utf-16-le"),
        ("déjà vu".encode("latin-1"), "cp1252"),
        ("“quoted” – €5".encode("cp1252"), "cp1252"),
        # Both in one file: UTF-8, and whatever is not is told when its row is read.
        ("é\n".encode() + "é\n".encode("latin-1"), "utf-8"),
    ],
)
def test_the_encoding_is_detected_from_the_beginning(head: bytes, codec: str) -> None:
    assert codec_of(head) == codec


def test_a_character_cut_by_the_end_of_the_head_is_no_error() -> None:
    assert codec_of("aé".encode()[:-1], complete=False) == "utf-8"
    assert codec_of("aé".encode()[:-1], complete=True) == "cp1252"
    assert codec_of("a\n😀".encode("utf-16-le")[:-2], complete=False) == "utf-16-le"


@pytest.mark.parametrize(
    ("named", "head", "codec"),
    [
        ("UTF8", b"\xef\xbb\xbfx", "utf-8-sig"),
        ("utf-8", b"x", "utf-8"),
        ("utf-16-le", codecs.BOM_UTF16_LE + b"x\0", "utf-16"),
        ("utf-16-le", b"x\0", "utf-16-le"),
        ("latin1", b"\xef\xbb\xbfx", "iso8859-1"),
        ("gb18030", b"\0\0", "gb18030"),
    ],
)
def test_a_name_is_believed(named: str, head: bytes, codec: str) -> None:
    assert codec_of(head, named) == codec


@pytest.mark.parametrize("named", ["", "utf-9", "rot13", "hex", "zlib", "/etc", ".", "a\0b", "é"])
def test_a_name_that_is_none(named: str) -> None:
    with pytest.raises(InputError, match="no text encoding"):
        checked_name(named)


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG image"),
        (b"\x7fELF\x02\x01\x01\0", "a program"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"PK\x03\x04\x14\0", "ZIP"),
        (b"PAR1\x15\0", r"\.parquet"),
        (b"some\0thing", "NUL bytes"),
        (b"\0" * 8, "NUL bytes"),
        ("a\0b".encode("utf-16-le"), "NUL bytes"),
        (b"\0\xd8a\0\xd8\0b\0", "NUL bytes"),
        (b"\1\0\2\0\3\0", "NUL bytes"),
        (bytes(range(1, 200)), "control characters"),
    ],
)
def test_a_binary_file_is_refused(head: bytes, what: str) -> None:
    with pytest.raises(InputError, match=what):
        encoding_of(head, None, complete=True, source="x.txt")


def test_a_text_may_begin_as_a_format_does() -> None:
    assert foreign_format(b"PAR1 is a receptor") is None
    assert codec_of(b"BZh is short for nothing") == "utf-8"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
def test_files_of_every_encoding_give_the_same_texts(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, "x.txt", LINES.encode(encoding))
    assert texts(path) == LINES.split("\n")[:-1]
    assert texts(path, encoding=encoding) == LINES.split("\n")[:-1]


def test_latin_1_has_the_signs_of_windows_and_no_undefined_byte(tmp_path: Path) -> None:
    assert texts(written(tmp_path, "x.txt", b"\x80 \x81 \xe9")) == ["€ \x81 é"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Съешь же ещё этих мягких французских булок, да выпей чаю.\n", "cp1251"),
        ("いろはにほへと ちりぬるを わかよたれそ つねならむ\n", "shift_jis"),
        ("Ξεσκεπάζω την ψυχοφθόρα βδελυγμία.\n", "iso8859-7"),
    ],
)
def test_another_script_is_not_taken_for_latin_1(tmp_path: Path, text: str, encoding: str) -> None:
    path = written(tmp_path, "x.txt", (text * 3).encode(encoding))
    assert "neither UTF-8 nor in Latin script" in complaint(path)
    assert texts(path, encoding=encoding) == [text.strip()] * 3


def test_accents_are_latin(tmp_path: Path) -> None:
    lines = ["là où ça été créé, à l'île naïve", "Þú ættir að læra íslensku", "ÉÀÇ"] * 20
    assert texts(written(tmp_path, "x.txt", "\n".join(lines).encode("latin-1"))) == lines


def test_mixed_encodings_name_file_row_byte_and_the_ways_out(tmp_path: Path) -> None:
    path = written(tmp_path, "x.txt", "first\nZürich\n".encode() + "Genève\n".encode("latin-1") + b"last\n")
    message = complaint(path)
    for part in (str(path), "row 3", "byte 0xe8", "UTF-8", "--encoding", "--on-error skip"):
        assert part in message
    assert skipping(path) == (["first", "Zürich", "last"], 1)
    assert texts(path, encoding="latin-1") == ["first", "ZÃ¼rich", "Genève", "last"]


def test_an_encoding_that_breaks_far_behind_the_beginning(tmp_path: Path) -> None:
    line = b"plain " * 20
    path = written(tmp_path, "x.txt", (line + b"\n") * 10_000 + b"caf\xe9\nend\n")
    assert "row 10001: byte 0xe9 is not UTF-8" in complaint(path)
    assert skipping(path) == ([line.decode()] * 10_000 + ["end"], 1)


@pytest.mark.parametrize(
    ("data", "encoding", "kept"),
    [
        (b"\xff\xfea\0\n\0b\0\0\xd8\n\0c\0", None, ["a", "c"]),  # half a character
        (b"\xff\xfea\0\n\0b\0\n\0c", None, ["a", "b"]),  # half a unit
        (b"a\n\x81\nb\n", "shift_jis", ["a"]),
        (b"a\n\xc3\nb\n", "ascii", ["a", "b"]),
    ],
)
def test_bytes_that_no_encoding_has(tmp_path: Path, data: bytes, encoding: str | None, kept: list[str]) -> None:
    found, skipped = skipping(written(tmp_path, "x.txt", data), encoding=encoding)
    assert found[: len(kept)] == kept
    assert skipped == 1


def test_a_codec_that_fails_as_a_whole(tmp_path: Path) -> None:
    assert "cannot be decoded" in complaint(written(tmp_path, "x.txt", b"xn--a\xff.b\n"), encoding="idna")


def test_the_handlers_are_for_decoding() -> None:
    for handler in ("likewise.marked", "likewise.as_latin_1"):
        with pytest.raises(UnicodeEncodeError):
            "\ud800".encode("utf-8", handler)


def test_lone_surrogates_of_python_are_no_bytes() -> None:
    assert undecodable("fine 😀", None) is None
    problem = undecodable("half \udce9", None)
    assert problem is not None
    assert "U+DCE9" in problem.reason
    marked = undecodable("half \udce9", "UTF-8")
    assert marked is not None
    assert "0xe9" in marked.reason


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_are_decoded_or_refused(head: bytes, complete: bool) -> None:
    try:
        encoding = encoding_of(head, None, complete=complete, source="x")
    except InputError as error:
        assert "\n" not in str(error)
    else:
        encoding.decode(head)
        head.decode(encoding.codec, encoding.errors)
