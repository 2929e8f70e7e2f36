"""Values of a model's card, which is JSON of any version: whatever is read may be missing."""

import math
import unicodedata
from collections.abc import Mapping
from typing import Any

__all__ = ["number", "readable", "shown"]

UNSEEN = {"Cc", "Cf", "Cs", "Co"}  # escapes, overrides of direction, halves of characters
JOINERS = "\u200c\u200d"  # format characters that words and emoji are written with


def number(values: Any, name: str) -> float | None:
    """The number of that name; None where there is none, or one that is not finite."""
    value = values.get(name) if isinstance(values, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def shown(value: Any) -> str:
    """A value as a person reads it: thousands apart, as many digits as say something."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() and abs(value) >= 1 else f"{value:.3g}"
    return readable(str(value))


def readable(text: str, most: int = 500) -> str:
    """A text on one line, cut at `most` characters, without characters that are not seen or are half of one."""
    seen = "".join(
        " " if c.isspace() else c for c in text if c.isspace() or c in JOINERS or unicodedata.category(c) not in UNSEEN
    )
    line = " ".join(seen.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
