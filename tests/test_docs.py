"""The pages hold together: links lead somewhere, and the commands and code that they show are those that there are."""

import shlex
import shutil
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
import typer

from pages import PAGES, ROOT, anchors, commands, links, python_code
from reviews import reviews, write_reviews

DOCS = ROOT / "docs"


def _named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _options(command: Any) -> set[str]:
    within = [_options(each) for each in getattr(command, "commands", {}).values()]  # of a group, those of its commands
    own = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    return own.union({"--help"}, *within)


def _named_by(words: list[str], group: Any) -> tuple[Any, list[str]]:
    """The command that words name, which may be one of a group within the group, and what follows its name."""
    command = group
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.fixture(scope="module")
def group() -> Any:
    """The command line, with its commands and their options."""
    from likewise.cli.app import app

    return typer.main.get_command(app)


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{_named(page)} links to {link}, which is not there"
        if anchor:
            assert anchor in anchors(target), f"{_named(page)} links to {link}, a heading that is not there"


def test_every_page_is_found_from_the_readme() -> None:
    found, open_pages = set(), [ROOT / "README.md"]
    while open_pages:
        page = open_pages.pop()
        if page.suffix == ".md" and page not in found:
            found.add(page)
            open_pages += [(page.parent / link.partition("#")[0]).resolve() for link in links(page)]
    assert [_named(page) for page in PAGES if page not in found] == []


def test_every_command_has_an_example_in_the_docs(group: Any) -> None:
    shown = {
        line.split()[1]
        for page in PAGES
        if page.parent == DOCS
        for line in commands(page)
        if line.startswith("likewise ")
    }
    assert sorted(set(group.commands) - shown) == []


def test_every_command_has_an_example_in_its_help(group: Any) -> None:
    assert [name for name, command in group.commands.items() if f"likewise {name}" not in (command.epilog or "")] == []


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_commands_that_pages_show_exist(page: Path, group: Any) -> None:
    for line in commands(page):
        program, *words = shlex.split(line.split("|")[0], comments=True)
        if program == "likewise" and words and not words[0].startswith("-"):
            assert words[0] in group.commands, line
            command, words = _named_by(words, group)
            given = {word.partition("=")[0] for word in words if word.startswith("--") or word in {"-k", "-n"}}
            assert given <= _options(command) | {"--debug"}, line


def test_make_targets_that_pages_show_exist() -> None:
    made = {line.partition(":")[0] for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()}
    shown = {line.split()[1] for page in PAGES for line in commands(page) if line.startswith("make ")}
    assert {name for name in shown if "=" not in name} <= made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the pages' code finds: the reviews, and a model of them."""
    import likewise

    place = tmp_path_factory.mktemp("docs")
    write_reviews(place)
    likewise.train(place / "reviews.csv", text="body", epochs=1, out=place / "reviews.model", progress=False)
    return place


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent == DOCS and python_code(page)], ids=_named)
def test_python_code_of_the_docs_runs(page: Path, folder: Path, tmp_path: Path) -> None:
    """The blocks of a page run one after the other; the reader's own lists, that a page only names, are there."""
    here = tmp_path / "here"
    shutil.copytree(folder, here)
    texts = reviews(40)
    names: dict[str, Any] = {
        "texts": texts,
        "ids": [f"r{row}" for row in range(len(texts))],
        "prices": [float(row) for row in range(len(texts))],
        "brands": ["acme", "zeta"] * (len(texts) // 2),
        "sold": [False, True] * (len(texts) // 2),
    }
    with chdir(here):
        for code in python_code(page):
            exec(compile(code, str(page), "exec"), names)
