"""What all tests share: how many examples hypothesis draws, which tests run, and a small real corpus.

`HYPOTHESIS_PROFILE=nightly` runs the tests marked `nightly` too, draws many examples, and checks every annotation of
the package as it runs. Checking costs too much for every day: the types are mypy's to prove, this finds where the
border to an untyped library gives something else.
"""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

SOURCE = Path(__file__).parents[1] / "src"
SMALL = 3000  # texts: enough to learn from, few enough to train on within a second or two

# How long an example takes says more of the machine than of the code: there is no deadline. The default draws the same
# examples every time, so that it judges the change; `make nightly` keeps finding new ones.
NO_DEADLINE = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("default", max_examples=25, derandomize=True, **NO_DEADLINE)
settings.register_profile("nightly", max_examples=200, **NO_DEADLINE)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE") or "default"
settings.load_profile(PROFILE)
NIGHTLY = PROFILE == "nightly"

# Numba reads the source of its kernels and could not with checks around them; Typer calls the command line with a
# context of another class than the annotation has.
UNCHECKED = {"likewise.cli.app"}
UNCHECKED_NAMES = {"__init__", "kernels"}


def _checked_modules() -> list[str]:
    files = (path.relative_to(SOURCE) for path in sorted((SOURCE / "likewise").rglob("*.py")))
    # The hook takes a name and everything below it: only leaves are named, so that no room brings its kernels in.
    names = [".".join(path.with_suffix("").parts) for path in files if path.stem not in UNCHECKED_NAMES]
    return [name for name in names if name not in UNCHECKED]


if NIGHTLY:
    from jaxtyping import install_import_hook

    install_import_hook(_checked_modules(), "beartype.beartype")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests marked `nightly` out of every other run."""
    if not NIGHTLY:
        left_out = [item for item in items if item.get_closest_marker("nightly")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("nightly")]


@pytest.fixture(scope="session")
def python_docs() -> list[str]:
    """Real text that every machine has: the first 3,000 texts of the documentation of the running Python."""
    from likewise.corpus.demo_corpus import pydocs

    return pydocs(max_texts=SMALL)
