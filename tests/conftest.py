"""What all tests share: annotations are checked as they run, examples are drawn the same way, one small real corpus."""

import os
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook

SOURCE = Path(__file__).parents[1] / "src"
SMALL = 3000  # texts: enough to learn from, few enough to train on within a second or two


# Numba reads the source of its kernels and could not with the checks around them; Typer calls the command line with a
# context of another class than the one it asks to have in the annotation.
UNCHECKED = {"likewise.cli.app"}
UNCHECKED_NAMES = {"__init__", "kernels"}


def _checked_modules() -> list[str]:
    files = (path.relative_to(SOURCE) for path in sorted((SOURCE / "likewise").rglob("*.py")))
    # The hook takes a name and everything below it: only leaves are named, so that no room brings its kernels in.
    names = [".".join(path.with_suffix("").parts) for path in files if path.stem not in UNCHECKED_NAMES]
    return [name for name in names if name not in UNCHECKED]


install_import_hook(_checked_modules(), "beartype.beartype")

# How long an example takes says more of the machine than of the code: there is no deadline. CI draws the same examples
# every time, so that a change is judged and not luck; a person's machine goes on looking for new ones.
UNTIMED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("person", **UNTIMED)
settings.register_profile("ci", derandomize=True, **UNTIMED)
settings.load_profile("ci" if os.environ.get("CI") else "person")


@pytest.fixture(scope="session")
def python_docs() -> list[str]:
    """Real text that every machine has: the first 3,000 texts of the documentation of the running Python."""
    from likewise.corpus.demo_corpus import pydocs

    return list(islice(pydocs(), SMALL))
