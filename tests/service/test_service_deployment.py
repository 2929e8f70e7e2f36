"""The container recipe and the systemd unit name what exists, and the page is in a frame only where it may be."""

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import httpx
import pytest
import typer.main

from likewise.cli.app import app
from likewise.errors import InputError
from likewise.service.server import DRAIN_SECONDS
from likewise.service.settings import PREFIX, Settings

DOCS = Path(__file__).parents[2] / "docs"
DOCKERFILE = (DOCS / "Dockerfile").read_text(encoding="utf-8")
UNIT = (DOCS / "likewise.service").read_text(encoding="utf-8")
OTHERS = {"PATH", "PYTHONDONTWRITEBYTECODE", "NUMBA_CACHE_DIR"}


def environment(text: str) -> dict[str, str]:
    """The variables that a recipe sets."""
    return dict(re.findall(r"^(?:Environment=|ENV |    )([A-Z_]+)=(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("recipe", [DOCKERFILE, UNIT], ids=["Dockerfile", "likewise.service"])
def test_variables_are_settings(recipe: str, served_index: Path, tmp_path: Path) -> None:
    found = environment(recipe)
    known = {PREFIX + each.name.upper() for each in fields(Settings)}
    assert "LIKEWISE_INDEX" in found and set(found) <= known | OTHERS
    (tmp_path / "keys").write_text('{"format": 1, "keys": []}')
    here = {"LIKEWISE_INDEX": str(served_index), "LIKEWISE_API_KEY_FILE": str(tmp_path / "keys")}
    settings = Settings.from_environment({**found, **here})
    assert settings.port == 8000 and settings.api_key_file


@pytest.mark.parametrize("recipe", [DOCKERFILE, UNIT], ids=["Dockerfile", "likewise.service"])
def test_commands_exist(recipe: str) -> None:
    group = typer.main.get_command(app)
    lines = re.findall(r"(?:bin/| )likewise ((?:serve|keys add)\b[^\n&]*)", recipe)
    assert lines or '["serve"]' in recipe
    for line in lines:
        words = shlex.split(line)
        command = group.commands[words[0]]  # type: ignore[attr-defined]
        if words[0] == "keys":
            command = command.commands[words[1]]
        options = {spelling for parameter in command.params for spelling in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options


def test_the_container_is_restricted() -> None:
    lines = DOCKERFILE.splitlines()
    last = max(number for number, line in enumerate(lines) if line.startswith("FROM "))
    user = next(number for number, line in enumerate(lines) if line.startswith("USER "))
    assert user > last and "USER 10001:10001" in lines
    assert not any(line.startswith(("RUN", "COPY", "ADD")) for line in lines[user:])


def test_the_health_check_works(address: str) -> None:
    code = re.search(r'CMD \["python", "-c", "(.+)"\]', DOCKERFILE)
    assert code
    here = code.group(1).replace("http://127.0.0.1:8000", address)
    assert subprocess.run([sys.executable, "-c", here], check=False).returncode == 0
    nowhere = code.group(1).replace(":8000", ":9")
    assert subprocess.run([sys.executable, "-c", nowhere], capture_output=True, check=False).returncode == 1


def test_the_unit_waits_for_what_was_accepted() -> None:
    seconds = re.search(r"TimeoutStopSec=(\d+)", UNIT)
    assert seconds and int(seconds.group(1)) > DRAIN_SECONDS
    assert not re.search(r"^MemoryDenyWriteExecute=yes", UNIT, re.MULTILINE)  # numba compiles


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "likewise.service"
    unit.write_text(re.sub("ExecStart=.*", "ExecStart=/bin/true", UNIT), encoding="utf-8")
    found = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert found.returncode == 0 and "likewise.service:" not in found.stderr, found.stderr


@pytest.mark.slow  # the report is made
def test_nobody_frames_the_page_unless_it_is_allowed(client: httpx.Client) -> None:
    assert client.get("/").headers["content-security-policy"].endswith("; frame-ancestors 'none'")
    assert client.get("/report").headers["content-security-policy"].endswith("; frame-ancestors 'self'")
    assert client.get("/health").headers["content-security-policy"].endswith("frame-ancestors 'none'")


@pytest.mark.parametrize("origins", ["http://localhost:8888", "http://localhost:* https://notebooks.example.org"])
def test_origins_that_may_frame(origins: str) -> None:
    assert Settings(frame_ancestors=origins).checked().frame_ancestors == origins


@pytest.mark.parametrize("origins", ["*; script-src *", "'self'", "http://a\r\nSet-Cookie: b", "localhost"])
def test_what_is_no_origin_is_refused(origins: str) -> None:
    with pytest.raises(InputError, match="origins such as http://localhost:8888"):
        Settings(frame_ancestors=origins).checked()
