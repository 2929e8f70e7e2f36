"""The contents of an index, read with SQLite alone."""

import sqlite3

MODES = ("hybrid", "vector", "text")


def ids_of(hits):
    return [hit.id for hit in hits]


def count_texts(collection):
    """Return the number of texts, after checking that all tables have as many and that FTS5 is consistent."""
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


def made_index(path, model, settings):
    """Return a new collection whose cache has other settings than the default."""
    from likewise.index.collection import Collection
    from likewise.index.record import Record

    Collection.create(path, model).close()
    return Collection(Record.open(path), model, settings)
