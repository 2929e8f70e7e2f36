"""Search: a question to an index, and answers that can be shown on a line each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from likewise.index.collection import Collection, Hit
from likewise.index.where import Where

__all__ = ["Answer", "search", "snippet"]

SNIPPET = 160  # characters


@dataclass(frozen=True)
class Answer:
    """One text that was found.

    Attributes:
        rank: from 1.
        hit: the text, its score and its columns.
        snippet: a part of the text, on one line, where words of the query stand in it.
    """

    rank: int
    hit: Hit
    snippet: str


def search(
    index: str | Path | Collection,
    query: str,
    k: int = 10,
    mode: str = "hybrid",
    where: Where | None = None,
    model: Any = None,
) -> list[Answer]:
    """The texts of an index that answer a query best.

    Args:
        index: its folder, or the open index.
        query: whatever one may type.
        k: how many.
        mode: "vector" by meaning, "text" by words, "hybrid" by both.
        where: a filter on columns, such as `price < 10 and brand = "acme"`.
        model: the model of the index, for one that does not hold its own.

    Raises:
        InputError: there is no index, or query, `k`, mode or filter cannot be used.
    """
    if isinstance(index, Collection):
        return list(_answers(index.search(query, k, mode, where), query))
    with Collection.open(index, model) as collection:
        return list(_answers(collection.search(query, k, mode, where), query))


def snippet(text: str, query: str, length: int = SNIPPET) -> str:
    """At most `length` characters of the text, and dots where it was cut; white space becomes single spaces.

    Of a longer text it is the part with the most of the query's words in it, the first of several such parts.
    """
    text = " ".join(text.split())
    if len(text) <= length:
        return text
    words = {word for word in re.findall(r"\w+", query.lower()) if len(word) > 1} or {query.lower()}
    # Lower case may be longer than the text (İ): places are then a little off, which a snippet can bear.
    lowered = text.lower()
    places = sorted((match.start(), word) for word in words for match in re.finditer(re.escape(word), lowered))
    first = max(places, key=lambda place: (_words_from(place[0], places, length), -place[0]), default=(0, ""))[0]
    begin = max(0, min(first - length // 4, len(text) - length))
    while 0 < begin < first and text[begin - 1] != " ":  # begin with a whole word
        begin += 1
    part = text[begin : begin + length]
    return f"{'… ' if begin else ''}{part.strip()}{' …' if begin + length < len(text) else ''}"


def _words_from(begin: int, places: list[tuple[int, str]], length: int) -> int:
    """How many of the words stand in the part that begins a quarter before `begin`."""
    return len({word for place, word in places if begin <= place < begin + length * 3 // 4})


def _answers(hits: list[Hit], query: str) -> Iterator[Answer]:
    for rank, hit in enumerate(hits, 1):
        yield Answer(rank, hit, snippet(hit.text, query))
