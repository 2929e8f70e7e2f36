"""The cache: when it is made, what happens to it, and that no answer depends on it."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from index_embedders import Given, Hashed, sentences

from likewise.index import vectors as cache_room
from likewise.index import vectors as vectors_room
from likewise.index.collection import Collection
from likewise.index.entries import stored_vectors
from likewise.index.vectors import FILE, Cache


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(vectors_room, "FEW", 25)


@pytest.fixture
def index(tmp_path):
    with Collection.create(tmp_path / "a.index", Hashed()) as collection:
        collection.add(sentences(400))
        yield collection


def answers(index):
    return [
        [(hit.id, hit.score) for hit in hits]
        for where in (None, "id > 2", "id in (1, 2, 3)")
        for hits in index.search_many(["zoom battery", "warm", "ticket wheel"], 15, "vector", where)
    ]


def generation(index):
    return Cache.open(index.path / FILE, index._record.setting("collection")).generation


def test_few_texts_need_no_cache(tmp_path):
    with Collection.create(tmp_path / "b.index", Hashed()) as index:
        index.add(sentences(25))
        assert len(answers(index)[0]) == 15 and not (index.path / FILE).exists()
        index.add(["one more"])
        assert (index.path / FILE).exists()


def test_it_is_made_anew_when_much_changed_only(index):
    assert generation(index) == 1
    index.add(["a", "b"])
    index.delete(["3"])
    assert answers(index) and generation(index) == 1
    index.add([f"fresh {n}" for n in range(20)])
    assert generation(index) == 1
    index.delete(["4", "5", "6"])
    assert answers(index) and generation(index) == 5
    index.delete([str(n) for n in range(100, 130)])
    assert answers(index) and generation(index) == 6


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.unlink(),
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(b"rubbish" * 5000),
        lambda file: file.write_bytes(file.read_bytes()[:-64]),
        lambda file: file.write_bytes(file.read_bytes().replace(b'"rows": 400', b'"rows": 300')),
        lambda file: file.write_bytes(file.read_bytes().replace(b"vectors 1", b"vectors 9")),
        lambda file: file.write_bytes(b"likewise vectors 1\n1\n[]" + bytes(5000)),
    ],
)
def test_a_damaged_cache_is_made_anew(index, damage):
    """Two paths: the answers before and after."""
    expected = answers(index)
    index._searcher.vectors.cache = None  # lets go of the map, as a file that is cut under it kills a process
    damage(index.path / FILE)
    for _ in range(2):
        with Collection.open(index.path, Hashed()) as other:
            assert answers(other) == expected
        assert generation(index) == 1


def test_the_cache_of_another_collection_is_not_taken(index, tmp_path):
    with Collection.create(tmp_path / "b.index", Hashed()) as other:
        other.add(sentences(400, seed=9))
        expected = answers(other)
        (index.path / FILE).replace(other.path / FILE)
        with Collection.open(other.path, Hashed()) as again:
            assert answers(again) == expected


def test_a_reader_with_an_old_map_keeps_working(index):
    """Two readers agree whether or not the file was replaced under one of them."""
    with Collection.open(index.path, Hashed()) as reader:
        before = answers(reader)
        old = reader._searcher.vectors.cache
        index.add([f"zoom {n}" for n in range(60)])
        assert generation(index) == 2
        codes = old.codes.values.copy()
        assert answers(reader) == answers(index) != before
        assert reader._searcher.vectors.cache.generation == 2
        np.testing.assert_array_equal(old.codes.values, codes)


def test_a_map_from_before_the_removals_were_forgotten(index):
    with Collection.open(index.path, Hashed()) as reader:
        answers(reader)
        gone = [hit.id for hit in index.search("zoom battery", 15, "vector")]
        index.delete(gone)
        index.build()
        assert index._record.connection.execute("SELECT count(*) FROM removed").fetchone() == (0,)
        (index.path / FILE).unlink()
        assert not set(gone) & {id for id, _ in answers(reader)[0]}
        assert answers(reader) == answers(index)


def test_parts_that_a_killed_process_left(index):
    old, young = index.path / f".{FILE}.0.part", index.path / f".{FILE}.1.part"
    for part in (old, young):
        part.write_bytes(b"x")
    os.utime(old, (0, time.time() - 100_000))
    index.build()
    assert old.exists()  # the cache was as it should be: nothing was made
    index.add(["a"])
    index.build()
    assert not old.exists() and young.exists()


def test_a_full_disk_is_no_hindrance(index, monkeypatch):
    """The cache is then held in memory."""
    expected = answers(index)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    (index.path / FILE).unlink()
    with Collection.open(index.path, Hashed()) as other:
        assert answers(other) == expected
    assert [file.name for file in index.path.iterdir() if "cache" in file.name] == []


@pytest.fixture
def approximate(tmp_path, monkeypatch):
    """Vectors in clusters, searched by their signs first."""
    monkeypatch.setattr(cache_room, "EXACT_COMPONENTS", 1000)
    monkeypatch.setattr(cache_room, "LEAST_SHORTLIST", 100)
    monkeypatch.setattr(cache_room, "WANTED_RECALL", 0.95)
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((30, 16))
    rows = (centres[rng.integers(0, 30, 2000)] + 0.4 * rng.standard_normal((2000, 16))).astype(np.float32)
    rows[5] = 0
    model = Given(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))
    with Collection.create(tmp_path / "c.index", model) as index:
        index.add([str(n) for n in range(2000)], n=range(2000))
        yield index


def exact_answers(index, query, k, among=lambda n: True):
    vectors = stored_vectors(index.model, [str(n) for n in range(2000)], 16).astype(np.float64)
    scores = np.round(vectors @ index.model.vectors[query].astype(np.float64), 9)
    return [str(n) for n in np.argsort(-scores, kind="stable") if among(n) and vectors[n].any()][:k]


def test_approximate_search_keeps_its_promise(approximate):
    """The recall that is shown holds for other queries of the same kind, within the error of 100 of them."""
    known = approximate.describe()
    assert known.kind == "signs" and 0.95 <= known.recall <= 1
    assert 100 <= approximate._searcher.vectors.cache.signs.shortlist < 2000
    queries = np.random.default_rng(5).choice(2000, 100, replace=False)
    found = approximate.search_many([str(n) for n in queries], 10, "vector")
    shares = [
        np.isin([hit.id for hit in hits], exact_answers(approximate, n, 10)).mean()
        for n, hits in zip(queries, found, strict=True)
    ]
    assert np.mean(shares) > 0.9


def test_with_a_filter_it_finds_what_passes(approximate):
    for query in (3, 77):
        hits = approximate.search(str(query), 10, "vector", where="n >= 1950")  # fewer than are looked at anyway
        assert [hit.id for hit in hits] == exact_answers(approximate, query, 10, lambda n: n >= 1950)
        hits = approximate.search(str(query), 10, "vector", where="n >= 1000")
        best = exact_answers(approximate, query, 10, lambda n: n >= 1000)
        assert len({hit.id for hit in hits} & set(best)) >= 8 and all(int(hit.id) >= 1000 for hit in hits)


def test_approximate_search_sees_changes(approximate):
    own = approximate.search("3", 5, "vector")
    approximate.delete([own[1].id])
    approximate.add(["3"], ids=["again"])
    now = [hit.id for hit in approximate.search("3", 5, "vector")]
    assert now[:2] == ["3", "again"] and own[1].id not in now and len(now) == 5
    assert len(approximate.search("3", 1500, "vector")) == 1500


def test_hybrid_search_looks_once_for_both_its_searches(approximate, monkeypatch):
    """Two paths: the first shortlist, long enough, holds what a second one would."""
    queries = ["3", "77", "1200"]
    once = [[hit.id for hit in hits] for hits in approximate.search_many(queries, 10)]
    again = [[hit.id for hit in approximate.search(query, 10)] for query in queries]
    monkeypatch.setattr(vectors_room.VectorIndex, "shortlists", lambda *_: None)
    twice = [[hit.id for hit in hits] for hits in approximate.search_many(queries, 10)]
    assert once == again
    assert np.mean([len(set(one) & set(other)) / 10 for one, other in zip(once, twice, strict=True)]) >= 0.9
    for where, least in (("n >= 1990", 1990), ("n >= 1000", 1000)):
        assert all(int(hit.id) >= least for hit in approximate.search("3", 5, where=where))


def test_signs_are_the_same_every_time(approximate):
    bytes_before = (approximate.path / FILE).read_bytes()
    generation_before = generation(approximate)
    approximate._searcher.vectors.build(approximate._record.connection)
    assert (approximate.path / FILE).read_bytes() == bytes_before and generation(approximate) == generation_before


def test_all_texts_blank_beyond_the_size_of_exact_search(tmp_path, monkeypatch):
    monkeypatch.setattr(cache_room, "EXACT_COMPONENTS", 100)
    with Collection.create(tmp_path / "d.index", Hashed()) as index:
        index.add([""] * 50)
        assert index.search("x", mode="vector") == [] and index.describe().recall == 1.0


def test_a_part_that_another_process_has_just_finished(index, monkeypatch):
    """A file that was there when the folder was listed, and is gone when its age is asked."""
    listed, gone = Path.glob, index.path / f".{FILE}.gone.part"
    monkeypatch.setattr(Path, "glob", lambda self, pattern: [*listed(self, pattern), gone])
    index.add(["a"])
    index.build()
    assert (index.path / FILE).exists()
