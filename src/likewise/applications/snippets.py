"""Snippets: the part of a text that answers a query, on one line, or with the places of what matched."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from likewise.applications.relevance import Relevance
from likewise.applications.sentences import Sentence, sentences, stripped
from likewise.index.collection import Collection
from likewise.index.hybrid import Hit
from likewise.index.stems import matching

SNIPPET = 160  # characters of a snippet
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


def with_snippets(collection: Collection, query: str, hits: list[Hit], length: int = SNIPPET) -> list[Result]:
    """Add snippets to the hits of a query.

    Args:
        collection: in which they were found.
        query: the query.
        hits: best first.
        length: of a snippet, in characters.
    """
    split = [sentences(hit.text[:MAX_SCANNED]) if len(hit.text) > length else [] for hit in hits]
    best = Relevance(collection, query, encode=False).best_of_each(split) if any(split) else [None] * len(hits)
    return [
        Result(rank, hit, snippet(hit.text, sentence and best_part(sentence, query, length), length))
        for rank, (hit, sentence) in enumerate(zip(hits, best, strict=True), 1)
    ]


@dataclass(frozen=True)
class Excerpt:
    """A part of a text, with the places that answer a query; all places count characters (code points).

    Attributes:
        text: the part, as it is in the text.
        start: where it begins in the text.
        end: behind its last character.
        matches: begin and end, within the part, of each word that the query has too.
        answer: begin and end, within the part, of the sentence that fits the query best; None without a query.
    """

    text: str
    start: int
    end: int
    matches: tuple[tuple[int, int], ...]
    answer: tuple[int, int] | None


def excerpts(collection: Collection, query: str, texts: Sequence[str], length: int = SNIPPET) -> list[Excerpt]:
    """Return the part of each text that answers a query best.

    Args:
        collection: in which they were found.
        query: the query; without words, parts are the beginnings of texts.
        texts: the texts.
        length: of a part, in characters.
    """
    best: Sequence[Sentence | None] = [None] * len(texts)
    terms: set[str] = set()
    if query.strip():
        relevance = Relevance(collection, query, encode=False)
        best = relevance.best_of_each([sentences(text[:MAX_SCANNED]) for text in texts])
        terms = relevance.rare_terms
    stems, found = collection.stems, []
    for text, sentence in zip(texts, best, strict=True):
        start, end = _window(text, sentence and best_part(sentence, query, length), length)
        part = text[start:end]
        answer = None
        if sentence is not None and sentence.start < end and sentence.end > start:
            answer = max(0, sentence.start - start), min(end, sentence.end) - start
        found.append(Excerpt(part, start, end, tuple(matching(part, terms, stems)), answer))
    return found


def _window(text: str, sentence: Sentence | None, length: int) -> tuple[int, int]:
    """Return begin and end of the part that begins with a sentence, or earlier if the rest is shorter."""
    begin = _begin(text, sentence.start if sentence else 0, length)
    return stripped(text, begin, min(len(text), begin + length))


def _begin(text: str, first: int, length: int) -> int:
    """Return where a part of a text begins: at `first`, or earlier, at a whole word, if the rest is too short."""
    begin = max(0, min(first, len(text) - length))
    if 0 < begin < first:  # where words have spaces between them
        begin += max(0, text[begin : begin + LONGEST_WORD].find(" ") + 1)
    return begin


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
    begin = _begin(whole, first, length)
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
