"""The rules of the house that no other tool checks: sizes, names, docstrings, and nothing of the machine it grew on."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "likewise"
MOST_LINES = 400  # of a file
MOST_IN_A_FUNCTION = 60
MOST_PARAMETERS = 8
NAMELESS = {"util", "helper", "common", "misc", "manager", "base", "core", "factory", "handler"}
# Words that say nothing to a practitioner: the field has terms for what they would name.
FOREIGN = {
    "told", "tell", "tells", "telling", "asked", "ask", "asks", "said", "say", "says", "beside", "look", "looks",
    "looked", "moment", "moments", "pupil", "pupils", "lesson", "lessons", "doubt", "doubts", "doubted",
}  # fmt: skip
MACHINE_PATH = re.compile(r"(?<![\w./~-])/(?:work|root|home/\w+)/")


def tracked() -> list[Path]:
    """Every file that is, or could be, committed; without a repository, those that are the project's by their place."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        found = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        folders = ("src", "tests", "benchmarks", "docs", "examples", ".ci")
        found = [*ROOT.glob("*.*"), *(path for folder in folders for path in (ROOT / folder).rglob("*"))]
    return sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)


TRACKED = tracked()
PYTHON = [path for path in TRACKED if path.suffix == ".py"]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many a call could give by their place alone: those by name read well however many there are."""
    return sum(each.arg not in {"self", "cls"} for each in (*function.args.posonlyargs, *function.args.args))


def is_command(path: Path) -> bool:
    """The command line, where Typer makes options of parameters, which a person gives by name."""
    return path.parent == PACKAGE / "cli"


@pytest.mark.parametrize("path", PYTHON, ids=named)
def test_a_file_and_its_functions_are_small(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= MOST_LINES
    for function in functions(path):
        lines = (function.end_lineno or 0) - function.lineno + 1
        assert lines <= MOST_IN_A_FUNCTION, function.name
        # A compiled loop takes plain arrays, by place: numba knows no objects that would hold them together.
        if not path.name.endswith("kernels.py") and not is_command(path):
            assert parameters(function) <= MOST_PARAMETERS, function.name


def test_names_mean_something() -> None:
    names = {part for path in TRACKED for part in re.split(r"[/._-]", named(path).lower())}
    assert names & (NAMELESS | {f"{name}s" for name in NAMELESS}) == set()


@pytest.mark.parametrize("path", [path for path in PYTHON if PACKAGE in path.parents], ids=named)
def test_what_is_public_has_a_docstring(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the module has none"
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    silent = [
        node.name
        for node in tree.body
        if isinstance(node, kinds) and node.name[0] != "_" and not ast.get_docstring(node)
    ]
    assert silent == []


def test_no_file_speaks_of_the_machine_it_was_written_on() -> None:
    found_paths = []
    for path in TRACKED:
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found_paths += [f"{named(path)}: {found.group()}" for found in MACHINE_PATH.finditer(text)]
    assert found_paths == []


def test_nothing_is_left_to_do() -> None:
    """No mark of unfinished work stands in the tree."""
    mark = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    left = [named(path) for path in PYTHON if mark.search(path.read_text(encoding="utf-8"))]
    assert left == []


def identifiers(path: Path) -> Iterator[str]:
    """Every name that a file gives or uses."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for field in ("id", "name", "attr", "arg", "asname"):
            if isinstance(found := getattr(node, field, None), str):
                yield found


@pytest.mark.parametrize("path", PYTHON, ids=named)
def test_identifiers_are_in_the_terms_of_the_field(path: Path) -> None:
    words = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
    foreign = {name for name in identifiers(path) if FOREIGN & {word.lower() for word in words.findall(name)}}
    assert sorted(foreign) == []


def imports(path: Path, modules: set[str]) -> Iterator[str]:
    """The modules of the package that a file imports, in its functions too, but not for its annotations alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):  # what stands under TYPE_CHECKING is no import
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in modules else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_no_modules_import_each_other_in_a_circle() -> None:
    files = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in PACKAGE.rglob("*.py")
    }
    graph = {name: {each for each in imports(path, {*files}) if each in files} for name, path in files.items()}
    graph["likewise"] = set()  # the front door names what is in the rooms, and every room may import the version
    while outside := {name for name in graph if not graph[name] or not any(name in each for each in graph.values())}:
        graph = {name: needed - outside for name, needed in graph.items() if name not in outside}
    assert sorted(graph) == []
