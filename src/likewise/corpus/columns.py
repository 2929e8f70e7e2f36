"""Choose the columns of a table: which one holds the texts, which one the ids, and which others are kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from likewise.errors import InputError

TEXT = "text"
IDS = ("id", "_id")


@dataclass(frozen=True)
class Wanted:
    """The columns that the caller requested.

    Attributes:
        text: the columns that make a text, joined in this order; None to choose one.
        id: the column of ids; None to choose one.
        pair: two columns whose texts belong together.
        others: whether the other columns are kept; or the names of those that are, as far as they exist.
        settled: whether rows are numbered; the column of ids, if any, then holds no text either.
        as_ids: whether the texts are ids, which numbers can be as well.
    """

    text: tuple[str, ...] | None = None
    id: str | None = None
    pair: tuple[str, str] | None = None
    others: bool | tuple[str, ...] = False
    settled: bool = False
    as_ids: bool = False

    @classmethod
    def of(
        cls,
        text: str | Sequence[str] | None,
        id: str | None,
        pair: Sequence[str] | None,
        *,
        columns: bool | Sequence[str] = False,
        ids: bool = True,
        as_ids: bool = False,
    ) -> "Wanted":
        """Check the arguments of `read`.

        Raises:
            InputError: `pair` is not two columns, `text` is empty, or both are given.
        """
        texts = None if text is None else (text,) if isinstance(text, str) else tuple(text)
        if texts is not None and not texts:
            raise InputError("text is an empty list of columns: name one or more, or leave it out")
        wanted = cls(texts, id, None, columns if isinstance(columns, bool) else tuple(columns), not ids, as_ids)
        if pair is None:
            return wanted
        if isinstance(pair, str) or len(pair) != 2:
            raise InputError(f"pair takes two columns, such as --pair title body, and was given {pair!r}")
        if texts is not None:
            raise InputError(f"give either text ({', '.join(texts)}) or pair ({', '.join(pair)}), not both")
        return replace(wanted, pair=(pair[0], pair[1]))


@dataclass(frozen=True)
class Chosen:
    """The role of each column of a source.

    Attributes:
        text: the columns that make a text, joined in this order.
        pair: the column of second texts, if any.
        id: the column of ids; None: the number of the row.
        others: the other columns that are kept; None: none were requested.
        only: those that may be kept; None: all.
        as_ids: whether the texts are ids.
    """

    text: tuple[str, ...]
    pair: str | None = None
    id: str | None = None
    others: tuple[str, ...] | None = None
    only: tuple[str, ...] | None = None
    as_ids: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns whose values have to be strings."""
        return self.text if self.pair is None else (*self.text, self.pair)

    @property
    def ids(self) -> tuple[str, ...]:
        """The columns whose values have to be ids."""
        return tuple(dict.fromkeys((*(self.texts if self.as_ids else ()), *((self.id,) if self.id else ()))))

    @property
    def names(self) -> tuple[str, ...]:
        """Every column that has to be read, each once."""
        found = self.texts if self.id is None else (*self.texts, self.id)
        return tuple(dict.fromkeys((*found, *(self.others or ()))))

    def among(self, names: Iterable[str]) -> "Chosen":
        """Return the same roles for a part of the source that has other additional columns."""
        if self.others is None:
            return self
        taken = {*self.texts, self.id}
        wanted = [name for name in names if self.only is None or name in self.only]
        return replace(self, others=tuple(name for name in wanted if name not in taken))


def choose(wanted: Wanted, names: Sequence[str], strings: Sequence[str] | None, source: str) -> Chosen:
    """Find the column of each role.

    Unless columns are requested, the text is the only column besides the id, else the column called `text`, else the
    only column of strings besides the id. The id is the column called `id` or `_id`.

    Args:
        wanted: the requested columns.
        names: the columns of the source, each once.
        strings: those that hold strings; None where the source has no types.
        source: its name, for messages.

    Raises:
        InputError: a requested column is missing, or it is ambiguous which one holds the texts.
    """
    for name in (*(wanted.text or ()), *(wanted.pair or ()), *((wanted.id,) if wanted.id else ())):
        if name not in names:
            raise InputError(_unknown(name, names, source))
    id = wanted.id
    if id is None and len(names) > 1:
        requested = {*(wanted.text or ()), *(wanted.pair or ())}
        id = next((name for name in IDS if name in names and name not in requested), None)
    kept = None if wanted.settled else id
    if wanted.pair is not None:
        chosen = Chosen((wanted.pair[0],), wanted.pair[1], kept)
    else:
        chosen = Chosen(wanted.text or (_only_text(names, strings, id, source),), None, kept)
    chosen = replace(chosen, as_ids=wanted.as_ids, only=wanted.others if isinstance(wanted.others, tuple) else None)
    return replace(chosen, others=()).among(names) if wanted.others else chosen


def distinct_names(names: Sequence[str]) -> list[str]:
    """Number repeated and empty column names, so that each is unique.

    >>> distinct_names(["a", "", "a"])
    ['a', 'column 2', 'a.1']
    """
    given, numbers = set(names), dict.fromkeys(names, 0)
    found: dict[str, None] = {}
    for position, name in enumerate(names, 1):
        new = name or f"column {position}"
        while new in found or (new != name and new in given):
            numbers[name] += 1
            new = f"{name or f'column {position}'}.{numbers[name]}"
        found[new] = None
    return list(found)


def _only_text(names: Sequence[str], strings: Sequence[str] | None, id: str | None, source: str) -> str:
    left = [name for name in names if name != id]
    if strings is not None and not {*strings} & {*left}:
        raise InputError(f"{source} has no column of strings, and texts are needed; its columns are {_listed(names)}")
    typed = left if strings is None else [name for name in left if name in strings]
    if TEXT in left:
        return TEXT
    if len(typed) == 1:
        return typed[0]
    raise InputError(
        f'{source} has several columns that could hold the texts, {_listed(names)}: name one with --text (text="...")'
    )


def _unknown(name: str, names: Sequence[str], source: str) -> str:
    folded = {other.casefold(): other for other in reversed(names)}
    near = get_close_matches(name.casefold(), folded, n=1, cutoff=0.4)
    hint = f" (did you mean {folded[near[0]]!r}?)" if near else ""
    return f"{source} has no column {name!r}{hint}; its columns are {_listed(names)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
