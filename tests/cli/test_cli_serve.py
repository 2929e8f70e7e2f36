"""`likewise serve` and `likewise keys`: what the options become, and the file of keys."""

from pathlib import Path
from typing import Any

import pytest

from likewise import errors
from likewise.cli.app import app
from likewise.service import server
from likewise.service.keys import Keys


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        app([*arguments])
    return int(ended.value.code or 0)


def test_keys_are_added_listed_and_revoked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "keys")
    assert run("keys", "add", file, "--name", "ann", "--access", "write") == 0
    key = capsys.readouterr().out.strip()
    found = Keys(file).find(key)
    assert found is not None and (found.name, found.access) == ("ann", "write")
    assert run("keys", "list", file) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("ann  write  20") and key not in shown
    assert run("keys", "revoke", file, "ann") == 0
    assert Keys(file).find(key) is None
    assert run("keys", "revoke", file, "ann") == 2
    assert "has no key named ann" in capsys.readouterr().err


def test_options_and_the_environment_become_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(server, "serve", lambda settings, ready: seen.append(settings))
    monkeypatch.setenv("LIKEWISE_MAX_BATCH", "7")
    assert run("serve", str(tmp_path), "--port", "0", "--no-access-log") == 0
    (settings,) = seen
    assert (settings.index, settings.port, settings.max_batch, settings.access_log) == (str(tmp_path), 0, 7, False)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(errors, "find_spec", lambda _: None)
    assert run("serve", "any.index") == 1
    assert "pip install 'likewise[serve]'" in capsys.readouterr().err
