"""Sentences of a text."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

import sentencex

from likewise.applications.headings import headings

LANGUAGE = "en"  # decides which abbreviations end no sentence; sentence-final punctuation of all scripts is known
LONGEST_SENTENCE = 1_000  # characters; what is longer is a transcript, a chat, or in a script without full stops
LINE_END = re.compile(r"[\n\r\v\f\x85\u2028\u2029]+")
PLACES = (
    re.compile(r"[…。．！？｡।॥۔؟։።፧។៕།༎᠃᠉]+[\"')\]»”’」』）】]*"),  # full stops that need no space behind them
    re.compile(r"[\s\u200b]+"),  # typesetters put zero-width spaces between words of Thai and Khmer
    re.compile(r"[,;:，、；：،؛၊]+"),
)
"""Where to cut a line that is too long, the best first."""
JOINED = {"Mn", "Mc", "Me", "Cf", "Sk"}  # categories that continue a grapheme cluster: marks, joiners, skin tones
MAX_CLUSTER = 32  # characters of a cluster that is not cut


@dataclass(frozen=True)
class Sentence:
    """A sentence and its place.

    Attributes:
        text: without white space around it.
        start: of its first character in the whole text.
        end: behind its last character.
        heading: whether it is a heading.
    """

    text: str
    start: int
    end: int
    heading: bool = False


def sentences(text: str, longest: int = LONGEST_SENTENCE) -> list[Sentence]:
    """Split a text into sentences; every character that is not white space is in exactly one of them.

    Args:
        text: any.
        longest: characters of a sentence at most. What is longer is cut into its lines, and a longer line into parts of
            about equal length: after full stops, spaces or commas, or anywhere but in a grapheme cluster.
    """
    found: list[Sentence] = []
    place = 0
    for each in headings(text):
        found += _between(text, place, each.start, longest)
        spans = _parts(text, each.start, each.end, longest)
        found += [Sentence(text[start:end], start, end, heading=True) for start, end in spans if start < end]
        place = each.end
    return found + _between(text, place, len(text), longest)


def _between(text: str, start: int, end: int, longest: int) -> list[Sentence]:
    """Split what stands between two headings."""
    ends = accumulate(map(len, sentencex.segment(LANGUAGE, text[start:end])), initial=start) if start < end else ()
    spans = (span for first, last in pairwise(ends) for span in _parts(text, first, last, longest))
    return [Sentence(text[first:last], first, last) for first, last in spans if first < last]


def _parts(text: str, start: int, end: int, longest: int) -> Iterator[tuple[int, int]]:
    """Yield a sentence without white space around it, or the parts of one that is too long; some may be empty."""
    start, end = stripped(text, start, end)
    if start < end <= start + longest:
        yield start, end
    elif start < end:
        for line in pairwise((start, *(found.end() for found in LINE_END.finditer(text, start, end)), end)):
            first, last = stripped(text, *line)
            while last - first > longest:
                number = -(-(last - first) // longest)
                cut = _cut(text, first, first - (first - last) // number)
                yield stripped(text, first, cut)
                first = cut
            yield stripped(text, first, last)


def stripped(text: str, start: int, end: int) -> tuple[int, int]:
    """Return where a part of a text begins and ends without white space; its end twice if there is nothing else."""
    part = text[start:end]
    first = end - len(part.lstrip())
    return first, max(first, start + len(part.rstrip()))


def _cut(text: str, first: int, last: int) -> int:
    """Return the best place to end a part that begins at `first`, in the second half of what goes to `last`."""
    half = (first + last) // 2
    for place in PLACES:
        cuts = [found.end() for found in place.finditer(text, half, last)]
        if cuts:
            return cuts[-1]
    for cut in range(last, max(half, last - MAX_CLUSTER), -1):
        if unicodedata.category(text[cut]) not in JOINED and text[cut] not in "ำຳ" and text[cut - 1] != "\u200d":
            return cut
    return last
