"""Packages that an extra brings, and progress while texts are encoded."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from likewise.errors import LikewiseError
from likewise.evaluation.packages import installed, needed
from likewise.evaluation.progress import Messages


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
    Messages(shown=False).log("nothing")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "[bold] 3 texts\n")
