"""`docs/cli.md` runs as it stands, and leaves out no command and no option."""

import re
import shlex
import sysconfig
from pathlib import Path

import pytest
import typer.main
from cli_shelf import succeeds

import likewise.corpus.demo_corpus
from likewise.cli.app import app

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


def test_every_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = likewise.corpus.demo_corpus.pydocs(Path(sysconfig.get_path("stdlib")) / "asyncio")[:60]
    monkeypatch.setattr(likewise.corpus.demo_corpus, "pydocs", lambda: texts)
    monkeypatch.chdir(tmp_path)
    for name, content in re.findall(r"`([\w.]+)`(?::| is)\n\n```\w+\n(.*?)```", PAGE, re.DOTALL):
        Path(name).write_text(content, encoding="utf-8")
    commands = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    assert len(commands) > 12
    for command in commands:
        words = shlex.split(command)
        stdin = None
        if "<" in words[:-1] and words[-2] == "<":
            *words, _, file = words
            stdin = Path(file).read_text(encoding="utf-8")
        assert words[0] == "likewise"
        assert succeeds(*words[1:], stdin=stdin), command


def test_every_command_and_option_is_documented() -> None:
    group = typer.main.get_command(app)
    commands = {"": group, **group.commands}  # type: ignore[attr-defined]
    for name, command in list(commands.items()):
        commands |= {f"{name} {verb}": each for verb, each in getattr(command, "commands", {}).items() if name}
    for name, command in commands.items():
        assert not name or f"likewise {name} " in PAGE
        for parameter in command.params:
            if parameter.param_type_name == "option":
                for spelling in [*parameter.opts, *parameter.secondary_opts]:
                    assert re.search(rf"(?<![\w-]){spelling}(?![\w-])", PAGE), (name, spelling)
