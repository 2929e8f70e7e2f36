"""Scripts that are written without spaces between words, as ranges of characters for regular expressions."""

import re
from collections.abc import Iterable
from itertools import groupby

HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HIRAGANA = "\u3041-\u3096\u309d-\u309f"
KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
SOUTH_EAST_ASIAN = (
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46"  # Thai
    "\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd-\u0ec6\u0edc-\u0edf"  # Lao
    "\u1000-\u102a\u103f\u1050-\u1055"  # Burmese
    "\u1780-\u17b3"  # Khmer
)
SOUTH_EAST_ASIAN_MARKS = (
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u1056-\u1059\u17b4-\u17d3\u17dd"
)
# A run of one of them is a word to the tokenizer. In Japanese, kanji, hiragana and katakana change where words do.
RUNS = (HAN, HIRAGANA, KATAKANA, SOUTH_EAST_ASIAN + SOUTH_EAST_ASIAN_MARKS)

_RUNS = [re.compile(f"[{run}]+") for run in RUNS]
_ANY = re.compile(f"[{''.join(RUNS)}]+")


def is_run(text: str) -> bool:
    """Whether a text consists of characters of scripts without spaces."""
    return bool(_ANY.fullmatch(text))


def by_run(characters: Iterable[str]) -> list[list[str]]:
    """Return which of the characters belong to each of `RUNS`, sorted."""
    every = sorted(characters)
    return [[character for character in every if run.fullmatch(character)] for run in _RUNS]


def run_pattern(characters: Iterable[str] | None = None) -> str:
    """Return a regular expression that matches each run of one script.

    Args:
        characters: those that a run may consist of; any other of these scripts is matched by itself, so that an unknown
            character does not make the run around it unknown. All if None.
    """
    runs = list(RUNS) if characters is None else [_ranges(known) for known in by_run(characters)]
    return "|".join([*(f"[{run}]+" for run in runs if run), f"[{''.join(RUNS)}]"])


def _ranges(characters: list[str]) -> str:
    """Write sorted characters as ranges."""
    codes = enumerate(map(ord, characters))
    runs = [[code for _, code in group] for _, group in groupby(codes, lambda pair: pair[1] - pair[0])]
    return "".join(f"{chr(run[0])}-{chr(run[-1])}" if len(run) > 1 else chr(run[0]) for run in runs)
