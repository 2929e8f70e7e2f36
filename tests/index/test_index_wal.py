"""Readers who may not write, or have no disk space left, and an index that is replaced under an open handle."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from index_contents import MODES, ids_of
from index_embedders import Hashed, sentences

import likewise
from likewise.errors import InputError, LikewiseError
from likewise.index.collection import Collection
from likewise.index.record import Record
from likewise.index.vector_cache import CacheSettings

TOGETHER = 40  # texts of each call, all or none


@pytest.fixture
def path(tmp_path):
    Collection.create(tmp_path / "a.index", Hashed()).close()
    return tmp_path / "a.index"


@contextmanager
def not_permitted():
    """What is opened within may not write to any file."""
    with pytest.MonkeyPatch.context() as patch:
        access = os.access
        patch.setattr(os, "access", lambda file, how: not how & os.W_OK and access(file, how))
        yield


def opened_to_read(path):
    with not_permitted():
        return Collection(Record.open(path, wait_seconds=0.1), Hashed())


@contextmanager
def full_disk():
    """No file can grow: SQLite meets the errors of a disk without space."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_reader_sees_what_an_idle_writer_has_committed(path):
    with Collection.open(path, Hashed()) as writer:
        writer.add(["a loud fan", "a quiet fan", "another text"])
        with opened_to_read(path) as reader:
            for mode in MODES:
                assert ids_of(reader.search("quiet fan", 1, mode)) == ["1"]
            writer.add(["a slow fan"])
            writer.delete(["1"])
            assert len(reader) == 3 and ids_of(reader.search("slow fan", 1)) == ["3"] and "1" not in reader


def test_a_reader_sees_what_a_killed_writer_has_committed(path, tmp_path):
    """A copy of the files of an open index is what a killed process leaves."""
    left = tmp_path / "left.index"
    with Collection.open(path, Hashed()) as writer:
        writer.add(["a loud fan", "a quiet fan"])
        shutil.copytree(path, left)
    assert (left / "record.sqlite-wal").stat().st_size
    with opened_to_read(left) as reader:
        assert len(reader) == 2 and ids_of(reader.search("quiet fan", 1)) == ["1"]
    (left / "record.sqlite-shm").unlink()
    with pytest.raises(
        InputError, match=r"left\.index was left by a process that was stopped while it wrote"
    ) as refused:
        opened_to_read(left)
    assert "\n" not in str(refused.value)
    with Collection.open(left, Hashed()) as repaired:
        assert len(repaired) == 2
    with opened_to_read(left) as reader:
        assert len(reader) == 2


def test_a_reader_leaves_no_file(path):
    before = sorted(path.iterdir())
    with opened_to_read(path) as reader:
        assert reader.search("fan") == []
        assert sorted(path.iterdir()) == before
    assert sorted(path.iterdir()) == before


def test_writers_that_come_and_go_between_reads(path):
    with opened_to_read(path) as reader:
        for round_ in range(3):
            with Collection.open(path, Hashed()) as writer:
                writer.add(sentences(300, round_))
            assert len(reader) == 300 * (round_ + 1)
            for mode in MODES:
                assert len(reader.search("battery", 1000, mode)) == len(reader.search("battery", 1000, mode)) > 0


def test_a_writer_waits_for_a_read_without_locks(path):
    with opened_to_read(path) as reader:
        with reader._record.reading(), Collection(Record.open(path, wait_seconds=0.1), Hashed()) as writer:
            with pytest.raises(LikewiseError, match=r"has been reading it for 0\.1 s: nothing was written"):
                writer.add(["x"])
            assert len(writer) == 0
        with Collection.open(path, Hashed()) as writer:
            assert writer.add(["x"]) == 1 and len(reader) == 1


def test_a_reader_may_not_write(path):
    with opened_to_read(path) as reader:
        for write in (lambda: reader.add(["x"]), lambda: reader.delete(["x"]), reader.build):
            with pytest.raises(InputError, match=r"cannot write to .*: this user has no permission"), not_permitted():
                write()
        assert len(reader) == 0


@pytest.mark.parametrize("name", ["a.index", "record.sqlite"])
def test_a_file_that_may_not_be_read(path, monkeypatch, name):
    monkeypatch.setattr(os, "access", lambda file, how: Path(file).name != name)
    with pytest.raises(InputError, match=f"{name} may not be read by this user: its owner must permit it"):
        Collection.open(path, Hashed())


def test_a_part_of_the_cache_that_may_not_be_removed(path, monkeypatch):
    few = CacheSettings(few_changes=10)
    with Collection(Record.open(path), Hashed(), few) as index:
        index.add(sentences(50))
    (path / "vectors.cache").unlink()
    part = path / ".vectors.cache.0123.part"
    part.write_bytes(b"x")
    os.utime(part, (0, 0))

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(Path, "unlink", refuse)
    with not_permitted(), Collection(Record.open(path), Hashed(), few) as reader:
        assert len(reader.search("battery", 5, "vector")) == 5


def test_a_full_disk_can_be_searched(path):
    few = CacheSettings(few_changes=10)
    with Collection(Record.open(path), Hashed(), few) as index:
        index.add(sentences(50))
    (path / "vectors.cache").unlink()
    with full_disk(), Collection(Record.open(path), Hashed(), few) as index:
        for mode in MODES:
            assert len(index.search("battery", 5, mode)) == 5
        with pytest.raises(LikewiseError, match=r"the disk is full: .* is unchanged|disk I/O error"):
            index.add(["one more"])
        assert len(index) == 50 == len(index.search("battery", 99, "vector"))
    with Collection(Record.open(path), Hashed(), few) as index:
        assert index.add(["one more"]) == 1 and len(index) == 51


def test_a_disk_that_has_space_again(path):
    with full_disk():
        index = Collection.open(path, Hashed())
        assert len(index) == 0
    with index:
        assert index.add(["one more"]) == 1 and ids_of(index.search("more")) == ["0"]


@pytest.mark.parametrize("how", ["replaced", "removed", "moved"])
def test_no_operation_on_an_index_that_is_gone(path, how):
    index = Collection.open(path, Hashed())
    index.add(["one text", "two texts"], ids=["a", "b"])
    if how == "replaced":
        Collection.create(path, Hashed(), overwrite=True).close()
    elif how == "removed":
        shutil.rmtree(path)
    else:
        path.rename(path.with_name("b.index"))
    operations = [
        lambda: index.add(["lost"]),
        lambda: index.delete(["a"]),
        lambda: index.search("text"),
        lambda: index.like("a"),
        lambda: index.get("a"),
        lambda: len(index),
        lambda: "a" in index,
        lambda: index.overlap("text"),
        lambda: index.sample(1, np.random.default_rng(0)),
        lambda: index.generation,
        index.describe,
        index.build,
    ]
    for operation in operations:
        with pytest.raises(LikewiseError, match="was replaced, moved or removed after it was opened") as refused:
            operation()
        assert "\n" not in str(refused.value)
    index.close()


def test_an_index_that_is_replaced_while_it_is_written(path):
    index = Collection.open(path, Hashed())
    with pytest.raises(LikewiseError, match="was replaced"), index._record.writing():
        Collection.create(path, Hashed(), overwrite=True).close()
    index.close()


@pytest.mark.parametrize("close", [True, False])
def test_an_old_handle_leaves_the_log_of_the_new_index(path, close):
    """SQLite removes the log by its name when the last connection to the old file is closed."""
    old = Collection.open(path, Hashed())
    old.add(["old"])
    with Collection.create(path, Hashed(), overwrite=True) as new:
        new.add(["new"], ids=["n"])
        if close:
            old.close()
        del old
        assert (path / "record.sqlite-wal").stat().st_size
        with Collection.open(path, Hashed()) as other:
            assert "n" in other


def test_another_working_directory(path, monkeypatch, tmp_path):
    monkeypatch.chdir(path.parent)
    with Collection.open(path.name, Hashed()) as index:
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        assert index.add(["a fan"]) == 1 and ids_of(index.search("fan")) == ["0"]
        assert index.path.exists()


def test_a_forked_process_connects_anew(path):
    with Collection.open(path, Hashed()) as index:
        index.add(["a fan"])
        child = os.fork()
        if not child:
            found = len(index) == 1 and ids_of(index.search("fan", mode="text")) == ["0"]
            index.close()
            os._exit(0 if found else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert (path / "record.sqlite-wal").exists() and len(index) == 1


READER = f"""
import collections, os, random, sys
from pathlib import Path
import numpy.ma  # numpy loads it when first needed, when this user may not read its folder any more
from index_embedders import Hashed
from likewise.index.collection import Collection
if os.getuid():
    access = os.access
    os.access = lambda file, how: not how & os.W_OK and access(file, how)
else:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
path, reads, kept = Path(sys.argv[1]), 0, None
while not (path.parent / "end").exists():
    if kept is None or random.random() < 0.3:
        kept = Collection.open(path, Hashed())
    for mode in ("vector", "text"):
        marks = collections.Counter(hit.columns["mark"] for hit in kept.search("zoom", 100_000, mode))
        assert set(marks.values()) <= {{{TOGETHER}}} and len(marks) in (3, 4), (mode, marks)
        reads += 1
print(reads)
"""

WRITER = f"""
import os, random, signal, sys, time
from pathlib import Path
from index_embedders import Hashed
from likewise.index.collection import Collection
random.seed(0)
for mark in range(3, 28):
    child = os.fork()
    if not child:
        with Collection.open(Path(sys.argv[1]), Hashed()) as index:
            texts = [f"zoom {{mark}} number {{n}} {{'word ' * 60}}" for n in range({TOGETHER})]
            index.add(texts, ids=[f"{{mark}} {{n}}" for n in range({TOGETHER})], mark=[mark] * {TOGETHER})
            index.delete([f"{{mark - 3}} {{n}}" for n in range({TOGETHER})])
            if random.random() < 0.2:
                os.kill(os.getpid(), signal.SIGKILL)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) in (0, -signal.SIGKILL)
    time.sleep(random.random() * 0.05)
"""


@pytest.mark.slow
def test_readers_without_permission_while_writers_come_go_and_are_killed():
    """Law: whatever a writer does, and however it ends, a reader sees whole writes and no error."""
    environment = os.environ | {"NUMBA_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = f"{Path(likewise.__path__[0]).parent}{os.pathsep}{Path(__file__).parent}"

    def run(code, path):
        command = [sys.executable, "-c", code, str(path)]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    with tempfile.TemporaryDirectory() as parent:
        Path(parent).chmod(0o755)
        path = Path(parent) / "a.index"
        with Collection.create(path, Hashed()) as index:
            for mark in range(3):
                ids = [f"{mark} {n}" for n in range(TOGETHER)]
                index.add([f"zoom {n}" for n in range(TOGETHER)], ids=ids, mark=[mark] * TOGETHER)
        readers = [run(READER, path) for _ in range(2)]
        writer = run(WRITER, path)
        _, errors = writer.communicate(timeout=120)
        (Path(parent) / "end").touch()
        assert writer.returncode == 0, errors
        for reader in readers:
            reads, errors = reader.communicate(timeout=60)
            assert reader.returncode == 0 and int(reads) > 10, errors


def test_the_log_is_limited_while_readers_come_and_go(path):
    """SQLite alone begins a log anew only at a moment without readers: here there is none."""
    ended = threading.Event()

    def read():
        with Collection.open(path, Hashed()) as reader:
            while not ended.is_set():
                with reader._record.reading() as connection:
                    connection.execute("SELECT count(*) FROM texts").fetchone()
                    time.sleep(0.002)

    with Collection.open(path, Hashed()) as writer, ThreadPoolExecutor(3) as pool:
        writer._record._wal.large_log = writer._record._wal._largest_log = 500_000
        readers = [pool.submit(read) for _ in range(3)]
        sizes = []
        for number in range(100):
            writer.add(sentences(TOGETHER, seed=number))
            sizes.append((path / "record.sqlite-wal").stat().st_size)
        ended.set()
        for each in readers:
            each.result()
    assert 500_000 < max(sizes) < 2_000_000  # of 5,000,000 that were written
    with Collection.open(path, Hashed()) as index:
        assert len(index) == 100 * TOGETHER
