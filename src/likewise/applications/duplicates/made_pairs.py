"""Pairs made of a text: near ones that say the same, and near ones that do not.

What says the same has typos, and lacks words that many texts have. What does not is about something else, or says more,
or less: some of its rarer words are replaced by words of a text near it, have such a word beside them, or are gone.
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from likewise.applications.duplicates.columns import TEXT
from likewise.applications.duplicates.templates import UNSPACED
from likewise.arrays import Int64

COMMON = 0.5  # of all words that stand in the texts, which frequent words are
DELETED = 0.05  # of the words, where they are frequent ones
MISTYPED = 0.5  # of the texts
LEAST = 6  # words of a text that any is deleted of
CHANGED = 0.125  # of the words, all of them rarer ones, and one at least
EMPTIED = 0.1  # of the cells of a record
REPLACED, ENLARGED = 0.5, 0.25  # of these; the others are left out

_LETTERS = f"[^\\W_{UNSPACED}]+"
_WORD = re.compile(f"([{UNSPACED}]|{_LETTERS}(?:['’]{_LETTERS})*)")  # in scripts without spaces a character is one


def typos(texts: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Each text with a few of its frequent words left out, half of them with two letters of one word swapped too."""
    parts = [_WORD.split(text) for text in texts]
    return [_with_typos(each, set(rarer), rng) for each, rarer in zip(parts, _rarer_words(parts), strict=True)]


def perturbations(texts: Sequence[str], near: Int64[np.ndarray, "texts some"], rng: np.random.Generator) -> list[str]:
    """Each text about something else: an eighth of its words, all of them rarer ones, are changed wherever they stand.

    Args:
        texts: any.
        near: of each text, some whose words it may get.
        rng: draws words.
    """
    parts = [_WORD.split(text) for text in texts]
    rarer = _rarer_words(parts)
    made = []
    for number, each in enumerate(parts):
        own = set(map(str.lower, each[1::2]))
        others = sorted({word for text in near[number].tolist() for word in rarer[text]} - own)
        changed = {}
        for place in rng.permutation(len(rarer[number]))[: max(1, int(CHANGED * (len(each) // 2)))].tolist():
            word, kind = rarer[number][place], rng.random() if others else 1.0
            other = others[int(rng.integers(len(others)))] if others else ""
            changed[word] = other if kind < REPLACED else f"{word} {other}" if kind < REPLACED + ENLARGED else ""
        made.append("".join(changed.get(part.lower(), part) for part in each))
    return made


def record_typos(records: Sequence[str], kinds: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Each record with typos in its columns of text, and without one cell in ten."""
    columns = zip(kinds, zip(*(each.split("\n") for each in records), strict=True), strict=True)
    made = [typos(cells, rng) if kind == TEXT else cells for kind, cells in columns]
    gone = rng.random((len(made), len(records))) < EMPTIED
    kept = [["" if none else cell for none, cell in zip(*each, strict=True)] for each in zip(gone, made, strict=True)]
    return ["\n".join(cells) for cells in zip(*kept, strict=True)]


def record_exchanges(
    records: Sequence[str], near: Int64[np.ndarray, "records some"], rng: np.random.Generator
) -> list[str]:
    """Each record with half of its cells or more taken from one near it, as of the same house or the same maker.

    Args:
        records: texts with a cell a line.
        near: of each record, some whose cells it may get; where none has another value in a cell that both have, which
            would make it the same, the record is another one.
        rng: draws cells.
    """
    cells = [each.split("\n") for each in records]
    made = []
    for number, own in enumerate(cells):
        others = [cells[at] for at in rng.permutation(near[number]).tolist()]
        differ = next(filter(None, (_differing(own, each) for each in others)), {})
        taken = set(rng.permutation(list(differ))[: (len(differ) + 1) // 2].tolist())
        changed = [differ[at] if at in taken else cell for at, cell in enumerate(own)]
        made.append("\n".join(changed) if taken else records[int(rng.integers(len(records)))])
    return made


def _differing(own: Sequence[str], other: Sequence[str]) -> dict[int, str]:
    """The cells of another record that have another value, by their places."""
    return {at: two for at, (one, two) in enumerate(zip(own, other, strict=True)) if one and two and one != two}


def _rarer_words(parts: Sequence[list[str]]) -> list[list[str]]:
    """The words of each text but for the frequent ones, which make up half of all text; one at least.

    Words stand at the odd places of the parts of a text; these are in lower case.
    """
    words = [[word.lower() for word in each[1::2]] for each in parts]
    often = Counter(word for each in words for word in each)
    by_rank = often.most_common()
    until = np.searchsorted(np.cumsum([times for _, times in by_rank]), COMMON * sum(often.values()))
    frequent = {word for word, _ in by_rank[: int(until)]}
    found = []
    for each in words:
        distinct = list(dict.fromkeys(each))
        rarest = sorted(distinct, key=lambda word: (often[word], -len(word)))[:1]
        found.append([word for word in distinct if word not in frequent] or rarest)
    return found


def _with_typos(parts: list[str], rarer: set[str], rng: np.random.Generator) -> str:
    words, between = parts[1::2], parts[2::2]
    if len(words) >= LEAST:
        gone = rng.random(len(words)) < DELETED
        staying = [at for at, word in enumerate(words) if not gone[at] or word.lower() in rarer]
        words, between = [words[at] for at in staying], [between[at] for at in staying]
    long = [at for at, word in enumerate(words) if len(word) > 2]
    if long and rng.random() < MISTYPED:
        at = long[int(rng.integers(len(long)))]
        place = int(rng.integers(len(words[at]) - 1))
        word = words[at]
        words[at] = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return parts[0] + "".join(word + gap for word, gap in zip(words, between, strict=True))
