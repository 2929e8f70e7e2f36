"""Search with snippets: the part of each text that answers the query, on one line."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from likewise.applications.sentences import Sentence, SentenceScorer, sentences
from likewise.index.collection import Collection, Hit
from likewise.index.filters import Where

__all__ = ["Result", "best_part", "search", "snippet", "with_snippets"]

SNIPPET = 160  # characters
LONGEST_WORD = 24
MAX_SCANNED = 20_000  # characters of a text whose sentences are scored


@dataclass(frozen=True)
class Result:
    """A text that was found, with a snippet.

    Attributes:
        rank: from 1.
        hit: the text, its score and its columns.
        snippet: the beginning of the text or, of a longer one, the part that begins with its best sentence.
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
) -> list[Result]:
    """Return the texts of an index that answer a query best.

    Args:
        index: its folder, or the open index.
        query: whatever a user types.
        k: how many.
        mode: "vector" by meaning alone, "text" by words, "hybrid" by both.
        where: a filter on columns, such as `price < 10 and brand = "acme"`.
        model: the model of the index, if the index does not store it.

    Raises:
        InputError: there is no index, or the query, `k`, the mode or the filter cannot be used.
    """
    if isinstance(index, Collection):
        return with_snippets(index, query, index.search(query, k, mode, where))
    with Collection.open(index, model) as collection:
        return with_snippets(collection, query, collection.search(query, k, mode, where))


def with_snippets(collection: Collection, query: str, hits: list[Hit], length: int = SNIPPET) -> list[Result]:
    """Add snippets to the hits of a query.

    Args:
        collection: in which they were found.
        query: the query.
        hits: best first.
        length: of a snippet, in characters.
    """
    cut = any(len(hit.text) > length for hit in hits)
    scorer = SentenceScorer(collection, query, fast=True) if cut else None
    found = []
    for rank, hit in enumerate(hits, 1):
        best = scorer.best(sentences(hit.text[:MAX_SCANNED])) if scorer and len(hit.text) > length else None
        found.append(Result(rank, hit, snippet(hit.text, best and best_part(best, query, length), length)))
    return found


def snippet(text: str, sentence: Sentence | None, length: int = SNIPPET) -> str:
    """Return at most `length` characters of a text on one line, with an ellipsis where it was cut.

    Args:
        text: the text; white space becomes single spaces.
        sentence: where the snippet of a longer text begins, or earlier if the rest is shorter than `length`.
        length: in characters.
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


def best_part(sentence: Sentence, query: str, length: int) -> Sentence:
    """Return the part of a sentence longer than `length` with the most words of the query, the first of several."""
    if len(sentence.text) <= length:
        return sentence
    words = {word for word in re.findall(r"\w+", query.lower()) if len(word) > 1} or {query.lower()}
    # Lower case can be longer than the text (İ): places are then off by a few characters, which a snippet can bear.
    lowered = sentence.text.lower()
    places = sorted((match.start(), word) for word in words for match in re.finditer(re.escape(word), lowered))
    first = max(places, key=lambda place: (_words_near(place[0], places, length), -place[0]), default=(0, ""))[0]
    begin = max(0, first - length // 4)
    if begin:
        begin += max(0, sentence.text[begin:first].find(" ") + 1)
    return Sentence(sentence.text[begin:], sentence.start + begin, sentence.end)


def _words_near(first: int, places: list[tuple[int, str]], length: int) -> int:
    """Count the distinct words in a part of `length` characters that begins a quarter before `first`."""
    return len({word for place, word in places if first <= place < first + length * 3 // 4})
