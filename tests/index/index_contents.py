"""What an index holds, looked at from outside."""

import sqlite3

MODES = ("hybrid", "vector", "text")


def ids_of(hits):
    return [hit.id for hit in hits]


def tables(collection):
    """How many rows each table holds, and that FTS5 finds its own structures whole."""
    connection = sqlite3.connect(collection.path / "record.sqlite")
    counts = {
        connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("texts", "vectors", "fields")
    }
    counts.add(connection.execute("SELECT value FROM settings WHERE name = 'texts'").fetchone()[0])
    counts.add(connection.execute("SELECT count(*) FROM words_docsize").fetchone()[0])
    connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")
    connection.close()
    assert len(counts) == 1, counts
    return counts.pop()
