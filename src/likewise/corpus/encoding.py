"""Detect the encoding of a text file, and mark the bytes that cannot be decoded."""

import codecs
import re
import warnings
from dataclasses import dataclass

from likewise.corpus.batch import Problem
from likewise.errors import InputError, InputWarning

MARK = 0xDC00  # an undecodable byte b becomes the lone surrogate U+DC00 + b, which no decoder produces otherwise
MARKED = "likewise.marked"
AS_LATIN_1 = "likewise.as_latin_1"

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# First bytes of formats that are often mistaken for text.
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

# The codecs that files are found in, by what chardet calls them: where one contains another, the larger; and the names
# by which people know them. Left out are those of mainframes, of DOS and of the old Macintosh, which were never right.
CODECS = {
    **{f"cp{page}": (f"cp{page}", f"windows-{page}") for page in (*range(1250, 1259), 874)},
    **{f"iso8859-{part}": (f"iso8859-{part}", f"ISO-8859-{part}") for part in (2, 5, 6, 7)},
    "iso8859-1": ("cp1252", "windows-1252"), "iso8859-15": ("cp1252", "windows-1252"),
    "iso8859-8": ("cp1255", "windows-1255"), "iso8859-9": ("cp1254", "windows-1254"),
    "tis-620": ("cp874", "windows-874"),
    "koi8-r": ("koi8-r", "KOI8-R"), "koi8-u": ("koi8-u", "KOI8-U"), "cp866": ("cp866", "IBM866"),
    "gb18030": ("gb18030", "GB18030"), "big5hkscs": ("big5hkscs", "Big5"),
    "cp932": ("cp932", "Shift_JIS"), "shift_jis_2004": ("cp932", "Shift_JIS"),
    "euc_jis_2004": ("euc_jis_2004", "EUC-JP"),
    "cp949": ("cp949", "EUC-KR"), "euc_kr": ("cp949", "EUC-KR"),
}  # fmt: skip
WESTERN = ("cp1252", "windows-1252")
LATIN_CODECS = {"cp1250", "cp1252", "cp1254", "cp1257", "cp1258", "iso8859-2"}
MULTIBYTE = {"gb18030", "big5hkscs", "cp932", "euc_jis_2004", "cp949"}
ESCAPED = {
    "iso2022_jp_2": "ISO-2022-JP",
    "iso2022_kr": "ISO-2022-KR",
}  # seven bits a byte, with escapes between scripts
SAMPLE = 100_000  # bytes, in lines that are not ASCII, from which an encoding is detected
MIN_CONFIDENCE = 0.05  # below, some accents in an English text are as likely
FEW_ACCENTS = 12  # bytes beyond ASCII, up to which Polish and French look alike
MIXED_WORD = re.compile("[A-Za-z][^\\W\\d_A-Za-z]|[^\\W\\d_A-Za-z][A-Za-z]")
LETTER = re.compile("[^\\W\\d_A-Za-z]")  # beyond ASCII

LATIN = re.compile("[\t\n\r -\xff]")
SPACED = re.compile("[\n\r \u3000-\u3002]")  # the last are the space and the stops of Chinese and Japanese
CONTROLS = bytes({*range(32), 127} - set(b"\t\n\v\f\r\x1b"))
ASCII = bytes(range(128))
NO_ASCII_LETTERS = bytes(byte for byte in range(256) if not chr(byte).isalpha() or byte > 127)
FEW = 50  # bytes beyond ASCII, too few to judge by: a list of French words may begin with accented capitals
MAX_CONTROLS = 0.02  # share of the bytes; a Latin-1 text has none, random bytes have a tenth


@dataclass(frozen=True)
class Encoding:
    """How bytes are decoded.

    Attributes:
        codec: its name in Python.
        errors: the error handler used with it.
        name: for messages.
    """

    codec: str
    errors: str
    name: str

    def decode(self, head: bytes) -> str:
        """Decode the beginning of a file, up to the last whole character of `head`."""
        return codecs.getincrementaldecoder(self.codec)(self.errors).decode(head)


UTF_8 = Encoding("utf-8", MARKED, "UTF-8")


def encoding_of(head: bytes, named: str | None, *, complete: bool, source: str) -> Encoding:
    """Return the encoding that the user named, or detect it from the first bytes of a file.

    A byte-order mark decides; then NUL bytes at every other place mean UTF-16; then valid UTF-8 is UTF-8, as is a file
    of which some lines beyond ASCII are, or most of what is beyond ASCII; its other rows are reported one by one.
    Anything else is detected from its letters by chardet. A warning names what was detected, unless it is UTF-8. A file
    in Latin script with more letters beyond ASCII than within is refused: the user has to name its encoding.

    Args:
        head: the first bytes.
        named: the encoding that the user named.
        complete: whether `head` is the whole file.
        source: its name, for messages.

    Raises:
        InputError: there is no such encoding, or the file is not text.
    """
    mark = next((codec for mark, codec in BYTE_ORDER_MARKS if head.startswith(mark)), None)
    if named is not None:
        canonical = checked_name(named)
        # The mark is not part of the text, and decides between the two byte orders of UTF-16.
        family = canonical[: len("utf-8")]
        return Encoding(mark if mark and mark.startswith(family) else canonical, MARKED, named)
    if mark is not None:
        return Encoding(mark, MARKED, mark.removesuffix("-sig").upper())
    if foreign := foreign_format(head):
        raise InputError(f"{source} is {foreign}: text is needed")
    if b"\0" in head:
        if codec := _utf_16(head, complete=complete):
            return _guessed(codec, "UTF-16", source)
        raise InputError(
            f"{source} is a binary file: it has NUL bytes, and is not UTF-16; if it is text, name its encoding "
            'with --encoding (encoding="...")'
        )
    if len(head) - len(head.translate(None, CONTROLS)) > MAX_CONTROLS * len(head) and not _decodes(
        head, "utf-8", complete=complete
    ):
        raise InputError(
            f"{source} is a binary file: it is not UTF-8, and has too many control characters for text; if it is "
            'text, name its encoding with --encoding (encoding="...")'
        )
    return _by_letters(head, complete=complete, source=source)


def checked_name(named: str) -> str:
    """Return the canonical name of an encoding.

    Raises:
        InputError: Python knows no text encoding of that name.
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
    """Describe the format of a file from its first bytes; None if it may be text."""
    found = next((name for signature, name in SIGNATURES if head.startswith(signature)), None)
    # A text may begin with "PAR1", but not continue as those files do.
    binary = b"\0" in head or not _decodes(head, "utf-8", complete=False)
    return found if found and (binary or head.startswith(b"%PDF-")) else None


def undecodable(text: str, decoded_as: str | None) -> Problem | None:
    """Describe what is wrong with a text that holds lone surrogates: undecodable bytes, or half characters.

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


def well_formed(text: str) -> str:
    """Replace lone surrogates, which UTF-8 cannot encode, by U+FFFD, and pairs of them by their character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _by_letters(head: bytes, *, complete: bool, source: str) -> Encoding:
    """Find the encoding of text without a mark and without NUL bytes."""
    if _decodes(head, "utf-8", complete=complete):
        escaped = next(
            (codec for codec in ESCAPED if b"\x1b$" in head and _decodes(head, codec, complete=complete)), ""
        )
        return _guessed(escaped, ESCAPED[escaped], source) if escaped else UTF_8
    sample = b"\n".join(line for line in re.split(rb"[\r\n]+", head) if not line.isascii())[:SAMPLE]
    valid, broken = _utf_8_characters(sample)
    codec, name = _detected(sample)
    # By chance a line of two Chinese characters may be UTF-8, or a word of Russian in KOI8.
    chance = (
        (1 if codec in MULTIBYTE else 4) * valid < broken
        and codec not in LATIN_CODECS
        and _decodes(head, codec, complete=complete)
    )
    if valid > broken or (_has_utf_8_line(head) and not chance):
        return UTF_8
    beyond = len(head.translate(None, ASCII))
    if codec in LATIN_CODECS and beyond > FEW and beyond > len(head.translate(None, NO_ASCII_LETTERS)):
        raise InputError(
            f"{source} is neither UTF-8 nor in Latin script: name its encoding with --encoding, such as gb18030, "
            'shift_jis or cp1251 (encoding="...")'
        )
    return _guessed(codec, name, source)


def _guessed(codec: str, name: str, source: str) -> Encoding:
    warnings.warn(
        f"{source} is read as {name}, as it is not UTF-8: if that is wrong, name its encoding with --encoding "
        '(encoding="...")',
        InputWarning,
        stacklevel=3,
    )
    return Encoding(codec, AS_LATIN_1 if codec == WESTERN[0] else MARKED, name)


def _detected(sample: bytes) -> tuple[str, str]:
    """Return the codec that fits the letters of a text best, and its name."""
    import chardet

    found = chardet.detect(
        sample, max_bytes=SAMPLE, compat_names=False, include_encodings=CODECS, no_match_encoding=WESTERN[0]
    )
    codec, name = CODECS.get(str(found["encoding"]), WESTERN)
    few = codec in LATIN_CODECS and len(sample.translate(None, ASCII)) < FEW_ACCENTS
    # Bytes that fit a multibyte encoding throughout are hardly accents.
    if codec not in MULTIBYTE and found["confidence"] < (2 if few else 1) * MIN_CONFIDENCE:
        return WESTERN
    text = sample.decode(codec, "ignore")
    # Words are in one script: "d\u0439j\u0430" is "déjà".
    mixed = codec not in LATIN_CODECS and 4 * len(MIXED_WORD.findall(text)) > len(LETTER.findall(text))
    return WESTERN if mixed else (codec, name)


def _utf_8_characters(sample: bytes) -> tuple[int, int]:
    """Count the characters beyond ASCII that are UTF-8, and the bytes that are not."""
    text = sample.decode("utf-8", MARKED)
    broken = sum(MARK <= ord(character) < MARK + 256 for character in text)
    return sum(not character.isascii() for character in text) - broken, broken


def _decodes(head: bytes, codec: str, *, complete: bool) -> bool:
    try:
        codecs.getincrementaldecoder(codec)("strict").decode(head, complete)
    except UnicodeDecodeError:
        return False
    return True


def _utf_16(head: bytes, *, complete: bool) -> str | None:
    """Return the byte order under which `head` is UTF-16 without NULs, and spaced or mostly Latin; None for neither."""
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
    # windows-1252 leaves five bytes undefined, which are control characters in Latin-1.
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error(MARKED, _marked)
codecs.register_error(AS_LATIN_1, _as_latin_1)
