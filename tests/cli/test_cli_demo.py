"""`likewise demo`, on a part of the documentation."""

import shlex
import sysconfig
from pathlib import Path

import pytest
from cli_shelf import fails, succeeds

import likewise.corpus.demo_corpus
from likewise.cli.demo import SEARCHES


def test_demo_trains_searches_and_prints_the_next_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = likewise.corpus.demo_corpus.pydocs(Path(sysconfig.get_path("stdlib")) / "asyncio")[:80]
    monkeypatch.setattr(likewise.corpus.demo_corpus, "pydocs", lambda: texts)
    monkeypatch.chdir(tmp_path)
    printed = succeeds("demo", "--no-progress")
    assert len(SEARCHES) == 5 and all(f"{query}\n  by meaning  " in printed for query in SEARCHES)
    command = next(line for line in printed.splitlines() if line.startswith("  likewise search"))
    assert " 1  " in succeeds(*shlex.split(command)[1:])
    assert "likewise-demo exists" in fails("demo")
