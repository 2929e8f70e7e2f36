"""`likewise map` on the command line."""

from pathlib import Path

import pytest

import likewise
from likewise.applications.map.text_map import load_map
from likewise.cli.app import app

pytestmark = pytest.mark.slow


def test_it_makes_the_map_of_an_index(
    tmp_path: Path, python_docs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    model = likewise.train(python_docs[:300], epochs=1, progress=False)
    path = tmp_path / "docs.index"
    with likewise.Collection.create(path, model) as index:
        index.add(python_docs[:100])
    with pytest.raises(SystemExit) as ended:
        app(["map", str(path)])
    assert ended.value.code == 0
    assert "a map of 100 texts with 4 regions" in capsys.readouterr().out
    found = load_map(path)
    assert found is not None and len(found) == 100


def test_what_is_no_index_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app(["map", str(tmp_path)])
    assert ended.value.code == 2
    assert "is no index" in capsys.readouterr().err
