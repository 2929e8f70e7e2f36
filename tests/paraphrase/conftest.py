"""What the tests of paraphrases share: a small WordNet, and an Apertium that does what a test tells it to."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from small_wordnet import write_wordnet

from likewise.paraphrase.thesaurus import Thesaurus, open_wordnet

SCRIPT = """#!/bin/sh
if [ "$1" = "-l" ]; then printf '  eng-spa\\n  spa-eng\\n  eng-cat\\n'; exit 0; fi
echo "$@" >> "{calls}"
{does}
"""


@pytest.fixture(scope="session")
def nltk_path() -> list[str]:
    """Where NLTK looks for data, before a test has changed it."""
    import nltk

    return list(nltk.data.path)


@pytest.fixture(scope="session")
def wordnet(nltk_path: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """NLTK's reader of a WordNet of a few words."""
    place = tmp_path_factory.mktemp("wordnet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nltk.data.path", [])
        yield open_wordnet(system=write_wordnet(place / "system"), cache=place / "cache")


@pytest.fixture(scope="session")
def thesaurus(wordnet: Any) -> Thesaurus:
    """Its synonyms."""
    return Thesaurus(wordnet)


@pytest.fixture
def apertium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Puts an `apertium` on the path that does as it is told, in sh; gives the file with the words it was called by."""

    def install(does: str) -> Path:
        calls = tmp_path / "calls"
        script = tmp_path / "bin" / "apertium"
        script.parent.mkdir(exist_ok=True)
        script.write_text(SCRIPT.format(calls=calls, does=does))
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
        return calls

    return install
