"""What the experiments change is what they say, and their tables show what was recorded."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from likewise.encoders.documents import DocumentPooling
from likewise.encoders.static import StaticEncoder
from likewise.tokens.ragged import Ragged

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
OURS = ("experiments_tables", "experiments_training", "experiments_ground", "negatives_corpora", "retrieval", "texts")


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Imports a script of `benchmarks`: they stand outside the package."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module
    for name in OURS:
        sys.modules.pop(name, None)


@pytest.fixture
def training(modules: Any) -> ModuleType:
    """`experiments_training.py`."""
    module: ModuleType = modules("experiments_training")
    return module


@pytest.fixture
def tables(modules: Any) -> ModuleType:
    """`experiments_tables.py`."""
    module: ModuleType = modules("experiments_tables")
    return module


def test_documents_that_are_pooled_as_they_are_by_default_are_those_of_the_encoder(modules: Any) -> None:
    ground, pooling = modules("experiments_ground"), DocumentPooling((3, 5), (1.0, 1.4), (0.0, 2.0))
    encoder = StaticEncoder(np.random.default_rng(0).standard_normal((9, 8)).astype(np.float32), pooling)
    texts = Ragged.of([[1, 2, 2, 8], [3], [4, 4, 4, 0]])
    expected = encoder.encode_documents(texts)
    np.testing.assert_allclose(ground.pooled(encoder, texts), expected, atol=1e-6)
    for change in ({"ballast": 0.0}, {"counted": np.sign}, {"apart": False}):
        assert np.abs(ground.pooled(encoder, texts, **change) - expected).max() > 1e-3


def test_a_few_words_and_the_rest_make_up_the_text(training: ModuleType) -> None:
    texts = Ragged.of([list(range(20)), [7], [3, 3], list(range(100))]).slice(0, 3)
    views = training.query_views(texts, np.random.default_rng(0))
    for place in (0, 2):
        both = np.concatenate([views.anchors[place], views.positives[place]])
        np.testing.assert_array_equal(np.sort(both), np.sort(texts[place]))
    assert 3 <= len(views.anchors[0]) <= 8
    np.testing.assert_array_equal(views.anchors[1], [7])
    np.testing.assert_array_equal(views.positives[1], [7])  # of a single piece nothing else is left


def test_shared_rows_are_folded_into_one_a_piece(training: ModuleType) -> None:
    texts = Ragged.of([[0, 1, 1], [2], [1, 2, 0, 0]])
    lab = SimpleNamespace(prepared=SimpleNamespace(texts=texts, texts_with=np.array([2, 2, 2])))
    names = [["flow", "stem flow"], ["flows", "stem flow"], ["heat"]]
    wide = training.Widened(lab, names, 8, np.random.default_rng(0))
    before, _ = wide.forward(texts)
    np.testing.assert_allclose(wide.folded().encode(texts), before, rtol=1e-6, atol=1e-6)
    part, _ = wide.forward(texts.slice(1, 3))
    np.testing.assert_allclose(part, before[1:], rtol=1e-6, atol=1e-6)


def test_what_is_frozen_stays(training: ModuleType) -> None:
    rng = np.random.default_rng(0)
    encoder = training.HalfFrozen(rng.standard_normal((5, 6)).astype(np.float32), 4)
    before, texts = encoder.weights.copy(), Ragged.of([[0, 1], [2, 3]])
    _, tape = encoder.forward(texts)
    encoder.backward(tape, rng.standard_normal((2, 6)).astype(np.float32))
    encoder.step(0.5)
    np.testing.assert_array_equal(encoder.weights[:, 4:], before[:, 4:])
    assert (encoder.weights[:4, :4] != before[:4, :4]).all()


def _line(data: str, gains: list[float], error: float) -> dict[str, Any]:
    one = {"vector": gains, "hybrid": [-0.01, -0.02], "vector error": error, "hybrid error": 0.004, "cost": 1.26}
    return {
        "date": "2026-01-02T00:00:00", "commit": "abc", "cpu": "some", "versions": {"numpy": "2"},
        "configuration": {
            "data": data, "measure": "nDCG@10", "texts": 1398, "queries": 225, "epochs": 30, "dim": 512, "seeds": 2,
        },
        "numbers": {
            "seconds": 30.0, "default": {"vector": [0.38, 0.4], "hybrid": [0.41, 0.41]},
            "words": {"learned stems": [0.35, 0.0], "no stems": [0.33, 0.01]},
            "parts": {"no part": one, "only npl": one} if data == "npl" else {"no part": one},
        },
    }  # fmt: skip


def test_clear_differences_are_bold(tables: ModuleType) -> None:
    lines = [
        _line("npl", [0.02, 0.03], 0.05),
        _line("cranfield", [0.02, 0.03], 0.01),
        _line("scifact", [-0.1, 0.01], 0.01),
    ]
    made = tables.experiments("parts", lines)
    assert "| by vector | cranfield | scifact | npl | by both, mean | cost |" in made
    row = "| no part | **+0.025** ± 0.005 | −0.045 ± 0.055 | +0.025 ± 0.005 | **−0.015** ± 0.005 | 1.3 |"
    assert row in made
    assert "| only npl | – | – | +0.025 ± 0.005 |" in made
    assert "| no stems | 0.330 (**−0.020**) |" in tables.words(lines)
    assert "| cranfield | nDCG@10 | 1,398 | 225 | 30 | 0.350 | 0.390 ± 0.010 | 0.410 ± 0.000 |" in tables.default(lines)
    assert tables.experiments("parts", []).startswith("| by vector |")


def test_no_difference_is_none(tables: ModuleType) -> None:
    assert "| no part | 0 |" in tables.experiments("parts", [_line("cranfield", [0.0, 0.0], 0.0)])
