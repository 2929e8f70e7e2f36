import math
import tomllib
from dataclasses import FrozenInstanceError, asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from likewise.errors import InputError
from likewise.training.recipe import GIVEN, Recipe, derived

POSITIVE = st.none() | st.integers(2, 10**6)
FRACTION = st.none() | st.floats(1e-6, 1e6)
RECIPES = st.builds(
    Recipe,
    dim=POSITIVE,
    batch=POSITIVE,
    epochs=POSITIVE,
    temperature=FRACTION,
    views=st.none() | st.text(),
    learning_rate=FRACTION,
    vocabulary=POSITIVE,
    near_duplicate=st.none() | st.integers(0, 64),
    seed=st.integers(0, 2**63 - 1),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(RECIPES)
def test_toml_there_and_back(tmp_path: Path, recipe: Recipe) -> None:
    """A law: what was written is read, and what is None is left out."""
    path = tmp_path / "recipe.toml"
    path.write_text(recipe.to_toml(), encoding="utf-8")
    assert Recipe.read(path) == recipe
    written = tomllib.loads(recipe.to_toml())
    assert written == {name: value for name, value in asdict(recipe).items() if value is not None}


def test_the_toml_form() -> None:
    """A closed form: one line a setting, in the order of the recipe."""
    recipe = Recipe(dim=256, temperature=0.1, views="crop,halves", seed=3)
    assert recipe.to_toml() == 'encoder = "static"\ndim = 256\ntemperature = 0.1\nviews = "crop,halves"\nseed = 3\n'


def test_it_is_frozen() -> None:
    """A law: a recipe does not change under a run."""
    with pytest.raises(FrozenInstanceError):
        Recipe().dim = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tempreature", "no setting 'tempreature': did you mean 'temperature'"),
        ("dims", "did you mean 'dim'"),
        ("batch_size", "did you mean 'batch'"),
        ("learning-rate", "did you mean 'learning_rate'"),
        ("qqqq", "the known ones are activation_memory, batch, block, device, dim"),
    ],
)
def test_an_unknown_setting_names_the_nearest(name: str, message: str) -> None:
    """Bad input: a typo is reported, never ignored."""
    with pytest.raises(InputError, match=message):
        Recipe.of({name: 1})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("encoder", " ", "the encoder has no name"),
        ("encoder", None, "encoder is None, expected a string"),
        ("dim", 0, "dim is 0, expected a positive number"),
        ("dim", 2.5, "dim is 2.5, expected a whole number"),
        ("dim", "big", "dim is 'big', expected a whole number"),
        ("dim", True, "dim is True, expected a whole number"),
        ("batch", 1, "batch is 1, expected at least 2"),
        ("batch", -3, "batch is -3, expected a positive number"),
        ("epochs", [3], r"epochs is \[3\], expected a whole number"),
        ("temperature", 0, "temperature is 0.0, expected a positive number"),
        ("temperature", math.nan, "temperature is nan"),
        ("temperature", math.inf, "temperature is inf"),
        ("temperature", "cold", "temperature is 'cold', expected a number"),
        ("temperature", False, "temperature is False, expected a number"),
        ("learning_rate", -0.1, "learning_rate is -0.1"),
        ("vocabulary", 0, "vocabulary is 0"),
        ("near_duplicate", 65, "near_duplicate is 65, expected a number of bits from 0 to 64"),
        ("near_duplicate", -1, "near_duplicate is -1"),
        ("views", 3, "views is 3, expected a string"),
        ("seed", -1, "seed is -1, expected 0 or more"),
        ("seed", None, "seed is None, expected a whole number"),
        ("seed", 0.5, "seed is 0.5, expected a whole number"),
    ],
)
def test_a_value_out_of_range_is_refused(name: str, value: Any, message: str) -> None:
    """Bad input: the setting, what was given, and what was expected."""
    with pytest.raises(InputError, match=message):
        Recipe.of({name: value})


def test_numbers_of_any_library_will_do() -> None:
    """A closed form: a whole number for a fraction, and numpy's numbers, become Python's."""
    recipe = Recipe.of({"temperature": 1, "batch": np.int64(64), "learning_rate": np.float32(0.5)})
    assert recipe == Recipe(temperature=1.0, batch=64, learning_rate=0.5)
    assert [type(value) for value in (recipe.temperature, recipe.batch, recipe.learning_rate)] == [float, int, float]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"dim = ", "is no recipe"),
        (b"\xff", "is no recipe"),
        (b"dim = 'big'", "expected a whole number"),
        (b"[dim]\nx = 1", "expected a whole number"),
        (b"dmi = 3", "did you mean 'dim'"),
        (b"seed = 2020-01-01", "expected a whole number"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    """Bad input: not TOML, not UTF-8, or TOML of something else."""
    (tmp_path / "recipe.toml").write_bytes(content)
    with pytest.raises(InputError, match=message):
        Recipe.read(tmp_path / "recipe.toml")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """Bad input: the path is named."""
    with pytest.raises(InputError, match=r"recipe\.toml is no recipe: .*No such file"):
        Recipe.read(tmp_path / "recipe.toml")


@given(st.integers(2, 10**7), st.booleans())
def test_everything_is_derived(texts: int, paired: bool) -> None:
    """Laws: nothing is left None, small corpora are seen more often, and given settings stay."""
    settings = derived(Recipe(), texts, paired=paired)
    assert None not in settings.plain().values()
    assert settings.plain().keys() >= {"encoder", "dim", "lexical_weight"}
    assert not settings.plain().keys() & {"layers", "freeze"}
    assert 2 <= settings.batch <= 512
    assert settings.epochs >= derived(Recipe(), texts + 1000).epochs
    assert (settings.views == GIVEN) == paired
    kept = Recipe(dim=3, batch=7, epochs=1, temperature=0.5, views="crop", learning_rate=1.0, vocabulary=9)
    filled = derived(kept, texts, paired=paired)
    assert all(
        getattr(filled, field.name) == getattr(kept, field.name)
        for field in fields(kept)
        if getattr(kept, field.name) is not None
    )
    assert derived(Recipe.of(settings.plain()), 5) == settings
    assert set(asdict(settings)) == set(asdict(Recipe()))
