"""Search: a question to an index, and answers that can be shown on a line each."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from likewise.applications.sentences import Asked, Sentence, sentences
from likewise.index.collection import Collection, Hit
from likewise.index.filters import Where

__all__ = ["Answer", "answers", "narrowed", "search", "snippet"]

SNIPPET = 160  # characters
LONGEST_WORD = 24
READ = 20_000  # characters of a text, among which the sentence is looked for


@dataclass(frozen=True)
class Answer:
    """One text that was found.

    Attributes:
        rank: from 1.
        hit: the text, its score and its columns.
        snippet: a part of the text, on one line, that begins with the sentence that answers best.
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
        return answers(index, query, index.search(query, k, mode, where))
    with Collection.open(index, model) as collection:
        return answers(collection, query, collection.search(query, k, mode, where))


def answers(collection: Collection, query: str, hits: list[Hit], length: int = SNIPPET) -> list[Answer]:
    """Hits of a query with their snippets.

    Args:
        collection: where they were found.
        query: what was asked.
        hits: best first.
        length: of a snippet, in characters.
    """
    asked = Asked(collection, query, quick=True) if any(len(hit.text) > length for hit in hits) else None
    found = []
    for rank, hit in enumerate(hits, 1):
        best = asked.best(sentences(hit.text[:READ])) if asked and len(hit.text) > length else None
        found.append(Answer(rank, hit, snippet(hit.text, best and narrowed(best, query, length), length)))
    return found


def snippet(text: str, sentence: Sentence | None, length: int = SNIPPET) -> str:
    """At most `length` characters of the text, and dots where it was cut; white space becomes single spaces.

    Of a longer text it begins with the sentence, or so much before it that the rest fills the length.
    """
    whole = " ".join(text.split())
    if len(whole) <= length:
        return whole
    first = len(" ".join(f"{text[: sentence.start]}|".split())) - 1 if sentence else 0
    begin = min(first, len(whole) - length)
    if begin < first:  # begin with a whole word, where words have spaces between them
        begin += max(0, whole[begin : begin + LONGEST_WORD].find(" ") + 1)
    part = whole[begin : begin + length]
    return f"{'… ' if begin else ''}{part.strip()}{' …' if begin + length < len(whole) else ''}"


def narrowed(sentence: Sentence, query: str, length: int) -> Sentence:
    """Of a sentence that is longer than a snippet the part with the most of the query's words, the first of several."""
    if len(sentence.text) <= length:
        return sentence
    words = {word for word in re.findall(r"\w+", query.lower()) if len(word) > 1} or {query.lower()}
    # Lower case may be longer than the text (İ): places are then a little off, which a snippet can bear.
    lowered = sentence.text.lower()
    places = sorted((match.start(), word) for word in words for match in re.finditer(re.escape(word), lowered))
    first = max(places, key=lambda place: (_words_from(place[0], places, length), -place[0]), default=(0, ""))[0]
    begin = max(0, first - length // 4)
    if begin:
        begin += max(0, sentence.text[begin:first].find(" ") + 1)
    return Sentence(sentence.text[begin:], sentence.start + begin, sentence.end)


def _words_from(begin: int, places: list[tuple[int, str]], length: int) -> int:
    """How many of the words stand in the part that begins a quarter before `begin`."""
    return len({word for place, word in places if begin <= place < begin + length * 3 // 4})
