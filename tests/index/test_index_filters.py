"""Filters against a loop in Python over the same rows."""

import operator
import re
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.errors import InputError
from likewise.index.columns import from_cell, to_cell
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


def passing(where, columns=COLUMNS):
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE texts (row_id INTEGER PRIMARY KEY, id TEXT, text TEXT)")
    connection.execute("CREATE TABLE fields (row_id INTEGER PRIMARY KEY, c0, c1, c2, c3)")
    for number, row in enumerate(ROWS):
        connection.execute("INSERT INTO texts VALUES (?, ?, ?)", (number, f"id{number}", f"text {number}"))
        connection.execute("INSERT INTO fields VALUES (?, ?, ?, ?, ?)", (number, *(to_cell(v, "x") for v in row)))
    made = parse(where, columns)
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
        ("brand = null", [3]),
        ("brand != none", [0, 1, 2, 4, 5]),
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
        ({"brand": None}, [3]),
        ({"price": (">", 5), "brand": ("LIKE", "%a")}, [1]),
        ({"price": ("in", range(20))}, [0, 1, 2]),
        ({"price": []}, []),
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
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
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
    for evil in ("'; DROP TABLE texts; --", '" OR 1=1 --', "c0) OR (1"):
        made = parse({"brand": evil}, COLUMNS)
        assert evil not in made.sql and made.parameters == (evil,)
        made = parse({evil: 3}, {evil: 0})
        assert made.sql == "SELECT row_id FROM fields WHERE (fields.c0 IS ?)"
