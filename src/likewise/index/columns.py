"""What a column of an index may hold, and how SQLite keeps it."""

import datetime
import decimal
import math
from typing import Any

import numpy as np

from likewise.errors import InputError

__all__ = ["Cell", "restored", "stored", "well_formed"]

# What SQLite is given. True and false are kept as blobs: SQLite has no type for them, and as numbers they would come
# back as 1 and 0.
Cell = str | int | float | bytes | None

_FALSE, _TRUE = b"\x00", b"\x01"
_LARGEST = 2**63 - 1


def stored(value: Any, place: str) -> Cell:
    """What the record keeps of one value: text, number, true or false, or nothing.

    Not-a-number is nothing. Dates and times become ISO 8601 text, which sorts as they do; a decimal becomes a float.

    Args:
        value: what the user gave.
        place: where it was given, for the message, as in "column 'price', row 3".

    Raises:
        InputError: the value is a list, a mapping, bytes or another object, or an integer beyond 64 bits.
    """
    if isinstance(value, np.generic):
        value = value.item()
    match value:
        case None:
            return None
        case bool():
            return _TRUE if value else _FALSE
        case int():
            if not -_LARGEST - 1 <= value <= _LARGEST:
                raise InputError(
                    f"{place} holds {str(value)[:30]}: an integer of 64 bits is the largest, pass it as text"
                )
            return value
        case float() | decimal.Decimal():
            return None if math.isnan(value) else float(value)
        case str():
            return well_formed(value)
        case datetime.date() | datetime.time():
            return value.isoformat()
    raise InputError(
        f"{place} holds a {type(value).__name__}: a column holds text, numbers, true or false, or nothing; leave it out"
    )


def restored(cell: Cell) -> Any:
    """The value that `stored` made `cell` of."""
    return cell == _TRUE if isinstance(cell, bytes) else cell


def well_formed(text: str) -> str:
    """`text` with the halves of broken surrogate pairs, which UTF-8 cannot hold, replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
