"""The rooms: imports go one way, and what is imported by default is neither much nor slow."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "likewise"
IN_CI = bool(os.environ.get("CI"))
SECONDS = 1.0 if IN_CI else 0.3  # a machine of CI may be busy with something else

# What needs torch, and is imported by nothing else before a transformer is needed.
WITH_TORCH = {
    *(f"likewise.encoders.transformer.{name}" for name in ("dropout", "encoder", "frozen", "gradient_cache")),
    "likewise.training.adapt",
}
# What only an extra brings, or whoever uses Likewise beside it: no room may need it.
ABSENT = (
    "torch", "onnx", "onnxruntime", "transformers", "sentence_transformers", "nltk", "pandas", "polars", "datasets",
    "zstandard", "psutil",
)  # fmt: skip

WITHOUT = f"""
import importlib.abc, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in {ABSENT!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""


@pytest.fixture
def python() -> Callable[[str], str]:
    """Runs code in a Python of its own, which coverage does not watch, and gives what it printed."""

    def run(code: str) -> str:
        path = os.pathsep.join(filter(None, [str(PACKAGE.parent), os.environ.get("PYTHONPATH")]))
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=False,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_text_travels_one_way_through_the_rooms(python: Callable[[str], str]) -> None:
    python("import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))")


def test_every_room_has_its_place_in_the_contract() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = next(each["layers"] for each in settings["tool"]["importlinter"]["contracts"] if each["type"] == "layers")
    placed = {name.strip() for layer in layers for name in layer.split("|")}
    here = {path.stem for path in PACKAGE.glob("*.py")} | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert placed == here - {"__init__", "__main__"}


def test_importing_likewise_loads_nothing_heavy(python: Callable[[str], str]) -> None:
    loaded = python("import sys, likewise; print(*sys.modules)").split()
    heavy = {"torch", "numba", "sklearn", "scipy", "faiss", "numpy", "pyarrow", "tokenizers", "typer", "rich"}
    assert heavy & set(loaded) == set()


def test_the_command_line_opens_without_the_compiler(python: Callable[[str], str]) -> None:
    loaded = python("import sys, likewise.cli; print(*sys.modules)").split()
    assert {"torch", "numba", "sklearn", "scipy", "faiss"} & set(loaded) == set()


def test_importing_likewise_is_quick(
    python: Callable[[str], str], record_property: Callable[[str, object], None]
) -> None:
    code = "from time import perf_counter as now; start = now(); import likewise; print(now() - start)"
    seconds = min(float(python(code)) for _ in range(3))
    record_property("seconds", seconds)
    print(f"import likewise: {seconds:.4f} s")
    assert seconds < SECONDS


def test_every_module_is_there_without_torch(python: Callable[[str], str]) -> None:
    files = sorted(path.relative_to(PACKAGE.parent).with_suffix("") for path in PACKAGE.rglob("*.py"))
    names = [".".join(file.parts).removesuffix(".__init__") for file in files]
    names = [name for name in names if name not in WITH_TORCH]
    printed = python(
        f"{WITHOUT}\nimport importlib\nfor name in {names!r}: importlib.import_module(name)\nprint(len(sys.modules))"
    )
    assert int(printed) > len(names)


def test_a_model_is_trained_and_searched_without_torch(python: Callable[[str], str], tmp_path: Path) -> None:
    code = f"""{WITHOUT}
import likewise
things = ("red kettle", "blue kettle", "red tent", "blue tent")
texts = [f"the {{thing}} number {{n}}" for n in range(20) for thing in things]
model = likewise.train(texts, epochs=1, progress=False)
index = likewise.Collection.create({str(tmp_path / "colours.index")!r}, model)
index.add(texts)
print(len(index.search("a red kettle", k=3)))
"""
    assert python(code).split()[-1] == "3"
