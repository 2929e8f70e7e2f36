"""Several processes on one index, and processes that are killed."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from index_embedders import Hashed

import likewise
from likewise.index.collection import Collection

# Each call adds this many texts with one mark, all or none.
TOGETHER = 40

OPEN = """
import sys
from pathlib import Path
from index_embedders import Hashed
from likewise.index.collection import Collection
from likewise.index.record import Record
from likewise.index.vector_cache import CacheSettings
settings = CacheSettings(few_changes=100)  # so that the cache is computed often
"""

WRITER = f"""{OPEN}
with Collection(Record.open(Path(sys.argv[1])), Hashed(), settings) as index:
    for mark in range(int(sys.argv[2]), int(sys.argv[3])):
        print(mark, flush=True)
        ids = [f"{{mark}} {{n}}" for n in range({TOGETHER})]
        index.add([f"zoom mark{{mark}} number{{n}}" for n in range({TOGETHER})], ids=ids, mark=[mark] * {TOGETHER})
        index.delete([f"{{mark - 3}} {{n}}" for n in range({TOGETHER})])
"""

READER = f"""{OPEN}
with Collection(Record.open(Path(sys.argv[1])), Hashed(), settings) as index:
    seen = 0
    while seen < int(sys.argv[2]):
        for mode in ("vector", "text", "hybrid"):
            hits = index.search("zoom", 100_000, mode)
            marks = [hit.columns["mark"] for hit in hits]
            assert all(marks.count(mark) == {TOGETHER} for mark in set(marks)), (mode, marks)
            assert len({{hit.id for hit in hits}}) == len(hits)
            seen = max([seen, *marks])
print("done")
"""


def process(code, *arguments):
    paths = [str(Path(likewise.__path__[0]).parent), str(Path(__file__).parent)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "NUMBA_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def assert_intact(path):
    """Check that all tables agree, that no write is there in part, and that the index still works."""
    with Collection.open(path, Hashed()) as index:
        connection = sqlite3.connect(path / "record.sqlite")
        for table in ("texts", "vectors", "fields", "words_docsize"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == len(index)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")
        connection.close()
        for mode in ("vector", "text", "hybrid"):
            marks = [hit.columns["mark"] for hit in index.search("zoom", 100_000, mode)]
            assert all(marks.count(mark) == TOGETHER for mark in set(marks))
        before = len(index)
        index.add(["zoom once more"], ids=["extra"], mark=[-1])
        assert index.search("once more", 1)[0].id == "extra" and len(index) == before + 1
        index.delete(["extra"])


@pytest.mark.slow
def test_processes_read_and_write_at_once(tmp_path):
    """Two writers take turns, and a reader finds a whole number of writes at any time, in every mode."""
    path = tmp_path / "a.index"
    Collection.create(path, Hashed()).close()
    reader = process(READER, path, 206)
    writers = [process(WRITER, path, start, start + 8) for start in (100, 200)]
    for one in (*writers, reader):
        _, errors = one.communicate(timeout=120)
        assert one.returncode == 0, errors
    assert_intact(path)
    with Collection.open(path, Hashed()) as index:
        assert len(index) == 2 * 3 * TOGETHER


@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.nightly)])
def test_a_killed_write_happened_completely_or_not_at_all(tmp_path, kills):
    path, rng = tmp_path / "a.index", random.Random(kills)
    Collection.create(path, Hashed()).close()
    start = 1
    for _ in range(kills):
        writer = process(WRITER, path, start, 10**6)
        for _ in range(rng.randint(1, 8)):
            start = int(writer.stdout.readline()) + 1
        time.sleep(rng.random() * 0.03)
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        assert_intact(path)
