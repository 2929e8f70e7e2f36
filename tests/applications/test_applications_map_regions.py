"""Regions of a map: their levels, and the words that name them."""

import math
from itertools import pairwise

import numpy as np
import pytest

from likewise.applications.map.regions import find_centroids, find_levels, nearest_centroids, rank_words
from likewise.index.stems import readable_words


def test_regions_are_nested_from_coarse_to_fine() -> None:
    rng = np.random.default_rng(0)
    positions = rng.random((2000, 2)).astype(np.float32)
    regions = nearest_centroids(find_centroids(positions), positions)
    levels = find_levels(positions, regions, ["word"] * 2000)
    assert [len(level.names) for level in levels] == [10, 60, 80]
    for coarse, fine in pairwise(levels):
        pairs = set(zip(fine.of_finest.tolist(), coarse.of_finest.tolist(), strict=True))
        assert len(pairs) == len(fine.names)  # each is within one of the coarser level
    for level in levels:
        own = level.of_finest[regions]
        for number, centre in enumerate(level.centres):
            assert (positions[own == number] == centre).all(axis=1).any()  # the place of one of its texts


def test_words_are_ranked_as_in_a_slow_loop() -> None:
    inside, everywhere = {"a": 9, "tide": 6, "sail": 2, "rare": 1, "42": 5}, {"a": 90, "tide": 8, "sail": 2, "rare": 1}
    scores = {
        word: inside[word] / 10 * math.log(inside[word] / 10 / (everywhere[word] / 100)) for word in ("tide", "sail")
    }
    assert rank_words(inside, 10, everywhere | {"42": 5}, 100) == sorted(scores, key=lambda word: -scores[word])


def test_words_that_are_everywhere_name_nothing() -> None:
    """Nearly all texts of one region have `of`, and most of the other `in`; still rarer words name them."""
    rng = np.random.default_rng(1)
    texts = [f"{'of' if n % 10 else 'in'} {rng.choice(['gull', 'tern', 'skua'])}" for n in range(200)]
    texts += [f"{'in' if n % 4 else 'of'} {rng.choice(['loom', 'yarn', 'weft'])}" for n in range(200)]
    positions = np.concatenate([rng.normal(0.2, 0.02, (200, 2)), rng.normal(0.8, 0.02, (200, 2))]).astype(np.float32)
    regions = nearest_centroids(find_centroids(positions), positions)
    levels = find_levels(positions, regions, texts)
    sides = np.array([name[0] for name in levels[0].names])[levels[0].of_finest[regions]]
    assert set(sides[:200]) <= {"gull", "tern", "skua"} and set(sides[200:]) <= {"loom", "yarn", "weft"}


def test_pairs_of_characters_become_words() -> None:
    """Names of clubs of three characters, in every text of a side, among characters that change."""
    texts = [f"{chr(0x4E10 + n)}阿森纳{chr(0x5010 + n)}" for n in range(100)]
    texts += [f"{chr(0x4E10 + n)}切尔西{chr(0x5010 + n)}" for n in range(100)]
    positions = np.repeat(np.array([[0.2, 0.2], [0.8, 0.8]], np.float32), 100, axis=0)
    levels = find_levels(positions, np.repeat(np.array([0, 1], np.uint16), 100), texts)
    assert sorted(levels[-1].names) == [("切尔西",), ("阿森纳",)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't stop: it’s OK!", ["don't", "stop", "it's", "ok"]),
        ("'quoted' words", ["quoted", "words"]),
        ("Größe über alles", ["größe", "über", "alles"]),
        ("中文标题", ["中文", "文标", "标题"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
        ("", []),
        ("… !? ''", []),
    ],
)
def test_words_are_read_as_they_are_written(text: str, words: list[str]) -> None:
    assert readable_words(text) == words
