"""Search by words: BM25 over an inverted file in SQLite, and how much of what a query says a text has too."""

import math
import re
import sqlite3
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from likewise.index.columns import well_formed
from likewise.index.hybrid import Ranked, best_first
from likewise.index.postings import DIGITS, INSTANCES, Postings, inverse_frequency, mean_length
from likewise.index.row_ids import FEW, Changes, Passing
from likewise.index.stems import RUN, Stems, cut, folded, pairs

__all__ = ["TABLES", "Overlap", "WordIndex", "bare_word", "indexable", "query_words", "words_of"]

NONE = Stems({})


class Overlap:
    """A query's words with their weights, as an index knows them.

    Attributes:
        weights: of each distinct word, folded and as its stem, how much it tells: its inverse document frequency.
    """

    def __init__(self, weights: Mapping[str, float], stems: Stems = NONE) -> None:
        self.weights, self._stems = dict(weights), stems
        self._whole = sum(self.weights.values())

    def share(self, text: str) -> float:
        """The weights of the query's words that stand in the text, by those of all of them: 0 to 1.

        Words are the same by the rules of the index: forms of a word are one word, case and accents do not count.
        """
        if not self._whole:
            return 0.0
        there = words_of(text, self._stems)
        return sum(weight for word, weight in self.weights.items() if word in there) / self._whole


def words_of(text: str, stems: Stems = NONE) -> set[str]:
    """The distinct words of a text as an index compares them; pairs of characters in scripts without spaces."""
    return set(map(bare_word, query_words(text, stems)))


# The marks (M*) belong to the word: without them Hindi or Bengali words fall apart at their vowel signs.
_TOKENIZER = "unicode61 remove_diacritics 2 categories 'L* N* Co M*'"
TABLES = (
    f"""CREATE VIRTUAL TABLE words USING fts5(text, content='', tokenize="{_TOKENIZER}")""",
    "CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, 'row')",
)

# A word is frequent when more texts hold it than both of these say: below, asking for it costs only milliseconds.
FREQUENT_TEXTS, FREQUENT_SHARE = 5_000, 0.05
# FTS5 scores so many texts, and such a share of those there are, before the words are kept in memory: until then it has
# cost less time than reading the lengths of all texts and loading the compiled loops would.
WORTH_KEEPING, WORTH_KEEPING_SHARE = 1 << 20, 0.25
MOST_WORDS, MOST_LOOKED_UP = 64, 2_000  # of a query: the first to be looked up, and the rarest of them to be asked for

_ACCENTS = re.compile("[\u0300-\u036f]")


def indexable(text: str, stems: Stems = NONE) -> str:
    """What FTS5 is given for a text: runs of scripts without spaces cut into pairs, and forms of a word made one."""
    return stems.replaced(cut(text)) if stems else cut(text)


def query_words(query: str, stems: Stems = NONE) -> list[str]:
    """The distinct words of a query as FTS5 phrases: quoted, so that nothing a user types is syntax."""
    phrases: dict[str, None] = {}
    query, end = well_formed(query), 0
    for run in RUN.finditer(query):
        phrases |= dict.fromkeys(_plain_words(query[end : run.start()], stems))
        of_run = pairs(run[0], last=False)
        phrases |= dict.fromkeys(f'"{pair}"' for pair in of_run) if of_run else {f'"{run[0]}" *': None}
        end = run.end()
    return list(phrases | dict.fromkeys(_plain_words(query[end:], stems)))


def bare_word(phrase: str) -> str:
    """The word of a phrase, folded, as texts are compared by it."""
    return folded(phrase.strip('" *'))


def _plain_words(text: str, stems: Stems) -> list[str]:
    text = stems.replaced(text) if stems else text
    kept = (c if unicodedata.category(c)[0] in "LNM" or unicodedata.category(c) == "Co" else " " for c in text)
    return [f'"{word}"' for word in "".join(kept).split()]


class WordIndex:
    """BM25 over the texts of a record.

    FTS5 answers the first queries; who asks more has the words that they ask for kept in memory (`postings.py`).
    """

    def __init__(self, connection: sqlite3.Connection, stems: Stems = NONE) -> None:
        self._connection, self._stems = connection, stems
        self._known: dict[str, _Known] = {}  # words, as of one generation
        self._generation = -1
        self._asked = 0  # texts whose scores FTS5 was asked for
        self._postings: Postings | None = None
        self._fresh = False  # whether there are texts that came after the postings
        connection.execute(INSTANCES)

    def ranked(self, query: str, k: int, *, texts: int, generation: int, among: Passing | None = None) -> Ranked:
        """The `k` texts with the highest BM25 (k1 = 1.2, b = 0.75).

        Among the texts that hold at least one word which is not frequent, these are exactly the best; a text that holds
        frequent words only is found when no other is. A word in more than half of many texts is left out beside others:
        its weight in FTS5's BM25 is nil.

        Args:
            query: whatever the user typed; without words, nothing is found.
            k: how many.
            texts: how many texts there are.
            generation: of the record: what is known of words is remembered as long as it stays.
            among: the texts that may be found; None is all.
        """
        phrases = query_words(query, self._stems)[:MOST_LOOKED_UP]
        self._look_up(phrases, generation)
        phrases = self._rarest(phrases)
        often = max(FREQUENT_TEXTS, FREQUENT_SHARE * texts)
        rare = [phrase for phrase in phrases if self._known[phrase].texts <= often]
        frequent = [phrase for phrase in phrases if self._known[phrase].texts > often]
        telling = [phrase for phrase in frequent if self._known[phrase].texts <= texts / 2]
        if telling or any(self._known[phrase].texts for phrase in rare):
            frequent = telling
        self._asked += sum(self._known[phrase].texts for phrase in [*rare, *frequent])
        found = best_first(np.zeros(0, np.int64), np.zeros(0), 0)
        while not len(found.numbers) and (rare or frequent):
            if not rare:
                rare, frequent = frequent[:1], frequent[1:]
            found = self._best(rare, frequent, k, texts, among)
            rare = []
        return found

    def _best(self, rare: list[str], frequent: list[str], k: int, texts: int, among: Passing | None) -> Ranked:
        """Of the texts that hold one of the rare words, the `k` best by all words."""
        postings = self._worth_keeping(texts)
        if postings is None or not all(self._known[phrase].certain for phrase in [*rare, *frequent]):
            return self._asked_for(rare, frequent, k, among)
        weighted = [
            [
                (postings.of(self._connection, known.word), inverse_frequency(known.texts, texts))
                for known in (self._known[phrase] for phrase in some)
                if known.texts
            ]
            for some in (rare, frequent)
        ]
        allowed = among.numbers if among else None
        found = postings.ranked(weighted[0], weighted[1], mean_length(self._connection), k, allowed)
        if not self._fresh:
            return found
        more = self._asked_for(rare, frequent, k, among, after=postings.last)
        numbers = np.concatenate([found.numbers, more.numbers])
        return best_first(numbers, np.concatenate([found.scores, more.scores]), k)

    def _asked_for(
        self, rare: list[str], frequent: list[str], k: int, among: Passing | None, after: int | None = None
    ) -> Ranked:
        """The same from FTS5; with `after`, of the texts that came later than this number."""
        found = self._match(_any(rare), k, among, after)
        if frequent:
            # A text of both lists has its whole score in the second; one that the second leaves out is not among
            # the k best, unless it holds no frequent word, and then the first list has its whole score.
            both = f"({_any(rare)}) AND ({_any(frequent)})"
            for number, score in self._match(both, k, among, after).items():
                found[number] = max(score, found.get(number, 0.0))
        return best_first(np.fromiter(found, np.int64), np.fromiter(found.values(), np.float64).round(DIGITS), k)

    def _worth_keeping(self, texts: int) -> Postings | None:
        """The postings, as of the generation that is asked for; None as long as FTS5 has cost less than they would."""
        if self._postings is not None and not self._postings_followed(self._postings):
            self._postings = None
        if self._postings is None and self._asked > max(WORTH_KEEPING, texts * WORTH_KEEPING_SHARE):
            self._postings = Postings.read(self._connection, self._generation)
            self._fresh = False
        return self._postings

    def _postings_followed(self, postings: Postings) -> bool:
        """Bring them to the present generation; False where too much has changed."""
        if postings.seen == self._generation:
            return True
        changes = Changes.since(self._connection, postings.generation, postings.last)
        if changes.beyond(FEW, postings.last):
            return False
        postings.hide(changes.removed, self._generation)
        self._fresh = changes.fresh > 0
        return True

    def weights(self, query: str, *, texts: int, generation: int) -> dict[str, float]:
        """The distinct words of a query, folded, with their inverse document frequency, log(1 + (N - n + ½) / (n + ½)).

        Args:
            query: whatever the user typed.
            texts: how many texts there are, N.
            generation: of the record, as in `ranked`.
        """
        phrases = query_words(query, self._stems)[:MOST_LOOKED_UP]
        self._look_up(phrases, generation)
        return {bare_word(phrase): _weight(self._known[phrase].texts, texts) for phrase in phrases}

    def _look_up(self, phrases: list[str], generation: int) -> None:
        """Have the counts of these words; those of another generation are forgotten."""
        if generation != self._generation:
            self._known, self._generation = {}, generation
        for phrase in phrases:
            if phrase not in self._known:
                self._known[phrase] = self._look(phrase)

    def _rarest(self, phrases: list[str]) -> list[str]:
        """The words by rising frequency, at most `MOST_WORDS` of them."""
        # A word that no text holds says nothing: of too many words these are the first to go.
        known = sorted(phrases, key=lambda phrase: (not self._known[phrase].texts, self._known[phrase].texts))
        return known[:MOST_WORDS]

    def _look(self, phrase: str) -> "_Known":
        """What is known of a word: that no text holds it is also said of one that FTS5 folds in unknown ways."""
        word = phrase.strip('" *').lower()
        bare = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", word)))
        counts = {form: self._holding(form) for form in dict.fromkeys((word, bare))}
        form = max(counts, key=counts.__getitem__)
        whole = not phrase.endswith("*")
        return _Known(form, counts[form], whole and (counts[form] > 0 or (form.isascii() and form.isalnum())))

    def _holding(self, word: str) -> int:
        """How many texts hold a word: FTS5 takes milliseconds to tell of a frequent one."""
        if self._postings is not None and self._postings.generation == self._generation:
            return len(self._postings.of(self._connection, word).numbers)  # they will be asked for next
        sql = "SELECT max(doc) FROM vocabulary WHERE term = ?"
        return self._connection.execute(sql, (word,)).fetchone()[0] or 0

    def _match(self, expression: str, k: int, among: Passing | None, after: int | None) -> dict[int, float]:
        # Asked for the order of its own `rank`, FTS5 computes every score twice. The + keeps SQLite from asking it once
        # for each text that passes, which costs milliseconds each.
        passing = f"AND +rowid IN (SELECT number FROM {among.table})" if among else ""  # noqa: S608 - no name of a user's
        passing += f" AND rowid > {after}" if after is not None else ""
        sql = f"""SELECT rowid, -bm25(words) AS score FROM words WHERE words MATCH ? {passing}
            ORDER BY score DESC, rowid LIMIT ?"""  # noqa: S608
        return dict(self._connection.execute(sql, (expression, k)).fetchall())


@dataclass(frozen=True)
class _Known:
    """What is known of a word of a query.

    Attributes:
        word: as FTS5 folds it.
        texts: how many hold it.
        certain: whether that is all: not so where FTS5 may fold it otherwise, nor of the beginning of a word.
    """

    word: str
    texts: int
    certain: bool


def _weight(count: int, texts: int) -> float:
    return math.log1p((max(texts, count) - count + 0.5) / (count + 0.5))


def _any(phrases: list[str]) -> str:
    return " OR ".join(phrases)
