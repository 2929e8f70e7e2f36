"""Filters against a loop in Python over the same rows."""

import operator
import re
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.corpus.values import typed
from likewise.errors import InputError
from likewise.index.column_types import StoredColumns
from likewise.index.columns import from_cell, to_cell, to_cells
from likewise.index.filters import parse

COLUMNS = {"price": 0, "brand": 1, "unit price": 2, "in stock": 3}
ROWS = [
    (5, "acme", 0.5, True),
    (10, "Zeta", 2.5, False),
    (15, 'a "quoted" name', None, None),
    (None, None, 7, True),
    ("free", "", -1, "yes"),
    (2**60, "ümlaut", 1e300, False),
]


def passing(where, columns=COLUMNS, rows=ROWS):
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE texts (row_id INTEGER PRIMARY KEY, id TEXT, text TEXT)")
    sides = ", ".join(f"c{place}, o{place}" for place in range(len(rows[0])))
    connection.execute(f"CREATE TABLE fields (row_id INTEGER PRIMARY KEY, {sides})")
    for number, row in enumerate(rows):
        connection.execute("INSERT INTO texts VALUES (?, ?, ?)", (number, f"id{number}", f"text {number}"))
        cells = [cell for value in row for cell in to_cells(value, "x")]
        connection.execute(f"INSERT INTO fields VALUES (?{', ?' * len(cells)})", (number, *cells))
    made = parse(where, StoredColumns(columns, connection, {}))
    found = sorted(number for (number,) in connection.execute(made.sql, made.parameters))
    connection.close()
    return found


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("price < 11", [0, 1]),
        ("price <= 10 and brand = acme", [0]),
        ("brand = \"acme\" or brand = 'Zeta'", [0, 1]),
        ("price > 5", [1, 2, 5]),
        ("price >= 10 AND NOT brand = Zeta", [2, 5]),
        ("brand != acme", [1, 2, 3, 4, 5]),
        ("brand = null", [3, 4]),
        ("brand != none", [0, 1, 2, 5]),
        ("not price < 11", [2, 3, 4, 5]),
        ("price in (5, 15, free)", [0, 2, 4]),
        ("price in (5, null)", [0, 3]),
        ("brand like 'z%'", [1]),
        ("brand like '%\"quoted\"%'", [2]),
        ('brand = "a ""quoted"" name"', [2]),
        ("`unit price` < 1", [0, 4]),
        ('"unit price" = 2.5', [1]),
        ("`unit price` < -.5", [4]),
        ("`unit price` > 1e3", [5]),
        ("`in stock` = true", [0, 3]),
        ("`in stock` == false", [1, 5]),
        ("`in stock` <> false", [0, 2, 3, 4]),
        ("`in stock` = yes", [4]),
        ("id = id3", [3]),
        ("id in (id1, id2) and text like '%1'", [1]),
        ("text = 'text 4'", [4]),
        ("(price < 11 or price = free) and (brand = acme or brand = '')", [0, 4]),
        ("price < 6 or price > 11 and brand = ümlaut", [0, 5]),
        ("price = 1152921504606846976", [5]),
        ("price < 99999999999999999999", [0, 1, 2, 5]),
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"brand": "acme", "price": ("<", 10)}, [0]),
        ({"price": [5, 10]}, [0, 1]),
        ({"price": {5, 10}}, [0, 1]),
        ({"price": (5, 10)}, [0, 1]),
        ({"in stock": True}, [0, 3]),
        ({"brand": None}, [3, 4]),
        ({"price": (">", 5), "brand": ("LIKE", "%a")}, [1]),
        ({"price": ("in", range(20))}, [0, 1, 2]),
        ({"price": []}, []),
        ({"price": "10"}, [1]),
        ("`unit price` = '2.50'", [1]),
    ],
)
def test_finds(where, expected):
    """Closed form: the rows were picked by hand."""
    assert passing(where) == expected


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("pric < 3", "did you mean 'price'"),
        ({"zzzzzz": 3}, "the columns are price, brand"),
        ("price", "an operator"),
        ("price <", "a value was expected at the end"),
        ("price < <", "a value was expected, found '<'"),
        ("< 3", "a column was expected, found '<'"),
        ("", "a column was expected at the end"),
        ("price < 3 brand = acme", "`and`, `or` or the end"),
        ("price near 3", "an operator"),
        ("price in 3", "brackets"),
        ("price in (3, 4", "a closing )"),
        ("(price < 3", "a closing )"),
        ('brand = "open', "a quote is not closed"),
        ("price < true", "compares with a number or text"),
        ({"price": ("<", None)}, "compares with a number or text"),
        ({"price": ("in", "abc")}, "expects a list"),
        ({"price": ("like", 3)}, "a pattern of text"),
        ({"price": [[1]]}, "holds a list"),
        ("price ~ 3", "an operator"),
        ({"price": ("~", [3])}, "holds a list"),
        ({"price": 2**70}, "64 bits"),
        ("not " * 60 + "price < 3", "nested deeper"),
        ("(" * 60 + "price < 3", "nested deeper"),
        (" and ".join(["price < 3"] * 500), "conditions"),
        ({"price": list(range(40_000))}, "values"),
        ("brand = " + "x" * 100 + " y", "..."),
    ],
)
def test_refuses(where, message):
    with pytest.raises(InputError, match=re.escape(message)) as refused:
        passing(where)
    assert "\n" not in str(refused.value)


values = st.one_of(
    st.integers(-20, 20),
    st.floats(-20, 20),
    st.booleans(),
    st.text(st.characters(categories=["L"]), max_size=8).filter(lambda text: typed(text) == text),
)
KINDS = {"price": {float, str}, "brand": {str}, "unit price": {float}, "in stock": {bool, str}}
COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@given(st.sampled_from(list(COLUMNS)), st.sampled_from(["=", "!=", *COMPARISONS]), values)
def test_agrees_with_python(column, sign, value):
    """Slow loop: the same condition in Python over the same rows; the text form agrees with the Python form."""
    if sign in COMPARISONS and isinstance(value, bool):
        return

    def holds(own):
        own = from_cell(to_cell(own, "x"))
        alike = isinstance(own, str) == isinstance(value, str) and isinstance(own, bool) == isinstance(value, bool)
        if sign == "=":
            return alike and own == value
        if sign == "!=":
            return not (alike and own == value)
        return own is not None and not isinstance(own, bool) and alike and COMPARISONS[sign](own, value)

    kind = float if type(value) is int else type(value)
    if kind not in KINDS[column]:
        with pytest.raises(InputError, match="and the filter compares it with"):
            passing({column: (sign, value)})
        return
    expected = [number for number, row in enumerate(ROWS) if holds(row[COLUMNS[column]])]
    assert passing({column: (sign, value)}) == expected
    spelt = '"' + value.replace('"', '""') + '"' if isinstance(value, str) else str(value).lower()
    assert passing(f"`{column}` {sign} {spelt}") == expected


@given(st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("'\"`;()=<>, ")), max_size=40))
def test_any_text_is_parsed_or_refused(text):
    """Law: any text gives rows or an error of one line, and no SQL error: no text becomes SQL."""
    for where in (text, f"price = {text}", {"brand": text}, {text: 1}, {"brand": ("like", text)}):
        try:
            passing(where)
        except InputError as refused:
            assert "\n" not in str(refused).replace(repr(text), "")


def test_values_never_reach_the_sql():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE fields (row_id INTEGER PRIMARY KEY, c0, o0, c1, o1)")
    for evil in ("'; DROP TABLE texts; --", '" OR 1=1 --', "c0) OR (1"):
        made = parse({"brand": evil}, StoredColumns(COLUMNS, connection, {}))
        assert evil not in made.sql and made.parameters == (evil,)
        made = parse({evil: 3}, StoredColumns({evil: 0}, connection, {}))
        assert made.sql == "SELECT row_id FROM fields WHERE (fields.c0 IS ?)"
    connection.close()


# A price, a flag, a version, a code, a large number, a euro price and a date, as spreadsheets and databases write them.
CELLS = [
    ("12.5", "True", "1.10", "1e5", "12345678901234567890", "12,50", "2024-01-05"),
    (" 6100", "FALSE", "1.2", "007", "12345678901234567891", "1.234,00", "2024-01-06T01:00:00+02:00"),
    ("$44.00", "true ", "2.0", "NA", "5", "9,00 €", "2024/02/01"),
    ("NULL", "", "1.1", "A17", "", "", "\\N"),
    ("1,044.50", "false", "10", "300", "17", "-3,5", "2023-12-31 23:30:00Z"),
]
NAMES = {name: place for place, name in enumerate(["price", "sold", "ver", "code", "big", "euro", "day"])}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("price < 13", [0]),
        ("price >= 44", [1, 2, 4]),
        ("price = 44", [2]),
        ("price = 6100", [1]),
        ('price < "13"', [0]),
        ('price = "$44.00"', [2]),
        ("price = null", [3]),
        ("price = NULL", [3]),
        ("sold = true", [0, 2]),
        ("sold = false", [1, 4]),
        ('sold = "TRUE"', [0, 2]),
        ("sold = null", [3]),
        ('ver = "1.10"', [0]),
        ("ver = 1.1", [0, 3]),
        ("ver > 1.5", [2, 4]),
        ('code = "1e5"', [0]),
        ("code = 007", [1]),
        ('code = "007"', [1]),
        ('code = "300"', [4]),
        ("code = NA", [2]),
        ("code = null", []),
        ('code in (A17, "300", null)', [3, 4]),
        ("big = 12345678901234567890", [0]),
        ('big = "12345678901234567891"', [1]),
        ("big > 17", [0, 1]),
        ("euro < 10", [2, 4]),
        ("euro > 1000", [1]),
        ("day >= 2024-01-05", [0, 1, 2]),
        ('day < "2024-01-05"', [4]),
        ("day = 2024-02-01", [2]),
        ('day = "2024-01-05T23:00:00"', [1]),
        ("day = null", [3]),
        ("price like '%,%'", [4]),
        ({"price": ("<", 50)}, [0, 2]),
        ({"sold": True}, [0, 2]),
        ({"code": "1e5"}, [0]),
        ({"price": [44, 12.5]}, [0, 2]),
    ],
)
def test_cells_written_by_people(where, expected):
    """Closed form: the rows that a person sees."""
    assert passing(where, NAMES, CELLS) == expected


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("a < 10", "column a holds text, such as 'ten' (id 'id0'), and the filter compares it with the number 10"),
        ("a = true", "column a holds text, such as 'ten'"),
        ({"a": 3}, "column a holds text"),
        ("not a = 3", "column a holds text"),
        ("b = cheap", "column b holds numbers, such as 1 (id 'id0')"),
        ("b > cheap", "column b holds numbers"),
        ("f > cheap", "column f holds numbers, such as '7.50'"),
        ('f = "cheap"', "column f holds numbers"),
        ("g = yes", "column g holds true or false, such as 'true'"),
        ("b = true", "column b holds numbers"),
        ("c > 2024-01-01", "column c holds text, such as '05/03/2024'"),
        ("d > 2020", "column d holds dates, such as '2024-01-05'"),
        ("e < 3", "column e holds '12,50' and '1.234', which may be thousands or a fraction"),
        ("text < 3", "column text holds text"),
    ],
)
def test_unlike_things_are_not_compared(where, message):
    rows = [
        ("ten", 1, "05/03/2024", "2024-01-05", "12,50", "NaN", "true"),
        ("two", 2, "06/03/2024", "2024-01-06", "1.234", "7.50", "NULL"),
    ]
    with pytest.raises(InputError, match=re.escape(message)) as refused:
        passing(where, {name: place for place, name in enumerate("abcdefg")}, rows)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("where", "found", "message"),
    [
        ("a < 10", [0], "column a also holds text, such as 'call us' (id 'id1')"),
        ('a = "7"', [], "column a has no '7', but '7.00' (id 'id0')"),
    ],
)
def test_what_a_comparison_leaves_out_is_logged(where, found, message, caplog):
    assert passing(where, {"a": 0}, [("7.00",), ("call us",), ("12",)]) == found
    assert message in caplog.text


numbers = st.one_of(st.integers(-(10**12), 10**12), st.integers(-(10**8), 10**8).map(lambda cents: cents / 100))
WRITINGS = [
    str,
    lambda number: f" {number}\t",
    lambda number: f"{number:.2f}",
    lambda number: f"${number:,.2f}",
    lambda number: f"{number:,.2f} EUR",
    lambda number: f"{number:,.2f}".translate(str.maketrans(",.", ".,")),
    lambda number: f"{number:,.2f}".translate(str.maketrans(",.", "\u00a0,")),
]


@given(st.lists(st.tuples(numbers, st.sampled_from(WRITINGS)), min_size=1, max_size=8), numbers)
def test_a_number_is_found_however_it_is_written(cells, bound):
    """Slow loop: comparisons of the numbers themselves."""
    rows = [(write(number),) for number, write in cells]
    for sign, compare in COMPARISONS.items():
        expected = [place for place, (number, _) in enumerate(cells) if compare(number, bound)]
        assert passing({"a": (sign, bound)}, {"a": 0}, rows) == expected


@given(st.lists(st.text(max_size=12) | st.sampled_from(["1e5", "007", "NA", "NULL", " a", "true", "1,5"]), min_size=1))
def test_a_cell_is_found_by_its_own_text(texts):
    """Law: whatever a cell is taken for, quoting its text finds it, and the text comes back."""
    for place, text in enumerate(texts):
        assert from_cell(*to_cells(text, "x")) == to_cell(text, "x")
        assert place in passing({"a": text}, {"a": 0}, [(each,) for each in texts])
