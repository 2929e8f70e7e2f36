"""The filter language: `price < 10 and brand = "acme"`, or the same as Python values, becomes one parameterised query.

    condition = column operator value | column in (value, ...) | not condition | (condition)
    filter    = condition and|or condition ...            `and` binds closer than `or`

Operators: `= != < <= > >= in like`. A column is a bare word or quoted; a value is a number, `true`, `false`, `null`,
quoted text (a quote inside is doubled), or a bare word. Values reach SQLite as parameters only, columns by number.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from likewise.errors import InputError
from likewise.index.columns import Cell, stored

__all__ = ["Filter", "Where", "parse"]


# Text, {column: value or (operator, value)}, or [(column, operator, value)]; what stands inside is checked by `parse`.
Where = str | Mapping[str, Any] | Sequence[Any]

OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "in", "like")
# SQLite allows expressions 1,000 deep and 32,766 parameters, and Python a recursion of about 1,000.
_MOST_CONDITIONS, _MOST_VALUES, _DEEPEST, _LONGEST_PATTERN = 400, 30_000, 50, 10_000
_TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>"(?:[^"]|"")*"|'(?:[^']|'')*'|`(?:[^`]|``)*`)"""
    r"""|(?P<symbol><=|>=|!=|==|<>|[=<>(),])"""
    r"""|(?P<bare>[^\s=!<>(),"'`]+)|(?P<wrong>\S))"""
)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_SPELLINGS = {"==": "=", "<>": "!="}
_LITERALS = {"true": True, "false": False, "null": None, "none": None}


@dataclass(frozen=True)
class Filter:
    """A query that gives the numbers of the texts that pass, and its parameters."""

    sql: str
    parameters: tuple[Cell, ...]


@dataclass(frozen=True)
class _Part:
    sql: str
    parameters: tuple[Cell, ...] = ()


def parse(where: Where, columns: Mapping[str, int]) -> Filter:
    """The filter that `where` says.

    Args:
        where: the language above, or a mapping `{"brand": "acme", "price": ("<", 10)}` (a list means `in`), or a list
            of `(column, operator, value)`; all conditions of a mapping or list must hold.
        columns: the position of each column of the collection; `id` and `text` are known besides.

    Raises:
        InputError: an unknown column (the nearest is named) or operator, a value no column can hold, or text that is
            not of the language.
    """
    if isinstance(where, str):
        part = _Reader(where, columns).read()
    elif isinstance(where, Mapping):
        part = _all(_condition(column, *_operation(value), columns) for column, value in where.items())
    else:
        part = _all(_condition(*_triple(condition), columns) for condition in where)
    if len(part.parameters) > _MOST_VALUES:
        raise InputError(f"the filter holds {len(part.parameters)} values: {_MOST_VALUES} are the most")
    # Only `id` and `text` stand in the table of texts: without them the small table of columns is read alone.
    table = "texts JOIN fields USING (number)" if "texts." in part.sql else "fields"
    return Filter(f"SELECT number FROM {table} WHERE {part.sql}", part.parameters)  # noqa: S608 - question marks, columns by number


def _operation(value: Any) -> tuple[str, Any]:
    """The operator and value that a mapping's value means."""
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str) and value[0].lower() in OPERATORS:
        return value[0], value[1]
    return ("in", value) if isinstance(value, (list, tuple, set, frozenset)) else ("=", value)


def _triple(condition: Any) -> tuple[Any, Any, Any]:
    if not isinstance(condition, (tuple, list)) or len(condition) != 3:
        raise InputError(f"a condition is (column, operator, value), {condition!r} was given")
    column, operator, value = condition
    return column, operator, value


def _all(parts: Iterable[_Part]) -> _Part:
    return _joined("AND", list(parts))


def _joined(word: str, parts: Sequence[_Part]) -> _Part:
    if len(parts) > _MOST_CONDITIONS:
        raise InputError(
            f"the filter holds {len(parts)} conditions: {_MOST_CONDITIONS} are the most; `in` takes a list"
        )
    if not parts:
        return _Part("1")
    sql = f" {word} ".join(f"({part.sql})" for part in parts)
    return _Part(sql, tuple(cell for part in parts for cell in part.parameters))


def _column(name: Any, columns: Mapping[str, int]) -> str:
    """How SQL calls the column; the user's spelling never gets there."""
    if name in columns:
        return f"fields.c{columns[name]}"
    if name in ("id", "text"):
        return f"texts.{name}"
    known = [*columns, "id", "text"]
    near = difflib.get_close_matches(str(name), known, 1, 0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"the columns are {', '.join(known)}"
    raise InputError(f"the filter names the column {name!r}, which the index does not have: {hint}")


def _condition(column: Any, operator: Any, value: Any, columns: Mapping[str, int]) -> _Part:
    name = _column(column, columns)
    place = f"the filter on {column!r}"
    operator = operator.lower() if isinstance(operator, str) else operator
    if operator not in OPERATORS:
        raise InputError(f"{place} has the operator {operator!r}: one of {' '.join(OPERATORS)} is expected")
    if operator == "in":
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise InputError(f"{place}: `in` expects a list of values, {value!r} was given")
        cells = tuple(stored(one, place) for one in value)
        null = f" OR {name} IS NULL" if None in cells else ""
        return _Part(f"{name} IN ({', '.join('?' * len(cells))}){null}", cells)
    cell = stored(value, place)
    if operator in ("=", "!="):
        # IS and IS NOT: a text without the column is not "acme", so it passes `brand != "acme"`.
        return _Part(f"{name} IS {'NOT ' if operator == '!=' else ''}?", (cell,))
    if operator == "like":
        if not isinstance(cell, str) or len(cell) > _LONGEST_PATTERN:
            raise InputError(f"{place}: `like` expects a pattern of text, in which % is any run and _ any character")
        return _Part(f"typeof({name}) = 'text' AND {name} LIKE ?", (cell,))
    if isinstance(cell, str):
        kind = "typeof({}) = 'text'"
    elif isinstance(cell, (int, float)):
        kind = "typeof({}) IN ('integer', 'real')"
    else:
        raise InputError(f"{place}: {operator} compares with a number or text, {value!r} was given")
    # SQLite puts every number before every text: without the kind, `price > 5` would find texts.
    return _Part(f"{kind.format(name)} AND {name} {operator} ?", (cell,))


class _Reader:
    """Reads the language by recursive descent."""

    def __init__(self, text: str, columns: Mapping[str, int]) -> None:
        self._text, self._columns, self._next, self._depth = text, columns, 0, 0
        self._tokens: list[tuple[str, str]] = []
        for match in _TOKEN.finditer(text):
            kind = str(match.lastgroup)
            if kind == "wrong":
                raise self._error(f"{match[kind]!r} does not belong there, or a quote is not closed")
            self._tokens.append((kind, match[kind]))

    def read(self) -> _Part:
        part = self._either()
        if self._next < len(self._tokens):
            raise self._error(f"`and`, `or` or the end was expected before {self._tokens[self._next][1]!r}")
        return part

    def _error(self, what: str) -> InputError:
        text = self._text if len(self._text) <= 80 else self._text[:77] + "..."
        return InputError(f'the filter {text!r}: {what}; it looks like price < 10 and brand = "acme"')

    def _take(self, expected: str) -> tuple[str, str]:
        if self._next == len(self._tokens):
            raise self._error(f"{expected} was expected at the end")
        self._next += 1
        return self._tokens[self._next - 1]

    def _took(self, kind: str, spelling: str) -> bool:
        """Whether the next token is this one, which is then behind us."""
        if self._next < len(self._tokens):
            found, text = self._tokens[self._next]
            if found == kind and text.lower() == spelling:
                self._next += 1
                return True
        return False

    def _either(self) -> _Part:
        parts = [self._both()]
        while self._took("bare", "or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else _joined("OR", parts)

    def _both(self) -> _Part:
        parts = [self._one()]
        while self._took("bare", "and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else _joined("AND", parts)

    def _one(self) -> _Part:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(f"it is nested deeper than {_DEEPEST}")
        if self._took("bare", "not"):
            part = self._one()
            # A comparison with a missing value is null in SQL, and so is its NOT: here it is false, and its NOT true.
            part = _Part(f"NOT coalesce(({part.sql}), 0)", part.parameters)
        elif self._took("symbol", "("):
            part = self._either()
            self._closed()
        else:
            part = self._comparison()
        self._depth -= 1
        return part

    def _closed(self) -> None:
        if not self._took("symbol", ")"):
            raise self._error("a closing ) was expected")

    def _comparison(self) -> _Part:
        kind, column = self._take("a column")
        if kind == "symbol":
            raise self._error(f"a column was expected, found {column!r}")
        kind, spelling = self._take("an operator")
        operator = _SPELLINGS.get(spelling, spelling.lower())
        if kind == "quoted" or operator not in OPERATORS:
            raise self._error(f"an operator ({' '.join(OPERATORS)}) was expected, found {spelling!r}")
        value: Any = self._values() if operator == "in" else self._value()
        return _condition(_unquoted(column), operator, value, self._columns)

    def _values(self) -> list[Any]:
        if not self._took("symbol", "("):
            raise self._error('`in` is followed by values in brackets, as in brand in (acme, "b & c")')
        values = [self._value()]
        while self._took("symbol", ","):
            values.append(self._value())
        self._closed()
        return values

    def _value(self) -> Any:
        kind, text = self._take("a value")
        if kind == "symbol":
            raise self._error(f"a value was expected, found {text!r}")
        if kind == "quoted":
            return _unquoted(text)
        if number := _NUMBER.fullmatch(text):
            return float(text) if "." in text or number[3] or len(text) > 18 else int(text)
        return _LITERALS.get(text.lower(), text)


def _unquoted(token: str) -> str:
    quote = token[0]
    return token[1:-1].replace(quote * 2, quote) if quote in "\"'`" else token
