"""Encodings: found by what a file begins with, named by the user, or broken in the middle."""

import codecs
import gzip
import random
from pathlib import Path

import pytest
from corpus_reading import complaint, skipping, texts, written
from hypothesis import given
from hypothesis import strategies as st

from likewise.corpus.encoding import checked_name, encoding_of, foreign_format, undecodable
from likewise.errors import InputError, InputWarning

pytestmark = pytest.mark.filterwarnings("ignore::likewise.errors.InputWarning")

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


# Two sentences each, and the name that the warning gives the encoding.
WRITTEN = [
    ("cp1251", "windows-1251", "Чайник сломался через неделю", "Рюкзак лёгкий и вместительный, беру второй раз"),
    ("koi8-r", "KOI8-R", "Чайник сломался через неделю", "Её хватает на весь день"),
    ("cp866", "IBM866", "Чайник сломался через неделю", "Рюкзак лёгкий и вместительный, беру второй раз"),
    ("iso8859-5", "ISO-8859-5", "Чайник сломался через неделю", "Рюкзак лёгкий и вместительный, беру второй раз"),
    ("cp1253", "windows-1253", "Ο βραστήρας χάλασε σε μία εβδομάδα", "Άνετη και ελαφριά τσάντα για κάθε μέρα"),
    ("cp1254", "windows-1254", "Su ısıtıcısı bir haftada bozuldu", "Çanta hafif ve geniş, çok beğendik"),
    ("cp1255", "windows-1255", "הקומקום התקלקל אחרי שבוע", "התיק קל ומרווח, מומלץ בחום"),
    ("cp1256", "windows-1256", "تعطلت الغلاية بعد أسبوع واحد", "الحقيبة خفيفة وواسعة وأنصح بها"),
    ("cp874", "windows-874", "กาต้มน้ำเสียหลังจากหนึ่งสัปดาห์", "กระเป๋าเบาและกว้างขวางมาก"),
    (
        "cp1250",
        "windows-1250",
        "Czajnik zepsuł się po tygodniu",
        "Są lekkie, świetnie leżą na plecach i mieszczą książki",
    ),
    ("shift_jis", "Shift_JIS", "ケトルは一週間で壊れました", "鞄は軽くてとても使いやすいです"),
    ("euc_jp", "EUC-JP", "ケトルは一週間で壊れました", "鞄は軽くてとても使いやすいです"),
    ("iso2022_jp", "ISO-2022-JP", "ケトルは一週間で壊れました", "鞄は軽くてとても使いやすいです"),
    ("gbk", "GB18030", "水壶用了一周就坏了，非常失望", "背包很轻，容量也很大"),
    ("big5", "Big5", "水壺用了一週就壞了，非常失望", "背包很輕，容量也很大"),
    ("euc_kr", "EUC-KR", "주전자가 일주일 만에 고장났습니다", "가방이 가볍고 넓어서 좋아요"),
    (
        "cp1252",
        "windows-1252",
        "Der Wasserkocher für 5 € ist schön groß",
        "Der Rücksack ist “leicht” – und zuverlässig",
    ),
]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("codec", "name", "first", "second"), WRITTEN, ids=[each[0] for each in WRITTEN])
def test_a_table_with_a_few_words_of_another_script(
    tmp_path: Path, codec: str, name: str, first: str, second: str, packed: bool
) -> None:
    """Most of it is ASCII, and the first text beyond it stands far behind the beginning."""
    plain = [f"{row},kitchen appliances,plain words,https://shop.example.com/items/{row}.html" for row in range(3000)]
    rows = [f'{row},kitchen appliances,"{text}",https://shop.example.com' for row, text in enumerate([first, second])]
    content = "\n".join(["sku,category,body,url", *plain, *rows]).encode(codec)
    path = written(tmp_path, "x.csv.gz" if packed else "x.csv", gzip.compress(content) if packed else content)
    with pytest.warns(InputWarning, match=f"x.csv.* is read as {name}, as it is not UTF-8: .* --encoding") as shown:
        assert texts(path, text="body")[-2:] == [first, second]
    assert len(shown) == 1
    assert "\n" not in str(shown[0].message)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("encoding", ["ascii", "utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_what_a_file_shows_needs_no_warning(tmp_path: Path, encoding: str) -> None:
    line = "plain" if encoding == "ascii" else "Größe 5 €"
    assert texts(written(tmp_path, "x.txt", line.encode(encoding))) == [line]
    assert texts(written(tmp_path, "y.txt", "Größe".encode("cp1252")), encoding="cp1252") == ["Größe"]


@pytest.mark.filterwarnings("error")
def test_utf_8_with_a_broken_byte_stays_utf_8(tmp_path: Path) -> None:
    """Even if no line beyond ASCII is whole."""
    path = written(tmp_path, "x.txt", b"plain\n" + "Чайник сломался".encode() + b"\xff\nend\n")
    assert "row 2: byte 0xff is not UTF-8" in complaint(path)
    assert skipping(path) == (["plain", "end"], 1)


def test_chinese_words_that_could_be_utf_8(tmp_path: Path) -> None:
    """In GBK the word for a woman is two bytes that UTF-8 has too."""
    rows = ["sex", "女", "男", "女", "女士使用的背包，很轻", "水壶坏了，非常失望"]
    with pytest.warns(InputWarning, match="GB18030"):
        assert texts(written(tmp_path, "x.csv", "\n".join(rows).encode("gbk"))) == rows[1:]


SHORT = ["café", "the shop’s kettle", "£5 for a kettle, ½ price", "déjà vu\nfaçade\nrésumé", "5°C outside", "El Niño",
    "© 2024 Acme", "•item one\n•item two", "naïve", "“fine” – and cheap", "ÉÀÇ", "São Paulo", "Ångström"]  # fmt: skip


@pytest.mark.parametrize("text", SHORT)
def test_a_few_accents_are_western(tmp_path: Path, text: str) -> None:
    with pytest.warns(InputWarning):
        assert texts(written(tmp_path, "x.txt", text.encode("cp1252"))) == text.split("\n")


@pytest.mark.parametrize("names", ["点検連番,型式", "処理区分,件数"])
def test_a_japanese_header_over_numbers(tmp_path: Path, names: str) -> None:
    path = written(tmp_path, "x.csv", f"{names}\n1,2\n".encode("cp932"))
    assert texts(path, text=names.split(",", maxsplit=1)[0]) == ["1"]


def test_letters_of_another_script_without_words(tmp_path: Path) -> None:
    """What no language fits is refused rather than read as accents."""
    chosen = random.Random(0)
    path = written(tmp_path, "x.txt", bytes(chosen.choice(range(0xC0, 0x100)) for _ in range(80)))
    assert "neither UTF-8 nor in Latin script" in complaint(path)


SENTENCES = st.sampled_from(WRITTEN).flatmap(
    lambda of: st.tuples(
        st.just(of[0]), st.lists(st.sampled_from(of[2:]), max_size=20).map(lambda more: [*of[2:], *more])
    )
)


@given(SENTENCES, st.lists(st.text("abc xyz,.", max_size=40), max_size=30))
def test_sentences_among_ascii_keep_their_letters(held: tuple[str, list[str]], plain: list[str]) -> None:
    codec, sentences = held
    head = "\n".join([*plain, *sentences]).encode(codec)
    found = encoding_of(head, None, complete=True, source="x")
    assert found.decode(head) == head.decode(codec)


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
