"""Filters on columns: `price < 10 and brand = "acme"`, or the same as Python values, becomes one parameterised query.

    condition = column operator value | column in (value, ...) | not condition | (condition)
    filter    = condition and|or condition ...            `and` binds closer than `or`

Operators: `= != < <= > >= in like`. A column is a bare word or quoted; a value is a number, `true`, `false`, `null`,
quoted text (a quote inside is doubled), or a bare word. Values reach SQLite only as parameters, columns by position.
Bare values are compared by what they mean, `=` with quoted text by how the cell is written. Comparing unlike things is
an error, as finding nothing would look like an answer.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from likewise.corpus.values import AMBIGUOUS, date, id_text, typed
from likewise.errors import InputError
from likewise.index.column_types import BOOLEANS, DATES, NUMBERS, TEXT, StoredColumn, StoredColumns
from likewise.index.columns import PLAIN_NUMBER, Cell, to_cell

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
_HUGE = 2**63  # the first integer that SQLite does not have
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


@dataclass(frozen=True)
class Literal:
    """A value that a filter compares with.

    Attributes:
        value: its meaning, as `corpus.values.typed` returns it.
        text: how it is written; None for a number, true, false or None of Python.
        quoted: whether it is text in quotes, or of Python.
    """

    value: Any
    text: str | None = None
    quoted: bool = False

    @classmethod
    def bare(cls, word: str) -> "Literal":
        """Read a word without quotes."""
        if _NUMBER.fullmatch(word):
            whole = word.lstrip("+-").isdigit()
            return cls(int(word) if whole else float(word), word)
        if word.lower() in _LITERALS:
            return cls(_LITERALS[word.lower()], word)
        return cls(typed(word) if typed(word) is not None else word, word)

    @classmethod
    def of(cls, value: Any, place: str) -> "Literal":
        """Check a value of Python.

        Raises:
            InputError: it is no scalar.
        """
        cell = to_cell(value, place)
        if isinstance(cell, str):
            return cls(typed(cell), cell, quoted=True)
        return cls(bool(value) if isinstance(cell, bytes) else cell)

    @property
    def is_number(self) -> bool:
        """Whether it means a number."""
        return isinstance(self.value, int | float) and not isinstance(self.value, bool)

    @property
    def is_huge(self) -> bool:
        """Whether it is a number that SQLite has no integer for."""
        return self.is_number and abs(self.value) >= _HUGE

    @property
    def is_date(self) -> bool:
        """Whether it means a date or a time."""
        return isinstance(self.value, str) and self.text is not None and date(self.text) is not None

    def __str__(self) -> str:
        if self.quoted or isinstance(self.value, str):
            return f"the {'date' if self.is_date else 'text'} {self.text!r}"
        return f"{'the number ' if self.is_number else ''}{self.text if self.text is not None else self.value}"


def parse(where: Where, columns: StoredColumns) -> Filter:
    """Compile a filter.

    Args:
        where: the language above, or a mapping `{"brand": "acme", "price": ("<", 10)}` (a list means `in`), whose
            conditions must all hold.
        columns: the columns of the collection; `id` and `text` are columns too.

    Raises:
        InputError: the column (the message suggests the nearest) or operator is unknown, no column can hold the value,
            the column holds nothing that can be compared with it, the text cannot be parsed, or `where` is neither text
            nor a mapping.
    """
    if isinstance(where, str):
        part = _Parser(where, columns).read()
    elif isinstance(where, Mapping):
        part = _joined("AND", [_of_values(column, *_operation(value), columns) for column, value in where.items()])
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
        return value[0].lower(), value[1]
    return ("in", value) if isinstance(value, (list, tuple, set, frozenset)) else ("=", value)


def _of_values(name: Any, operator: str, value: Any, columns: StoredColumns) -> Filter:
    place = f"the filter on {name!r}"
    if operator == "in" and (isinstance(value, str) or not isinstance(value, Iterable)):
        raise InputError(f"{place}: `in` expects a list of values, {value!r} was given")
    literals = [Literal.of(one, place) for one in (value if operator == "in" else [value])]
    return _condition(name, operator, literals, columns)


def _joined(word: str, parts: Sequence[Filter]) -> Filter:
    if len(parts) > _MAX_CONDITIONS:
        raise InputError(
            f"the filter holds {len(parts)} conditions: expected at most {_MAX_CONDITIONS}; `in` takes a list of values"
        )
    if not parts:
        return Filter("1")
    sql = f" {word} ".join(f"({part.sql})" for part in parts)
    return Filter(sql, tuple(cell for part in parts for cell in part.parameters))


def _condition(name: Any, operator: str, literals: Sequence[Literal], columns: StoredColumns) -> Filter:
    column = columns.get(name)  # the name that the user typed never becomes SQL
    if column is None:
        near = difflib.get_close_matches(str(name), columns.names, 1, 0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"the columns are {', '.join(columns.names)}"
        raise InputError(f"the filter names the column {name!r}, which the index does not have: {hint}")
    if operator == "like":
        pattern = literals[0].text
        if pattern is None or len(pattern) > _MAX_PATTERN:
            raise InputError(
                f"the filter on {name!r}: `like` expects a pattern of text, in which % is any run and _ any character"
            )
        return Filter(f"{column.as_text} LIKE ?", (pattern,))
    if operator in ("=", "!=", "in"):
        if column.connection is None:
            literals = [_as_id(literal) for literal in literals]
        if literals and not any(_is_comparable(literal, column) for literal in literals):
            raise _unlike(literals[0], column)
        part = _equal(column, literals)
        # A text without the column is not "acme", so it passes `brand != "acme"`.
        return Filter(f"NOT coalesce(({part.sql}), 0)", part.parameters) if operator == "!=" else part
    return _ordered(column, operator, literals[0])


def _as_id(literal: Literal) -> Literal:
    text = literal.text if literal.text is not None else None if literal.value is None else id_text(literal.value)
    return Literal(text, text, quoted=True) if text is not None else literal


def _equal(column: StoredColumn, literals: Sequence[Literal]) -> Filter:
    """Cells that are equal to one of the values."""
    cells: list[Cell] = []  # values of cells
    written: list[Cell] = []  # texts of cells that are written otherwise than their value
    plain: list[Cell] = []  # values of the other cells
    for literal in literals:
        if (literal.quoted and not isinstance(literal.value, str | bool)) or (literal.is_huge and literal.text):
            written.append(literal.text)
            if literal.is_number and not literal.is_huge:
                plain += [literal.value] if PLAIN_NUMBER.fullmatch(str(literal.text)) else []
                column.hint_at_quotes(str(literal.text), literal.value)
        elif literal.value is None:
            # `none` without quotes may be meant as the word.
            cells += [None] if literal.text is None else [None, literal.text]
            cells += [] if column.example(TEXT) else AMBIGUOUS
        else:
            cells.append(to_cell(literal.value, column.name))
    parts = [_among(column.cell, cells), _among(column.written, written), _among(column.cell, plain)]
    if plain:
        parts[2] = Filter(f"{column.written} IS NULL AND {parts[2].sql}", parts[2].parameters)
    parts = [part for part, values in zip(parts, (cells, written, plain), strict=True) if values]
    return parts[0] if len(parts) == 1 else _joined("OR", parts) if parts else Filter("0")


def _among(name: str, values: Sequence[Cell]) -> Filter:
    if len(values) == 1:
        return Filter(f"{name} IS ?", (values[0],))
    null = f" OR {name} IS NULL" if None in values else ""
    return Filter(f"({name} IN ({', '.join('?' * len(values))}){null})", tuple(values))


def _ordered(column: StoredColumn, operator: str, literal: Literal) -> Filter:
    if not (literal.is_number or literal.quoted or isinstance(literal.value, str)):
        raise InputError(
            f"the filter on {column.name!r}: {operator} compares with a number or text, {literal} was given"
        )
    if column.cell == "texts.id" and literal.is_number and not literal.quoted:
        digits = "texts.id <> '' AND texts.id NOT GLOB '*[^0-9]*' AND length(texts.id) < 19"
        return Filter(f"{digits} AND CAST(texts.id AS INTEGER) {operator} ?", (min(literal.value, float(_HUGE)),))
    in_words = literal.quoted and not column.example(NUMBERS) and (column.example(TEXT) or column.example(DATES))
    if not _is_comparable(literal, column) or (literal.is_date and not column.example(DATES) and column.example(TEXT)):
        raise _unlike(literal, column)
    # SQLite puts every number before every text: without the kind, `price > 5` would find texts.
    if literal.is_number and not in_words:
        column.check_decimal_signs()
        column.log_others(NUMBERS, (TEXT, DATES))
        value = float(literal.value) if literal.is_huge else literal.value
        return Filter(f"{column.condition(NUMBERS)} AND {column.cell} {operator} ?", (value,))
    if literal.is_date:
        column.log_others(DATES, (TEXT, NUMBERS))
        return Filter(f"{column.condition(DATES)} AND {column.cell} {operator} ?", (literal.value,))
    value = literal.value if isinstance(literal.value, str) else literal.text
    return Filter(f"coalesce({column.written}, {column.as_typed_text}) {operator} ?", (value,))


def _is_comparable(literal: Literal, column: StoredColumn) -> bool:
    """Whether the column holds something of the kind of the value, or nothing at all."""
    if literal.value is None or (literal.text is not None and column.holds(literal.text)):
        return True
    kinds = [NUMBERS] if literal.is_number else [BOOLEANS] if isinstance(literal.value, bool) else []
    kinds += [TEXT, DATES] if literal.quoted or isinstance(literal.value, str) else []
    return any(column.example(kind) for kind in kinds) or column.content() is None


def _unlike(literal: Literal, column: StoredColumn) -> InputError:
    kind, example = column.content() or (TEXT, None)
    advice = f"compare it with {kind}"
    if kind == TEXT:
        advice = "put the value in quotes to compare texts, or add the rows again with values of one kind"
        advice = "write dates as 2024-01-31 in the file, and add it again" if literal.is_date else advice
    such = f", such as {example}" if example else ""
    return InputError(f"column {column.name} holds {kind}{such}, and the filter compares it with {literal}: {advice}")


class _Parser:
    """Parses a filter by recursive descent."""

    def __init__(self, text: str, columns: StoredColumns) -> None:
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
        literals = self._values() if operator == "in" else [self._value()]
        return _condition(_unquoted(column), operator, literals, self._columns)

    def _values(self) -> list[Literal]:
        if not self._accept("symbol", "("):
            raise self._error('`in` is followed by values in brackets, as in brand in (acme, "b & c")')
        values = [self._value()]
        while self._accept("symbol", ","):
            values.append(self._value())
        self._close()
        return values

    def _value(self) -> Literal:
        kind, text = self._take("a value")
        if kind == "symbol":
            raise self._error(f"a value was expected, found {text!r}")
        if kind == "quoted":
            return Literal(typed(_unquoted(text)), _unquoted(text), quoted=True)
        return Literal.bare(text)


def _unquoted(token: str) -> str:
    quote = token[0]
    return token[1:-1].replace(quote * 2, quote) if quote in "\"'`" else token
