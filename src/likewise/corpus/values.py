"""What the value of a cell is: missing, a number, true or false, a date or text; and its text as an id or a label.

Everything that reads cells asks here: columns of an index, ids, labels, and interactions. A cell of a CSV file, a
string of JSON and a value with a type are the same thing if a person sees the same.
"""

import base64
import datetime
import decimal
import math
import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

Typed = str | int | float | bool | None
"""A value by its meaning; a date or a time is text in ISO 8601, in UTC where it has an offset."""

LONGEST = 64  # characters of a text that may be a number or a date
LARGEST_EXACT = 2**53  # beyond it a float of 64 bits lacks some integers
# As pandas, SQL, R and spreadsheets write a missing value. The ambiguous ones are also names: NA is Namibia.
MISSING = frozenset(
    ["", "NaN", "nan", "NAN", "-nan", "-NaN", "NULL", "null", "N/A", "n/a", "#N/A", "#NA", "#NULL!", "<NA>", "<null>",
     "\\N", "NaT"]
)  # fmt: skip
AMBIGUOUS = frozenset(["NA", "na", "None", "none", "nil", "-", "--", "—", "–", "?"])

_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_CURRENCIES = (
    r"(?:(?:US|AU?|CA?|HK|NZ|SG?|R|MX)?\$|[€£¥₹₽₩₺₴₫₪₱฿¢]|kr\.?|zł|Fr\.|"
    r"EUR|USD|GBP|JPY|CNY|RMB|INR|CHF|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|RUB|TRY|KRW|ZAR)"
)
_GROUPED = (
    r"(?P<blanks>[1-9]\d{0,2}(?:[ \u00a0\u202f'’]\d{3})+(?:[.,]\d+)?)|"
    r"(?P<commas>[1-9]\d{0,2}(?:,\d{2,3})*,\d{3}(?:\.\d+)?)|"
    r"(?P<points>[1-9]\d{0,2}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,}))|"
    r"(?P<comma>\d+,\d+)|(?P<plain>\d+(?:\.\d*)?|\.\d+)"
)
_AMOUNT = re.compile(
    rf"(?P<open>\((?=.*[^\d\s()]))?(?P<sign>[+-])?\s?{_CURRENCIES}?\s?(?P<minus>-)?(?:{_GROUPED})"
    rf"\s?(?:{_CURRENCIES}|%)?(?(open)\))"
)
_DATE = re.compile(
    r"(\d{4})[-/](\d\d)[-/](\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)\s?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?)?"
)
_WHOLE_FLOAT = re.compile(r"(-?(?:0|[1-9]\d*))\.0+")
_ROUNDED_FLOAT = re.compile(r"-?\d\.\d{10,}[eE]\+?\d+")
_NEEDS_CARE = r"^\s|\s$|\.0+$|\d[eE]\+?\d"  # an id that `id_text` may change or refuse


def typed(text: str) -> Typed:
    """Return what a person sees in a text: a number, true or false, a date, nothing, or the text without outer blanks.

    >>> typed(" 6100"), typed("$1,044.50"), typed("12,50 €"), typed("TRUE"), typed("NULL"), typed("acme ")
    (6100, 1044.5, 12.5, True, None, 'acme')
    """
    if len(text) > LONGEST:
        return text
    text = text.strip()
    if text in MISSING:
        return None
    if not any(map(str.isdigit, text)):
        return {"true": True, "false": False}.get(text.lower(), text)
    found = number(text)
    return found if found is not None else date(text) or text


def number(text: str) -> int | float | None:
    """Return the number that a text writes, with separators of thousands, a currency or a percent sign if it has them.

    A single comma before three digits separates thousands, before any other number of digits it is the decimal sign.
    None if it is no number, or one beyond floats.
    """
    text = text.strip().replace("\u2212", "-")
    if len(text) > LONGEST:
        return None
    if match := _DECIMAL.fullmatch(text):
        return _finite(text, whole=match[0].lstrip("+-").isdigit())
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return None
    kind = str(match.lastgroup)
    digits = match[kind]
    if kind in ("points", "comma") or (kind == "blanks" and "," in digits):
        digits = digits.replace(".", "").replace(",", ".")
    digits = re.sub(r"[^\d.]", "", digits)
    negative = bool(match["open"]) or match["sign"] == "-" or match["minus"] == "-"
    return _finite(f"{'-' if negative else ''}{digits}", whole="." not in digits)


def decimal_sign(text: str) -> str | None:
    """Return the decimal sign that a number surely has: "," or "."; "?" if both readings are possible; else None.

    >>> decimal_sign("12,50"), decimal_sign("1,044.50"), decimal_sign("1.044"), decimal_sign("1044")
    (',', '.', '?', None)
    """
    found = re.findall(r"[.,]", text)
    if not found:
        return None
    if len(found) == 1 and re.search(r"(?<![\d.,])[1-9]\d{0,2}[.,]\d{3}(?!\d)", text):
        return "?"
    if len(found) > 1 and len(set(found)) == 1:  # thousands, twice: the other sign would be the decimal one
        return "." if found[0] == "," else ","
    return str(found[-1])


def date(text: str) -> str | None:
    """Return a date or a time of ISO 8601 in one form, in UTC if it has an offset; None if the text is neither.

    >>> date("2024-01-05"), date("2024/01/05 10:30+02:00")
    ('2024-01-05', '2024-01-05T08:30:00')
    """
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, time, offset = match.groups()
    offset = "" if offset is None else "+00:00" if offset in ("Z", "UTC", "GMT") else offset
    try:
        if time is None:
            return datetime.date.fromisoformat(f"{year}-{month}-{day}").isoformat()
        found = datetime.datetime.fromisoformat(f"{year}-{month}-{day}T{time.replace(',', '.')}{offset}")
        if found.tzinfo is not None:
            found = found.astimezone(datetime.UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    return found.isoformat()


def seconds(value: Any) -> float | None:
    """Return a number, or the seconds from 1970 to a date or a time; None if the value is neither."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float | decimal.Decimal):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, datetime.date):
        value = value.isoformat()
    if not isinstance(value, str):
        return None
    if (instant := date(value)) is not None:
        return datetime.datetime.fromisoformat(instant).replace(tzinfo=datetime.UTC).timestamp()
    found = number(value)
    return None if found is None else float(found)


def is_missing(value: Any, *, ambiguous: bool = False) -> bool:
    """Whether a value is null, NaN, blank or a word that stands for it; `ambiguous` words such as NA only if wanted."""
    if isinstance(value, str):
        word = value.strip() if len(value) <= LONGEST else value
        return word in MISSING or (ambiguous and word in AMBIGUOUS) or not word.strip()
    if isinstance(value, float | np.floating | decimal.Decimal):
        return math.isnan(value)
    # pandas.NA and NaT are recognised by the names of their types, so that pandas is not imported.
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def is_null(value: Any) -> bool:
    """Whether a value is null or NaN, but no text."""
    return not isinstance(value, str) and is_missing(value)


def id_text(value: Any) -> str:
    """Return an id as text, the same whatever format it comes from: whole numbers without a decimal point.

    The wrapped values of MongoDB's extended JSON are unwrapped; bytes are UTF-8.

    Raises:
        ValueError: the value is no id, with the reason.

    >>> id_text(7), id_text(7.0), id_text("7.0"), id_text(" x7 "), id_text("007"), id_text({"$oid": "0a1b"})
    ('7', '7', '7', 'x7', '007', '0a1b')
    """
    exact = 2 ** (np.finfo(value).nmant + 1) if isinstance(value, np.floating) else LARGEST_EXACT
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping) and len(value) == 1 and str(next(iter(value))).startswith("$"):
        return _unwrapped(value)
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError:
            raise ValueError("holds bytes that are not UTF-8, an id is a string or a number") from None
    if isinstance(value, str):
        return _string_id(value)
    if isinstance(value, float | decimal.Decimal) and not isinstance(value, bool) and math.isfinite(value):
        if isinstance(value, float) and abs(value) > exact:
            raise _digits_lost(value)
        return str(int(value)) if value == int(value) else _finite_text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(int(value))
    if isinstance(value, uuid.UUID | datetime.date):
        return value.isoformat() if isinstance(value, datetime.date) else str(value)
    raise ValueError(f"holds {shown(value)}, an id is a string or a number")


def need_care(ids: pa.Array) -> bool:
    """Whether `id_text` may change or refuse any of these strings."""
    import pyarrow.compute as pc  # takes long to import, and a search needs none of it

    found = pc.any(pc.match_substring_regex(ids, _NEEDS_CARE))
    return bool(found.as_py())


def label_text(value: Any) -> str:
    """Return a label as text: as an id, or True or False, however they are written.

    Raises:
        ValueError: the value is no label, with the reason.

    >>> label_text(1.0), label_text(" ham "), label_text("TRUE"), label_text(False)
    ('1', 'ham', 'True', 'False')
    """
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().capitalize()
    try:
        return id_text(value)
    except ValueError as error:
        raise ValueError(str(error).replace("an id is", "a label is")) from None


def equal_but_for_case(labels: Iterable[str]) -> list[tuple[str, str]]:
    """Return pairs of distinct texts that differ only by case or blanks."""
    seen: dict[str, str] = {}
    found = []
    for label in dict.fromkeys(labels):
        first = seen.setdefault(" ".join(label.casefold().split()), label)
        if first != label:
            found.append((first, label))
    return found


def shown(value: Any) -> str:
    """Return a value and its type for a message, shortened."""
    text = "nothing" if value is None else repr(value)
    return f"{text if len(text) <= 40 else text[:37] + '...'} ({type(value).__name__})"


def _finite(text: str, *, whole: bool) -> int | float | None:
    if whole and abs(integer := int(text)) < 2**63:
        return integer
    found = float(text)
    return found if math.isfinite(found) else None


def _string_id(text: str) -> str:
    text = text.strip()
    if _ROUNDED_FLOAT.fullmatch(text):
        raise _digits_lost(text)
    if match := _WHOLE_FLOAT.fullmatch(text):
        if abs(int(match[1])) > LARGEST_EXACT:
            raise _digits_lost(text)
        return str(int(match[1]))
    return text


def _finite_text(value: float | decimal.Decimal) -> str:
    return repr(value) if isinstance(value, float) else format(value.normalize(), "f")


def _digits_lost(value: Any) -> ValueError:
    return ValueError(
        f"holds {value}, a float so large that it has lost digits of the id: store ids as text or as integers"
    )


def _unwrapped(value: Mapping[Any, Any]) -> str:
    """The id in a value of MongoDB's extended JSON, such as {"$oid": "..."}."""
    kind, inner = next(iter(value.items()))
    if kind == "$binary" and isinstance(inner, Mapping) and inner.get("subType") in ("03", "04"):
        return str(uuid.UUID(bytes=base64.b64decode(inner["base64"])))
    if isinstance(inner, str | int | float | Mapping) and not isinstance(inner, bool):
        return id_text(inner)
    raise ValueError(f"holds {shown(dict(value))}, an id is a string or a number")
