"""The cache of vectors: when it is computed, how damage is repaired, and that no result depends on it."""

import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_contents import made_index
from index_embedders import Given, Hashed, sentences

from likewise.index.codes import BinaryCodes
from likewise.index.collection import Collection
from likewise.index.record import Record
from likewise.index.vector_cache import FILE, Cache, CacheSettings
from likewise.index.vectors import VectorIndex

SMALL = CacheSettings(few_changes=25)
APPROXIMATE = CacheSettings(few_changes=25, exact_components=1000, min_shortlist=100, target_recall=0.95)


@pytest.fixture
def index(tmp_path):
    with made_index(tmp_path / "a.index", Hashed(), SMALL) as collection:
        collection.add(sentences(400))
        yield collection


def reopened(path, model=None, settings=SMALL):
    return Collection(Record.open(path), model or Hashed(), settings)


def results(index):
    return [
        [(hit.id, hit.score) for hit in hits]
        for where in (None, "id > 2", "id in (1, 2, 3)")
        for hits in index.search_many(["zoom battery", "warm", "ticket wheel"], 15, "vector", where)
    ]


def generation(index):
    return Cache.open(index.path / FILE, index._record.setting("collection")).generation


def test_few_texts_need_no_cache(tmp_path):
    with made_index(tmp_path / "b.index", Hashed(), SMALL) as index:
        index.add(sentences(25))
        assert len(results(index)[0]) == 15 and not (index.path / FILE).exists()
        index.add(["one more"])
        assert (index.path / FILE).exists()


def test_it_is_computed_again_only_after_many_changes(index):
    assert generation(index) == 1
    index.add(["a", "b"])
    index.delete(["3"])
    assert results(index) and generation(index) == 1
    index.add([f"fresh {n}" for n in range(20)])
    assert generation(index) == 1
    index.delete(["4", "5", "6"])
    assert results(index) and generation(index) == 5
    index.delete([str(n) for n in range(100, 130)])
    assert results(index) and generation(index) == 6


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.unlink(),
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(b"rubbish" * 5000),
        lambda file: file.write_bytes(file.read_bytes()[:-64]),
        lambda file: file.write_bytes(file.read_bytes().replace(b'"rows": 400', b'"rows": 300')),
        lambda file: file.write_bytes(file.read_bytes().replace(b"vectors 3", b"vectors 9")),
        lambda file: file.write_bytes(b"likewise vectors 3\n1\n[]" + bytes(5000)),
    ],
)
def test_a_damaged_cache_is_computed_again(index, damage):
    """Two paths: the results before and after."""
    expected = results(index)
    index._searcher.vectors.cache = None  # releases the map: a file that is cut under it kills the process
    damage(index.path / FILE)
    for _ in range(2):
        with reopened(index.path) as other:
            assert results(other) == expected
        assert generation(index) == 1


def test_the_cache_of_another_collection_is_not_used(index, tmp_path):
    with made_index(tmp_path / "b.index", Hashed(), SMALL) as other:
        other.add(sentences(400, seed=9))
        expected = results(other)
        (index.path / FILE).replace(other.path / FILE)
        with reopened(other.path) as again:
            assert results(again) == expected


def test_a_reader_with_an_old_map_keeps_working(index):
    """Two readers agree whether or not the file was replaced under one of them."""
    with reopened(index.path) as reader:
        before = results(reader)
        old = reader._searcher.vectors.cache
        index.add([f"zoom {n}" for n in range(60)])
        assert generation(index) == 2
        codes = old.codes.values.copy()
        assert results(reader) == results(index) != before
        assert reader._searcher.vectors.cache.generation == 2
        np.testing.assert_array_equal(old.codes.values, codes)


def test_a_map_from_before_the_list_of_removals_was_cleared(index):
    with reopened(index.path) as reader:
        results(reader)
        gone = [hit.id for hit in index.search("zoom battery", 15, "vector")]
        index.delete(gone)
        index.build()
        assert index._record.connection.execute("SELECT count(*) FROM removed").fetchone() == (0,)
        (index.path / FILE).unlink()
        assert not set(gone) & {id for id, _ in results(reader)[0]}
        assert results(reader) == results(index)


def test_parts_of_a_killed_process_are_removed_after_a_day(index):
    old, young = index.path / f".{FILE}.0.part", index.path / f".{FILE}.1.part"
    for part in (old, young):
        part.write_bytes(b"x")
    os.utime(old, (0, time.time() - 100_000))
    index.build()
    assert old.exists()  # the cache was up to date: nothing was computed
    index.add(["a"])
    index.build()
    assert not old.exists() and young.exists()


def test_a_part_that_another_process_has_just_renamed(index, monkeypatch):
    """A file that is in the listing of the folder, and gone when its age is read."""
    listed, gone = Path.glob, index.path / f".{FILE}.gone.part"
    monkeypatch.setattr(Path, "glob", lambda self, pattern: [*listed(self, pattern), gone])
    index.add(["a"])
    index.build()
    assert (index.path / FILE).exists()


def test_with_a_full_disk_the_cache_stays_in_memory(index, monkeypatch):
    expected = results(index)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    (index.path / FILE).unlink()
    with reopened(index.path) as other:
        assert results(other) == expected
    assert [file.name for file in index.path.iterdir() if "cache" in file.name] == []


@pytest.fixture(scope="module")
def clusters():
    """Vectors in clusters, one of them zero."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((30, 16))
    rows = (centres[rng.integers(0, 30, 2000)] + 0.4 * rng.standard_normal((2000, 16))).astype(np.float32)
    rows[5] = 0
    return Given(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))


@pytest.fixture
def approximate(tmp_path, clusters):
    with made_index(tmp_path / "c.index", clusters, APPROXIMATE) as index:
        index.add([str(n) for n in range(2000)], n=range(2000))
        yield index


def exact_results(index, query, k, passes=lambda n: True):
    vectors = index._stored_model.documents([str(n) for n in range(2000)]).astype(np.float64)
    scores = np.round(vectors @ index.model.vectors[query].astype(np.float64), 9)
    return [str(n) for n in np.argsort(-scores, kind="stable") if passes(n) and vectors[n].any()][:k]


def test_approximate_search_reaches_its_recall(approximate):
    """The recall of `describe` holds for other queries of the same kind, within the error of 100 of them."""
    known = approximate.describe()
    assert known.kind == "approximate" and 0.95 <= known.recall <= 1
    assert 100 <= approximate._searcher.vectors.cache.binary.shortlist_size < 2000
    queries = np.random.default_rng(5).choice(2000, 100, replace=False)
    found = approximate.search_many([str(n) for n in queries], 10, "vector")
    shares = [
        np.isin([hit.id for hit in hits], exact_results(approximate, n, 10)).mean()
        for n, hits in zip(queries, found, strict=True)
    ]
    assert np.mean(shares) > 0.9


def test_both_searches_of_hybrid_choose_from_one_shortlist(approximate, monkeypatch):
    """The rows are estimated once a query, and what is found hardly differs from what two estimates find."""
    queries = [str(n) for n in np.random.default_rng(6).choice(2000, 50, replace=False)]
    estimated, estimates = [], BinaryCodes.estimates
    monkeypatch.setattr(
        BinaryCodes, "estimates", lambda self, *args: estimated.append(len(args[1])) or estimates(self, *args)
    )
    once = [{hit.id for hit in approximate.search(query)} for query in queries]
    assert sum(estimated) == len(queries)
    monkeypatch.setattr(VectorIndex, "shortlists", lambda *_: None)
    twice = [{hit.id for hit in approximate.search(query)} for query in queries]
    assert sum(estimated) == 3 * len(queries)
    assert np.mean([len(one & two) / len(two) for one, two in zip(once, twice, strict=True)]) > 0.98


def test_with_a_filter_it_finds_what_passes(approximate):
    for query in (3, 77):
        hits = approximate.search(str(query), 10, "vector", where="n >= 1950")  # fewer than the shortlist
        assert [hit.id for hit in hits] == exact_results(approximate, query, 10, lambda n: n >= 1950)
        hits = approximate.search(str(query), 10, "vector", where="n >= 1000")
        best = exact_results(approximate, query, 10, lambda n: n >= 1000)
        assert len({hit.id for hit in hits} & set(best)) >= 8 and all(int(hit.id) >= 1000 for hit in hits)


def test_approximate_search_sees_changes(approximate):
    own = approximate.search("3", 5, "vector")
    approximate.delete([own[1].id])
    approximate.add(["3"], ids=["again"])
    now = [hit.id for hit in approximate.search("3", 5, "vector")]
    assert now[:2] == ["3", "again"] and own[1].id not in now and len(now) == 5
    assert len(approximate.search("3", 1500, "vector")) == 1500


def test_hybrid_search_is_approximate_too(approximate):
    """Two paths: one query at a time, and several; and filters hold."""
    queries = ["3", "77", "1200"]
    together = approximate.search_many(queries, 10)
    assert together == [approximate.search(query, 10) for query in queries]
    for where, least in (("n >= 1990", 1990), ("n >= 1000", 1000)):
        assert all(int(hit.id) >= least for hit in approximate.search("3", 5, where=where))


def test_the_cache_is_the_same_every_time(approximate):
    bytes_before = (approximate.path / FILE).read_bytes()
    generation_before = generation(approximate)
    approximate._searcher.vectors.build(approximate._record.connection)
    assert (approximate.path / FILE).read_bytes() == bytes_before and generation(approximate) == generation_before


def test_an_approximate_index_of_blank_texts(tmp_path):
    settings = CacheSettings(few_changes=25, exact_components=100)
    with made_index(tmp_path / "d.index", Hashed(), settings) as index:
        index.add([""] * 50)
        assert index.search("x", mode="vector") == [] and index.describe().recall == 1.0


@settings(max_examples=10)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 60)), min_size=1, max_size=8))
def test_a_reader_follows_writes(steps):
    """Two paths: a reader that has followed every write finds what one finds that opens the index then."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.index"
        with made_index(path, Hashed(), SMALL) as writer, reopened(path) as reader:
            writer.add(sentences(60))
            for added, number in steps:
                if added:
                    writer.add(sentences(3, seed=number), ids=[str(number), str(number + 61), "same"])
                else:
                    writer.delete([str(number), "same"])
                results(reader)
            with reopened(path) as fresh:
                assert results(reader) == results(fresh)
