"""Anything that encodes texts is an embedder; anything else is refused in one line."""

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from evaluation_data import Bigrams

from likewise.errors import InputError, LikewiseError
from likewise.evaluation import embedder as embedders
from likewise.evaluation.embedder import as_embedder, name_of


def _bigrams(texts: list[str]) -> np.ndarray:
    return Bigrams().encode(texts)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict]]:
    """A stand-in for sentence-transformers; the models that were loaded."""
    loaded: list[tuple[str, dict]] = []

    def load(name: str, **options) -> Bigrams:
        loaded.append((name, options))
        if "broken" in name:
            raise OSError("no such\nmodel")
        return Bigrams()

    bars = SimpleNamespace(
        is_progress_bar_enabled=lambda: "quiet" not in loaded, disable_progress_bar=lambda: None,
        enable_progress_bar=lambda: None,
    )  # fmt: skip
    module = ModuleType("sentence_transformers")
    module.__spec__, module.SentenceTransformer = ModuleSpec("sentence_transformers", None), load  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    monkeypatch.setattr(embedders, "import_module", lambda name: module if name == module.__name__ else bars)
    return loaded


def test_a_function_is_an_embedder() -> None:
    np.testing.assert_array_equal(as_embedder(_bigrams).encode(["one two"]), Bigrams().encode(["one two"]))
    with pytest.raises(InputError, match="a int gives no vectors"):
        as_embedder(3)


def test_names() -> None:
    assert name_of("folder/some.model/") == "some.model"
    assert name_of(_bigrams) == "_bigrams"
    assert name_of(Bigrams()) == "Bigrams"
    assert name_of(lambda texts: texts) == "function"


def test_paths(tmp_path: Path, library: list) -> None:
    with pytest.raises(InputError, match="is no model"):
        as_embedder(tmp_path)
    (tmp_path / "modules.json").write_text("[]")
    assert isinstance(as_embedder(tmp_path), Bigrams)
    assert library == [(str(tmp_path), {"trust_remote_code": False, "local_files_only": True})]
    library.append("quiet")
    assert isinstance(as_embedder("organisation/name"), Bigrams)
    assert library[-1] == ("organisation/name", {"trust_remote_code": False, "local_files_only": False})
    with pytest.raises(LikewiseError, match="could not load organisation/broken: no such model"):
        as_embedder("organisation/broken")


@pytest.mark.parametrize("path", ["nothing", "./a", "a/b/c", "~/a", "here/name", ""])
def test_a_path_to_nothing_is_not_searched_on_a_hub(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: list
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    with pytest.raises(InputError, match="is no model" if path == "" else "there is no model"):
        as_embedder(path)
    assert library == []
