"""Which encoding a text file has, and what becomes of the bytes that break it."""

import codecs
import re
from dataclasses import dataclass

from likewise.corpus.source import Problem
from likewise.errors import InputError

__all__ = ["Encoding", "checked_name", "encoding_of", "foreign_format", "undecodable"]


MARK = 0xDC00  # an undecodable byte b is read as the lone surrogate U+DC00 + b, which no decoder gives otherwise
MARKED = "likewise.marked"
AS_LATIN_1 = "likewise.as_latin_1"

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# How files begin that are often taken for text.
SIGNATURES = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive, as are .xlsx and .docx"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"\x7fELF", "a program"),
    (b"PAR1", "a Parquet file, whose name should end in .parquet"),
    (b"ARROW1", "an Arrow file, whose name should end in .arrow"),
    (b"SQLite format 3", "an SQLite database"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"7z\xbc\xaf", "a 7z archive"),
)

LATIN = re.compile("[\t\n\r -\xff]")
SPACED = re.compile("[\n\r \u3000-\u3002]")  # the last are the space and the stops of Chinese and Japanese
CONTROLS = bytes({*range(32), 127} - set(b"\t\n\v\f\r\x1b"))
ASCII = bytes(range(128))
NO_ASCII_LETTERS = bytes(byte for byte in range(256) if not chr(byte).isalpha() or byte > 127)
FEW = 50  # bytes beyond ASCII, of which nothing can be said: a list of French words may begin with a few capitals
MOST_CONTROLS = 0.02  # of the bytes; a Latin-1 text has none, random bytes have a tenth


@dataclass(frozen=True)
class Encoding:
    """How bytes are decoded.

    Attributes:
        codec: Python's name of it.
        errors: the error handler that goes with it.
        name: for messages.
    """

    codec: str
    errors: str
    name: str

    def decode(self, head: bytes) -> str:
        """The text that a file begins with, up to the last whole character of `head`."""
        return codecs.getincrementaldecoder(self.codec)(self.errors).decode(head)


def encoding_of(head: bytes, named: str | None, *, complete: bool, source: str) -> Encoding:
    """The encoding that the user named, or else the one that the beginning of a file shows.

    A byte-order mark decides; else NUL bytes at every other place mean UTF-16; else what decodes as UTF-8 is UTF-8;
    else it is Latin-1 (its superset windows-1252), unless some line is UTF-8 beyond ASCII: then the file mixes
    encodings, and the rows that are not UTF-8 are told when they are read. What would be Latin-1 with more accented
    letters than others is text of another script, which only the user can name.

    Args:
        head: the first bytes.
        named: what the user named.
        complete: whether that is the whole file.
        source: its name, for messages.

    Raises:
        InputError: there is no encoding of that name, or the file is not text.
    """
    mark = next((codec for mark, codec in BYTE_ORDER_MARKS if head.startswith(mark)), None)
    if named is not None:
        canonical = checked_name(named)
        # The mark is no part of the text, and says which of the two UTF-16s it is.
        family = canonical[: len("utf-8")]
        return Encoding(mark if mark and mark.startswith(family) else canonical, MARKED, named)
    if mark is not None:
        return Encoding(mark, MARKED, mark.removesuffix("-sig").upper())
    if foreign := foreign_format(head):
        raise InputError(f"{source} is {foreign}: text is needed")
    if b"\0" in head:
        if codec := _utf_16(head, complete=complete):
            return Encoding(codec, MARKED, "UTF-16")
        raise InputError(
            f"{source} is a binary file: it has NUL bytes, and is not UTF-16; if it is text, name its encoding "
            'with --encoding (encoding="...")'
        )
    if _decodes(head, "utf-8", complete=complete) or _has_utf_8_line(head):
        return Encoding("utf-8", MARKED, "UTF-8")
    if len(head) - len(head.translate(None, CONTROLS)) > MOST_CONTROLS * len(head):
        raise InputError(
            f"{source} is a binary file: it is not UTF-8, and has too many control characters for Latin-1; if it is "
            'text, name its encoding with --encoding (encoding="...")'
        )
    beyond = len(head.translate(None, ASCII))
    if beyond > FEW and beyond > len(head.translate(None, NO_ASCII_LETTERS)):
        raise InputError(
            f"{source} is neither UTF-8 nor in Latin script: name its encoding with --encoding, such as gb18030, "
            'shift_jis or cp1251 (encoding="...")'
        )
    return Encoding("cp1252", AS_LATIN_1, "Latin-1")


def checked_name(named: str) -> str:
    """Python's name of an encoding that a user named.

    Raises:
        InputError: there is none of that name.
    """
    try:
        codecs.getincrementaldecoder(named)
        "".encode(named)  # refuses the codecs that do not make text
        return codecs.lookup(named).name
    except (LookupError, ValueError):
        raise InputError(
            f"there is no text encoding {named!r}: give one that Python knows, such as utf-8, utf-16 or latin-1"
        ) from None


def foreign_format(head: bytes) -> str | None:
    """What a file is that begins like this, where it is a known format that is not text."""
    found = next((name for signature, name in SIGNATURES if head.startswith(signature)), None)
    # A text may begin with "PAR1", but not go on as those files do.
    binary = b"\0" in head or not _decodes(head, "utf-8", complete=False)
    return found if found and (binary or head.startswith(b"%PDF-")) else None


def undecodable(text: str, decoded_as: str | None) -> Problem | None:
    """What is wrong with a text that holds lone surrogates: bytes that could not be decoded, or half characters.

    Args:
        text: as it was read.
        decoded_as: the name of the encoding; None if the text was not decoded from bytes.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        if decoded_as is None or not MARK <= code < MARK + 256:
            return Problem(f"it has half a character, the lone surrogate U+{code:04X}")
        return Problem(
            f"byte 0x{code - MARK:02x} is not {decoded_as}, which the file is read as",
            'name its encoding with --encoding (encoding="latin-1", ...)',
        )
    return None


def _decodes(head: bytes, codec: str, *, complete: bool) -> bool:
    try:
        codecs.getincrementaldecoder(codec)("strict").decode(head, complete)
    except UnicodeDecodeError:
        return False
    return True


def _utf_16(head: bytes, *, complete: bool) -> str | None:
    """Which of the two it is, if it decodes without NUL characters and has spaces or line ends, or is mostly Latin."""
    found: dict[str, int] = {}
    for codec in ("utf-16-le", "utf-16-be"):
        if _decodes(head, codec, complete=complete):
            text = codecs.getincrementaldecoder(codec)("strict").decode(head)
            latin = len(LATIN.findall(text))
            if "\0" not in text and (2 * latin > len(text) or SPACED.search(text)):
                found[codec] = latin
    return max(found, key=lambda codec: found[codec], default=None)


def _has_utf_8_line(head: bytes) -> bool:
    return any(not line.isascii() and _decodes(line, "utf-8", complete=True) for line in re.split(rb"[\r\n]", head))


def _marked(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(MARK + byte) for byte in error.object[error.start : error.end]), error.end


def _as_latin_1(error: UnicodeError) -> tuple[str, int]:
    # windows-1252 leaves five bytes undefined, which Latin-1 has as control characters.
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error(MARKED, _marked)
codecs.register_error(AS_LATIN_1, _as_latin_1)
