"""Anything that gives vectors can be judged, and what gives none is refused in one line."""

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from evaluation_judged import Letters

from likewise.errors import InputError, LikewiseError
from likewise.evaluation import embedder as embedders
from likewise.evaluation.embedder import as_embedder, encoded, name_of
from likewise.evaluation.packages import installed, needed
from likewise.evaluation.progress import Messages

SILENT = Messages(shown=False)


def _letters(texts: list[str]) -> np.ndarray:
    return Letters().encode(texts)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict]]:
    """A stand-in for sentence-transformers; what it was asked to load."""
    asked: list[tuple[str, dict]] = []

    def load(name: str, **options) -> Letters:
        asked.append((name, options))
        if "broken" in name:
            raise OSError("no such\nmodel")
        return Letters()

    bars = SimpleNamespace(
        is_progress_bar_enabled=lambda: "quiet" not in asked, disable_progress_bar=lambda: None,
        enable_progress_bar=lambda: None,
    )  # fmt: skip
    module = ModuleType("sentence_transformers")
    module.__spec__, module.SentenceTransformer = ModuleSpec("sentence_transformers", None), load  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    monkeypatch.setattr(embedders, "import_module", lambda _: bars)
    return asked


def test_vectors_have_length_one_whoever_gives_them() -> None:
    texts = ["one two", "three", "one two", ""]
    rows = encoded(as_embedder(Letters()), texts, "it", SILENT)
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1, 1, 0])
    np.testing.assert_array_equal(rows, encoded(as_embedder(_letters), texts, "it", SILENT))


def test_each_distinct_text_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def count(texts: list[str]) -> np.ndarray:
        seen.extend(texts)
        return _letters(texts)

    monkeypatch.setattr(embedders, "TOGETHER", 2)
    rows = encoded(as_embedder(count), ["a b", "c d", "a b", "e f", "g h"], "it", SILENT)
    assert seen == ["a b", "c d", "e f", "g h"]
    np.testing.assert_array_equal(rows[0], rows[2])


def test_what_is_no_vector_is_refused() -> None:
    with pytest.raises(InputError, match="gave an array of shape"):
        encoded(as_embedder(lambda texts: np.zeros(len(texts))), ["a"], "it", SILENT)
    with pytest.raises(InputError, match="a int gives no vectors"):
        as_embedder(3)


def test_names() -> None:
    assert name_of("folder/some.model/") == "some.model"
    assert name_of(_letters) == "_letters"
    assert name_of(Letters()) == "Letters"
    assert name_of(lambda texts: texts) == "function"


def test_paths(tmp_path: Path, library: list) -> None:
    with pytest.raises(InputError, match="is no model"):
        as_embedder(tmp_path)
    (tmp_path / "modules.json").write_text("[]")
    assert isinstance(as_embedder(tmp_path), Letters)
    assert library == [(str(tmp_path), {"trust_remote_code": False, "local_files_only": True})]
    library.append("quiet")
    assert isinstance(as_embedder("organisation/name"), Letters)
    assert library[-1] == ("organisation/name", {"trust_remote_code": False, "local_files_only": False})
    with pytest.raises(LikewiseError, match="could not load organisation/broken: no such model"):
        as_embedder("organisation/broken")


@pytest.mark.parametrize("path", ["nothing", "./a", "a/b/c", "~/a", "here/name", ""])
def test_a_path_to_nothing_is_not_looked_for_elsewhere(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: list
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    with pytest.raises(InputError, match="is no model" if path == "" else "there is no model"):
        as_embedder(path)
    assert library == []


def test_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    assert installed("numpy") and not installed("no_such_package") and not installed("no_such.package")
    assert needed("numpy", what="this") is np
    with pytest.raises(LikewiseError, match=r"this needs no_such_package, which cannot be imported .*: install it"):
        needed("no_such_package", what="this", remedy="install it")
    monkeypatch.setitem(sys.modules, "half_there", SimpleNamespace(__spec__=None))  # type: ignore[arg-type]
    assert not installed("half_there")


def test_progress_is_told_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    messages = Messages(shown=True)
    messages.log("[bold] 3 texts")
    assert list(messages.parts(["a", "b", "c"], 2, "it")) == [["a", "b"], ["c"]]
    SILENT.log("nothing")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "[bold] 3 texts\n")
