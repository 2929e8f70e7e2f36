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

# Each call adds this many texts of one mark, all or none.
TOGETHER = 40

WRITER = f"""
import sys
from index_embedders import Hashed
from likewise.index import vectors
from likewise.index.collection import Collection
vectors.FEW = 100  # so that the cache is made often
with Collection.open(sys.argv[1], Hashed()) as index:
    for mark in range(int(sys.argv[2]), int(sys.argv[3])):
        print(mark, flush=True)
        ids = [f"{{mark}} {{n}}" for n in range({TOGETHER})]
        index.add([f"zoom mark{{mark}} number{{n}}" for n in range({TOGETHER})], ids=ids, mark=[mark] * {TOGETHER})
        index.delete([f"{{mark - 3}} {{n}}" for n in range({TOGETHER})])
"""

READER = f"""
import sys
from index_embedders import Hashed
from likewise.index import vectors
from likewise.index.collection import Collection
vectors.FEW = 100
with Collection.open(sys.argv[1], Hashed()) as index:
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


def assert_whole(path):
    """Every table agrees, no write is there in part, and the index goes on working."""
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


def test_two_read_while_one_writes(tmp_path):
    """What the readers find is always a whole number of writes, in every mode."""
    path = tmp_path / "a.index"
    Collection.create(path, Hashed()).close()
    readers = [process(READER, path, 24) for _ in range(2)]
    writer = process(WRITER, path, 1, 26)
    for one in (writer, *readers):
        _, errors = one.communicate(timeout=60)
        assert one.returncode == 0, errors
    assert_whole(path)


def test_two_writers_take_turns(tmp_path):
    path = tmp_path / "a.index"
    Collection.create(path, Hashed()).close()
    writers = [process(WRITER, path, start, start + 8) for start in (100, 200)]
    for one in writers:
        _, errors = one.communicate(timeout=60)
        assert one.returncode == 0, errors
    assert_whole(path)
    with Collection.open(path, Hashed()) as index:
        assert len(index) == 2 * 3 * TOGETHER


@pytest.mark.parametrize("kills", [3, pytest.param(12, marks=pytest.mark.slow)])
def test_a_killed_writer_leaves_before_or_after(tmp_path, kills):
    path, moments = tmp_path / "a.index", random.Random(kills)
    Collection.create(path, Hashed()).close()
    start = 1
    for _ in range(kills):
        writer = process(WRITER, path, start, 10**6)
        for _ in range(moments.randint(1, 8)):
            start = int(writer.stdout.readline()) + 1
        time.sleep(moments.random() * 0.03)
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        assert_whole(path)
