"""Settings chosen without labels, on the documentation of Python."""

import json
from pathlib import Path

import pytest

import likewise
from likewise.corpus.read import read
from likewise.errors import InputError
from likewise.training import bench as bench_room
from likewise.training.bench import Bench
from likewise.training.prepare import read_whole
from likewise.training.progress import silent
from likewise.training.recipe import Recipe
from likewise.training.tune import EFFORTS

SMALL = {"dim": 48, "epochs": 6, "progress": False}


def opened(texts: list[str], work: Path, recipe: Recipe, *, resume: bool = False) -> Bench:
    return Bench(read_whole(read(texts), work, log=silent), work, recipe, silent, resume=resume)


@pytest.mark.parametrize(("effort", "most"), [("low", 0.7), ("medium", 2.0), ("high", 6.5)])
def test_what_an_effort_costs(effort: str, most: float) -> None:
    """A closed form: with the training itself, medium costs three plain trainings at the most."""
    budget = EFFORTS[effort]
    slow = 0.0
    for rung in range(budget.rungs):
        slow += max(2, budget.first // budget.keep**rung) * budget.share * 2**rung
    assert budget.cost == pytest.approx(slow) and budget.cost <= most


@pytest.mark.parametrize("effort", ["low", "medium"])
def test_what_was_tried_is_kept_with_the_model(python_docs: list[str], effort: str) -> None:
    """Laws: rungs within the budget, the best goes on, the choice is what the model was trained with."""
    model = likewise.train(python_docs[:700], effort=effort, **SMALL)
    tuning = model.card.tuning
    assert tuning["effort"] == effort and tuning["cost"] <= EFFORTS[effort].cost * 1.1
    assert json.loads(json.dumps(tuning)) == tuning
    trials = tuning["trials"]
    assert (
        trials[0]["settings"] == {} and len([trial for trial in trials if trial["rung"] == 0]) == EFFORTS[effort].first
    )
    for rung in range(1, EFFORTS[effort].rungs):
        tried = [trial["settings"] for trial in trials if trial["rung"] == rung]
        before = {json.dumps(trial["settings"]): trial for trial in trials if trial["rung"] == rung - 1}
        best = max(before.values(), key=lambda trial: trial["score"])
        assert {} in tried and best["settings"] in tried and best["kept"]
    assert "epochs" not in tuning["chosen"]
    for name, value in tuning["chosen"].items():
        assert model.card.recipe[name] == value


def test_the_same_seed_chooses_the_same(python_docs: list[str], tmp_path: Path) -> None:
    """Two paths: two searches with one seed have the same record."""
    records = []
    for name in ("a", "b"):
        bench = opened(python_docs[:300], tmp_path / name, Recipe(dim=16, epochs=4, vocabulary=2000))
        records.append(bench.chosen("low"))
    assert records[0] == records[1] and records[0].record["trials"]


def test_a_search_that_was_made_is_not_made_again(
    python_docs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two paths: a run that goes on has the settings of the one that was killed, also of another vocabulary."""
    recipe = Recipe(dim=16, epochs=4)
    first = opened(python_docs[:300], tmp_path, recipe).chosen("low")
    monkeypatch.setattr(bench_room, "tune", None)
    again = opened(python_docs[:300], tmp_path, recipe, resume=True)
    assert again.chosen("low") == first
    with pytest.raises(InputError, match="effort was low, now high"):
        again.chosen("high")


def test_a_smaller_vocabulary_is_the_same_corpus(python_docs: list[str], tmp_path: Path) -> None:
    """Laws: the same texts, the same ones put aside, fewer pieces; made once."""
    bench = opened(python_docs[:300], tmp_path, Recipe())
    large, small = bench.prepared(4000), bench.prepared(1500)
    assert large.facts.fingerprint == small.facts.fingerprint
    assert len(small.tokenizer.vocabulary) <= 1500 < len(large.tokenizer.vocabulary)
    assert bench.prepared(1500) is small


def test_nothing_is_tried_where_nothing_is_open(python_docs: list[str]) -> None:
    """Closed forms: `tune=False`, and texts too short to be judged, leave what is derived."""
    assert likewise.train(python_docs[:100], tune=False, **SMALL).card.tuning == {}
    words = [f"{a}{b}" for a in "abcdefgh" for b in "ijklmnop"]
    assert likewise.train(words, **SMALL).card.tuning == {}


def test_an_unknown_effort_is_refused() -> None:
    with pytest.raises(InputError, match="effort 'most' is not known: expected one of low, medium, high"):
        likewise.train(["a b", "c d"], effort="most", progress=False)
