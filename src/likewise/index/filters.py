"""Filters on columns: `price < 10 and brand = "acme"`, or the same as Python values, becomes one parameterised query.

    condition = column operator value | column in (value, ...) | not condition | (condition)
    filter    = condition and|or condition ...            `and` binds closer than `or`

Operators: `= != < <= > >= in like`. A column is a bare word or quoted; a value is a number, `true`, `false`, `null`,
quoted text (a quote inside is doubled), or a bare word. Values reach SQLite only as parameters, columns by position.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from likewise.errors import InputError
from likewise.index.columns import Cell, to_cell

Where = str | Mapping[str, Any]  # text, or {column: value or (operator, value)}, which `parse` checks

OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "in", "like")
# SQLite allows expressions 1,000 deep and 32,766 parameters, and Python a recursion of about 1,000.
_MAX_CONDITIONS, _MAX_VALUES, _MAX_DEPTH, _MAX_PATTERN = 400, 30_000, 50, 10_000
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
    """SQL: a condition, or the query that selects the row ids of the texts that meet it.

    Attributes:
        sql: with question marks for values.
        parameters: the values.
    """

    sql: str
    parameters: tuple[Cell, ...] = ()


def parse(where: Where, columns: Mapping[str, int]) -> Filter:
    """Compile a filter.

    Args:
        where: the language above, or a mapping `{"brand": "acme", "price": ("<", 10)}` (a list means `in`), whose
            conditions must all hold.
        columns: the position of each column of the collection; `id` and `text` are columns too.

    Raises:
        InputError: the column (the message suggests the nearest) or operator is unknown, no column can hold the value,
            the text cannot be parsed, or `where` is neither text nor a mapping.
    """
    if isinstance(where, str):
        part = _Parser(where, columns).read()
    elif isinstance(where, Mapping):
        conditions = (_condition(column, *_operation(value), columns) for column, value in where.items())
        part = _joined("AND", list(conditions))
    else:
        raise InputError(f"the filter is a {type(where).__name__}: expected text, or a mapping of columns to values")
    if len(part.parameters) > _MAX_VALUES:
        raise InputError(f"the filter holds {len(part.parameters)} values: expected at most {_MAX_VALUES}")
    # `id` and `text` are in the table of texts: a filter without them reads the small table of columns alone.
    table = "texts JOIN fields USING (row_id)" if "texts." in part.sql else "fields"
    return Filter(f"SELECT row_id FROM {table} WHERE {part.sql}", part.parameters)  # noqa: S608 - columns by position


def _operation(value: Any) -> tuple[str, Any]:
    """Return the operator and the operand of a value in a mapping."""
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str) and value[0].lower() in OPERATORS:
        return value[0], value[1]
    return ("in", value) if isinstance(value, (list, tuple, set, frozenset)) else ("=", value)


def _joined(word: str, parts: Sequence[Filter]) -> Filter:
    if len(parts) > _MAX_CONDITIONS:
        raise InputError(
            f"the filter holds {len(parts)} conditions: expected at most {_MAX_CONDITIONS}; `in` takes a list of values"
        )
    if not parts:
        return Filter("1")
    sql = f" {word} ".join(f"({part.sql})" for part in parts)
    return Filter(sql, tuple(cell for part in parts for cell in part.parameters))


def _column(name: Any, columns: Mapping[str, int]) -> str:
    """Return the SQL name of a column; the name that the user typed never becomes SQL."""
    if name in columns:
        return f"fields.c{columns[name]}"
    if name in ("id", "text"):
        return f"texts.{name}"
    known = [*columns, "id", "text"]
    near = difflib.get_close_matches(str(name), known, 1, 0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"the columns are {', '.join(known)}"
    raise InputError(f"the filter names the column {name!r}, which the index does not have: {hint}")


def _condition(column: Any, operator: Any, value: Any, columns: Mapping[str, int]) -> Filter:
    name = _column(column, columns)
    place = f"the filter on {column!r}"
    operator = operator.lower() if isinstance(operator, str) else operator
    if operator not in OPERATORS:
        raise InputError(f"{place} has the operator {operator!r}: one of {' '.join(OPERATORS)} is expected")
    if operator == "in":
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise InputError(f"{place}: `in` expects a list of values, {value!r} was given")
        cells = tuple(to_cell(one, place) for one in value)
        null = f" OR {name} IS NULL" if None in cells else ""
        return Filter(f"{name} IN ({', '.join('?' * len(cells))}){null}", cells)
    cell = to_cell(value, place)
    if operator in ("=", "!="):
        # IS and IS NOT: a text without the column is not "acme", so it passes `brand != "acme"`.
        return Filter(f"{name} IS {'NOT ' if operator == '!=' else ''}?", (cell,))
    if operator == "like":
        if not isinstance(cell, str) or len(cell) > _MAX_PATTERN:
            raise InputError(f"{place}: `like` expects a pattern of text, in which % is any run and _ any character")
        return Filter(f"typeof({name}) = 'text' AND {name} LIKE ?", (cell,))
    if isinstance(cell, str):
        kind = "typeof({}) = 'text'"
    elif isinstance(cell, (int, float)):
        kind = "typeof({}) IN ('integer', 'real')"
    else:
        raise InputError(f"{place}: {operator} compares with a number or text, {value!r} was given")
    # SQLite puts every number before every text: without the kind, `price > 5` would find texts.
    return Filter(f"{kind.format(name)} AND {name} {operator} ?", (cell,))


class _Parser:
    """Parses a filter by recursive descent."""

    def __init__(self, text: str, columns: Mapping[str, int]) -> None:
        self._text, self._columns, self._next, self._depth = text, columns, 0, 0
        self._tokens: list[tuple[str, str]] = []
        for match in _TOKEN.finditer(text):
            kind = str(match.lastgroup)
            if kind == "wrong":
                raise self._error(f"{match[kind]!r} does not belong there, or a quote is not closed")
            self._tokens.append((kind, match[kind]))

    def read(self) -> Filter:
        part = self._disjunction()
        if self._next < len(self._tokens):
            raise self._error(f"`and`, `or` or the end was expected before {self._tokens[self._next][1]!r}")
        return part

    def _error(self, what: str) -> InputError:
        text = self._text if len(self._text) <= 80 else self._text[:77] + "..."
        return InputError(f'the filter {text!r}: {what}; an example is price < 10 and brand = "acme"')

    def _take(self, expected: str) -> tuple[str, str]:
        if self._next == len(self._tokens):
            raise self._error(f"{expected} was expected at the end")
        self._next += 1
        return self._tokens[self._next - 1]

    def _accept(self, kind: str, spelling: str) -> bool:
        """Consume the next token if it is this one, and return whether it was."""
        if self._next < len(self._tokens):
            found, text = self._tokens[self._next]
            if found == kind and text.lower() == spelling:
                self._next += 1
                return True
        return False

    def _disjunction(self) -> Filter:
        return self._chain("or", lambda: self._chain("and", self._factor))

    def _chain(self, word: str, read: Callable[[], Filter]) -> Filter:
        parts = [read()]
        while self._accept("bare", word):
            parts.append(read())
        return parts[0] if len(parts) == 1 else _joined(word.upper(), parts)

    def _factor(self) -> Filter:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._error(f"it is nested deeper than {_MAX_DEPTH}")
        if self._accept("bare", "not"):
            part = self._factor()
            # A comparison with a missing value is null in SQL, and so is its NOT: here it is false, and its NOT true.
            part = Filter(f"NOT coalesce(({part.sql}), 0)", part.parameters)
        elif self._accept("symbol", "("):
            part = self._disjunction()
            self._close()
        else:
            part = self._comparison()
        self._depth -= 1
        return part

    def _close(self) -> None:
        if not self._accept("symbol", ")"):
            raise self._error("a closing ) was expected")

    def _comparison(self) -> Filter:
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
        if not self._accept("symbol", "("):
            raise self._error('`in` is followed by values in brackets, as in brand in (acme, "b & c")')
        values = [self._value()]
        while self._accept("symbol", ","):
            values.append(self._value())
        self._close()
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
