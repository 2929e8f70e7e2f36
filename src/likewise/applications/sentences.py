"""Sentences of a text: which one answers a query, snippets that begin with it, and passages of whole sentences."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import sentencex
from jaxtyping import Float64

from likewise.corpus.batch import TextBatch, bounded, repeated_id
from likewise.errors import InputError
from likewise.index.collection import Collection
from likewise.index.columns import DOCUMENT
from likewise.index.hybrid import Hit
from likewise.index.stems import matching
from likewise.model.embedder import document_vectors, query_vectors
from likewise.model.model import Model
from likewise.model.transformer import ConcatenatedModel

LANGUAGE = "en"  # decides which abbreviations end no sentence; sentence-final punctuation of all scripts is known
SNIPPET = 160  # characters of a snippet
LONGEST_WORD = 24
MAX_SCANNED = 20_000  # characters of a text whose sentences are scored
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
    """

    text: str
    start: int
    end: int


def sentences(text: str, longest: int = LONGEST_SENTENCE) -> list[Sentence]:
    """Split a text into sentences; every character that is not white space is in exactly one of them.

    Args:
        text: any.
        longest: characters of a sentence at most. What is longer is cut into its lines, and a longer line into parts of
            about equal length: after full stops, spaces or commas, or anywhere but in a grapheme cluster.
    """
    ends = accumulate(map(len, sentencex.segment(LANGUAGE, text)), initial=0)
    spans = (span for first, last in pairwise(ends) for span in _parts(text, first, last, longest))
    return [Sentence(text[start:end], start, end) for start, end in spans if start < end]


def _parts(text: str, start: int, end: int, longest: int) -> Iterator[tuple[int, int]]:
    """Yield a sentence without white space around it, or the parts of one that is too long; some may be empty."""
    start, end = _stripped(text, start, end)
    if start < end <= start + longest:
        yield start, end
    elif start < end:
        for line in pairwise((start, *(found.end() for found in LINE_END.finditer(text, start, end)), end)):
            first, last = _stripped(text, *line)
            while last - first > longest:
                number = -(-(last - first) // longest)
                cut = _cut(text, first, first - (first - last) // number)
                yield _stripped(text, first, cut)
                first = cut
            yield _stripped(text, first, last)


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
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


class SentenceScorer:
    """Scores sentences by how well they fit a query.

    The score is the mean of two parts: the share of the query's terms that the sentence has, rare terms counting more
    (`Collection.overlap`), and the cosine similarity of both vectors, where it is above zero.

    Args:
        collection: whose terms and model count.
        query: the query.
        fast: leave the similarity out if the model is not static, because encoding many sentences takes long.
    """

    def __init__(self, collection: Collection, query: str, *, fast: bool = False) -> None:
        self._overlap, self._model = collection.overlap(query), _fastest(collection.model)
        slow = not isinstance(self._model, Model)
        by_meaning = bool(query.strip()) and not (fast and slow)
        self._vector = query_vectors(self._model, [query], None)[0] if by_meaning else None

    @property
    def rare_terms(self) -> set[str]:
        """The terms of the query that fewer than 27 % of the texts have; all of them if every one is frequent."""
        idf = self._overlap.idf
        return {term for term, weight in idf.items() if weight >= 1} or {*idf}

    def scores(self, texts: Sequence[str]) -> Float64[np.ndarray, " texts"]:
        """Return the score of each text, 0 to 1."""
        overlap = np.array([self._overlap.share(text) for text in texts])
        if self._vector is None or not texts:
            return overlap
        cosines = document_vectors(self._model, list(texts), None) @ self._vector
        both: np.ndarray = (overlap + np.clip(cosines.astype(np.float64), 0.0, 1.0)) / 2
        return both

    def best(self, some: Sequence[Sentence]) -> Sentence | None:
        """Return the sentence with the highest score, the first of equal ones; None if there are no sentences."""
        return some[int(self.scores([sentence.text for sentence in some]).argmax())] if some else None

    def best_of_each(self, texts: Sequence[Sequence[Sentence]]) -> list[tuple[Sentence, float] | None]:
        """Return what `best` returns for each text, with its score; all are scored at once, which is faster."""
        scores = iter(self.scores([sentence.text for some in texts for sentence in some]).tolist())
        best = [max(((next(scores), -place) for place in range(len(some))), default=None) for some in texts]
        found = zip(texts, best, strict=True)
        return [None if which is None else (some[-which[1]], which[0]) for some, which in found]


def _fastest(model: Any) -> Any:
    """Return the static companion of a transformer, if it has one; otherwise the model."""
    return model.companion.model if isinstance(model, ConcatenatedModel) and model.companion is not None else model


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
    cut = any(len(hit.text) > length for hit in hits)
    scorer = SentenceScorer(collection, query, fast=True) if cut else None
    found = []
    for rank, hit in enumerate(hits, 1):
        best = scorer.best(sentences(hit.text[:MAX_SCANNED])) if scorer and len(hit.text) > length else None
        found.append(Result(rank, hit, snippet(hit.text, best and best_part(best, query, length), length)))
    return found


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
    scorer = SentenceScorer(collection, query, fast=True) if query.strip() else None
    best = scorer.best_of_each([sentences(text[:MAX_SCANNED]) for text in texts]) if scorer else [None] * len(texts)
    terms = scorer.rare_terms if scorer else set()
    stems, found = collection.stems, []
    for text, one in zip(texts, best, strict=True):
        sentence = one and one[0]
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
    return _stripped(text, begin, min(len(text), begin + length))


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


class Passages:
    """A corpus whose texts are cut into passages of whole sentences; a corpus as well.

    A passage has the id of its text and a number from 1, such as `7.1`, the columns of its text, and the id of its text
    in the column `document`. In an index they belong to their text: adding it again replaces all of them.

    Args:
        corpus: of texts.
        length: characters of a passage at most; a longer sentence is cut.

    Attributes:
        name: of the corpus.
        cut: true; an index looks for it.

    Raises:
        InputError: the length is below 1.
    """

    cut = True

    def __init__(self, corpus: Any, length: int) -> None:
        if length < 1:
            raise InputError(f"the length of a passage is {length} characters: expected at least 1, such as 800")
        self.name, self._corpus, self._length = corpus.name, corpus, length

    @property
    def skipped(self) -> int:
        """How many rows could not be read and were skipped."""
        skipped: int = self._corpus.skipped
        return skipped

    @property
    def numbered(self) -> bool | None:
        """Whether the ids of the texts are only row numbers."""
        numbered: bool | None = self._corpus.numbered
        return numbered

    def __iter__(self) -> Iterator[TextBatch]:
        """Begin a pass over the corpus.

        Raises:
            InputError: a row cannot be read, an id occurs twice, or there is a column `document` already.
        """
        seen: set[str] = set()
        for batch in self._corpus:
            yield from bounded(self._cut(batch, seen))

    def _cut(self, batch: TextBatch, seen: set[str]) -> TextBatch:
        ids, texts, rows = [], [], []
        for row, (id, text) in enumerate(zip(batch.ids.to_pylist(), batch.texts.to_pylist(), strict=True)):
            if id in seen:
                place = row if batch.rows is None else int(batch.rows[row])
                self._corpus.reject(place, repeated_id(id))
                continue
            if not self.numbered:
                seen.add(id)
            for number, passage in enumerate(passages(text, self._length), 1):
                ids.append(f"{id}.{number}")
                texts.append(passage)
                rows.append(row)
        others = (
            {} if batch.columns is None else dict(zip(batch.columns.schema.names, batch.columns.columns, strict=True))
        )
        if DOCUMENT in others:
            raise InputError(
                f"{self.name} has a column {DOCUMENT!r}, in which passages have the id of their text: rename it"
            )
        places = pa.array(np.array(rows, np.int64))
        columns = {name: values.take(places) for name, values in others.items()}
        columns[DOCUMENT] = batch.ids.take(places)
        found = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
        return TextBatch(pa.array(ids, pa.string()), pa.array(texts, pa.large_string()), None, found)


def passages(text: str, length: int) -> list[str]:
    """Cut a text into passages of whole sentences, of about equal length; an empty text is one passage.

    Args:
        text: any; white space between two passages is in neither.
        length: characters of a passage at most; a longer sentence is cut.
    """
    found = sentences(text, length)
    if not found:
        return [text]
    total = found[-1].end - found[0].start
    aim = total / -(-total // length)
    parts: list[str] = []
    first = 0
    for place, sentence in enumerate(found):
        following = found[place + 1].end if place + 1 < len(found) else None
        start = found[first].start
        long_enough = sentence.end - found[0].start >= aim * (len(parts) + 1)
        if following is None or long_enough or following - start > length:
            parts.append(text[start : sentence.end])
            first = place + 1
    return parts
