"""The map of an index: near texts stay near, the same texts give the same map, added and removed ones are followed."""

import hashlib
import os
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from likewise.applications.map import text_map
from likewise.applications.map.projection import Projection
from likewise.applications.map.text_map import FILE, TextMap, load_map, make_map
from likewise.errors import InputError, LikewiseError
from likewise.index.collection import Collection
from likewise.index.record import Record

TOPICS = {
    "kitchen": "simmer garlic onion pepper butter oven dough flour whisk roast broth basil".split(),
    "harbour": "anchor sail rope deck tide captain gull mooring keel lantern cargo buoy".split(),
    "orchard": "apple pear ladder blossom prune graft cider bees autumn basket ripe hail".split(),
    "railway": "signal track engine whistle platform carriage tunnel guard ticket coal bridge points".split(),
}
COMMON = "the of and with near after before under over while".split()
TEXTS = 600


class Words:
    """Sums a random direction for each word; can be stored."""

    dim = 24

    def __init__(self) -> None:
        self.fingerprint = hashlib.sha256(b"words 24").hexdigest()

    def encode(self, texts) -> np.ndarray:
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            for word in text.split():
                seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest(), "little")
                weight = 0.3 if word in COMMON else 1.0
                vectors[row] += weight * np.random.default_rng(seed).standard_normal(self.dim)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    def save(self, path: Path) -> None:
        path.mkdir()


def texts_of(count: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Random texts, each of words of one topic and common ones; and their topics."""
    rng = np.random.default_rng(seed)
    topics = [list(TOPICS)[number] for number in rng.integers(len(TOPICS), size=count)]
    texts = [" ".join([*rng.choice(TOPICS[topic], 5), *rng.choice(COMMON, 4)]) for topic in topics]
    return texts, topics


def new_index(path: Path, texts: list[str]) -> Path:
    with Collection.create(path, Words()) as index:
        index.add(texts)
    return path


def updated(path: Path) -> TextMap:
    made = load_map(path)
    assert made is not None
    with closing(Record.open(path)) as record, record.reading() as connection:
        return made.updated(connection)


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = new_index(tmp_path_factory.mktemp("map") / "mapped.index", texts_of(TEXTS)[0])
    make_map(path)
    return path


@pytest.fixture
def own(mapped: Path, tmp_path: Path) -> Path:
    """A copy of the index with its map, which a test may change."""
    return shutil.copytree(mapped, tmp_path / "own.index")


def test_every_text_is_on_the_map(mapped: Path) -> None:
    made = load_map(mapped)
    assert made is not None and len(made) == TEXTS and made.added == 0
    assert made.positions.min() >= 0 and made.positions.max() <= 1
    assert np.ptp(made.positions, axis=0).max() == pytest.approx(0.96, abs=1e-4)
    assert made.regions.max() == len(made.levels[-1].names) - 1
    for level in made.levels:
        assert set(level.of_finest.tolist()) == set(range(len(level.names)))
        counts = np.bincount(level.of_finest[made.regions])
        assert counts.sum() == TEXTS and (np.diff(counts) <= 0).all()  # the largest first


def test_near_texts_stay_near(mapped: Path) -> None:
    """Of the ten nearest in the space, far more are among the 50 nearest on the map than the 8 % of any map."""
    made = load_map(mapped)
    assert made is not None
    vectors = Words().encode(texts_of(TEXTS)[0])
    near = np.argsort(-(vectors @ vectors.T), axis=1)[:, 1:11]
    places = ((made.positions[:, None] - made.positions[None]) ** 2).sum(-1)
    close = np.argsort(places, axis=1)[:, 1:51]
    kept = np.mean([np.isin(one, other).mean() for one, other in zip(near, close, strict=True)])
    assert kept > 0.4


def test_regions_are_named_by_words_of_their_topic(mapped: Path) -> None:
    made, topics = load_map(mapped), texts_of(TEXTS)[1]
    assert made is not None
    level = made.levels[0]
    regions = level.of_finest[made.regions]
    for number, name in enumerate(level.names):
        inside = [topic for topic, own in zip(topics, regions, strict=True) if own == number]
        topic = max(TOPICS, key=inside.count)
        assert inside.count(topic) > 0.9 * len(inside)
        assert name and set(name) <= set(TOPICS[topic])


def test_the_same_texts_have_the_same_map(mapped: Path, tmp_path: Path) -> None:
    again = new_index(tmp_path / "again.index", texts_of(TEXTS)[0])
    make_map(again)
    one, other = load_map(mapped), load_map(again)
    assert one is not None and other is not None
    np.testing.assert_array_equal(one.positions, other.positions)
    np.testing.assert_array_equal(one.regions, other.regions)
    assert [level.names for level in one.levels] == [level.names for level in other.levels]


def test_added_texts_lie_among_similar_ones_and_removed_ones_are_gone(own: Path) -> None:
    before, (texts, topics) = load_map(own), texts_of(60, seed=7)
    assert before is not None
    with Collection.open(own, Words()) as index:
        index.add(texts)
        index.delete(["0", "5"])
        index.add(["simmer garlic onion"], ids=["1"])  # replaced: another row
    found = updated(own)
    assert len(found) == TEXTS + 60 - 2 and found.added == 61
    assert (np.diff(found.row_ids) > 0).all()
    kept = ~np.isin(before.row_ids, [0, 1, 5])
    np.testing.assert_array_equal(found.positions[:-61], before.positions[kept])
    old = texts_of(TEXTS)[1]
    for place, topic in zip(found.positions[-61:-1], topics, strict=True):
        nearest = ((before.positions - place) ** 2).sum(axis=1).argmin()
        assert old[nearest] == topic
    assert found.regions.max() < len(found.levels[-1].names)
    np.testing.assert_array_equal(updated(own).positions, found.positions)


def test_texts_that_are_no_landmarks_are_placed_too(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_map, "LANDMARKS", 200)
    made = make_map(own)
    assert len(made.projection.positions) == 200 and len(made) == TEXTS
    topics = np.array(texts_of(TEXTS)[1])
    places = ((made.positions[:, None] - made.positions[None]) ** 2).sum(-1)
    nearest = np.argsort(places, axis=1)[:, 1:6]
    assert (topics[nearest] == topics[:, None]).mean() > 0.95
    stored = load_map(own)
    assert stored is not None
    np.testing.assert_array_equal(stored.positions, made.positions)


def test_progress_rises_to_the_end(own: Path) -> None:
    seen: list[tuple[float, str]] = []
    make_map(own, progress=lambda share, step: seen.append((share, step)))
    shares = [share for share, _ in seen]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1 and len(shares) > 20
    assert [*dict.fromkeys(step for _, step in seen)] == ["reading vectors", "placing texts", "naming regions", "done"]


@pytest.mark.parametrize("count", [1, 2, 13])
def test_few_texts_have_a_map(tmp_path: Path, count: int) -> None:
    path = new_index(tmp_path / "few.index", texts_of(count)[0])
    make_map(path)
    found = load_map(path)
    assert found is not None and len(found) == count and len(found.levels) == 1
    assert np.isfinite(found.positions).all()


def test_equal_texts_have_a_map(tmp_path: Path) -> None:
    path = new_index(tmp_path / "equal.index", ["anchor sail rope"] * 80)
    make_map(path)
    found = load_map(path)
    assert found is not None and np.isfinite(found.positions).all()


def test_what_is_no_index_has_no_map(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no index"):
        make_map(tmp_path)
    Collection.create(tmp_path / "empty.index", Words()).close()
    with pytest.raises(InputError, match="has no texts"):
        make_map(tmp_path / "empty.index")
    assert load_map(tmp_path / "empty.index") is None


def test_a_damaged_map_is_none(own: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = own / FILE
    whole = file.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], whole[:50] + b"\x00" * 50 + whole[100:]):
        file.write_bytes(damaged)
        assert load_map(own) is None
    assert "make the map again" in caplog.text
    file.write_bytes(whole)
    assert load_map(own) is not None


def test_parts_that_do_not_fit_are_none(own: Path) -> None:
    made = load_map(own)
    assert made is not None
    for wrong in (
        replace(made, regions=made.regions + 1000),
        replace(made, positions=made.positions[:-1]),
        replace(made, row_ids=made.row_ids[::-1]),
    ):
        text_map._save(wrong, own / FILE)
        assert load_map(own) is None


def test_the_map_of_another_index_is_not_used(own: Path, tmp_path: Path) -> None:
    other = new_index(tmp_path / "other.index", texts_of(20)[0])
    (other / FILE).write_bytes((own / FILE).read_bytes())
    assert load_map(other) is None


@pytest.mark.slow
def test_a_killed_process_leaves_the_old_map(own: Path) -> None:
    """The process ends while the new map is written: the old one is read, and the next run is not in its way."""
    before = (own / FILE).read_bytes()
    code = (
        "import os, sys\n"
        "from likewise.applications.map import text_map\n"
        "def die(arrays, metadata):\n"
        "    os._exit(9)\n"
        "text_map.save = die\n"
        "text_map.make_map(sys.argv[1])\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(own)], env=os.environ, check=False)
    assert done.returncode == 9
    assert (own / FILE).read_bytes() == before and load_map(own) is not None
    make_map(own)
    assert {file.name for file in own.iterdir() if "map" in file.name} == {FILE}


def test_one_process_makes_a_map_at_a_time(own: Path) -> None:
    from likewise.atomic import locking

    code = "import sys; from likewise.applications.map.text_map import make_map; make_map(sys.argv[1])"
    with locking(own / FILE, overwrite=True):
        done = subprocess.run([sys.executable, "-c", code, str(own)], capture_output=True, text=True, check=False)
    assert "is being written by" in done.stderr


def test_without_pacmap_the_error_names_the_extra(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pacmap", None)
    with pytest.raises(LikewiseError, match=r"pip install 'likewise\[serve\]'"):
        make_map(own)


def test_a_landmark_is_the_nearest_of_a_slow_search() -> None:
    rng = np.random.default_rng(0)
    vectors, others = rng.standard_normal((40, 6)).astype(np.float32), rng.standard_normal((25, 6)).astype(np.float32)
    projection = Projection.fit(vectors)
    [(places, nearest)] = projection.place([(np.arange(25), others)], 25)
    distances = ((others[:, None] - vectors[None]) ** 2).sum(-1)
    np.testing.assert_array_equal(nearest, distances.argmin(axis=1))
    away = np.linalg.norm(places - projection.positions[nearest], axis=1)
    assert (away <= 0.5 * projection.spacing[nearest] + 1e-6).all()
