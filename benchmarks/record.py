"""The command line of a benchmark, and what it measured: a JSON line a run, from which docs/benchmarks.md is made."""

import argparse
import json
import logging
import os
import platform
import subprocess
import sys
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"

# What can change a figure, by the module that a benchmark imports it as.
PACKAGES = {
    "likewise": "likewise", "numpy": "numpy", "numba": "numba", "pyarrow": "pyarrow", "tokenizers": "tokenizers",
    "sklearn": "scikit-learn", "faiss": "faiss-cpu", "torch": "torch", "transformers": "transformers",
    "sentence_transformers": "sentence-transformers", "model2vec": "model2vec", "bm25s": "bm25s",
    "onnxruntime": "onnxruntime", "nltk": "nltk", "semhash": "semhash", "datasketch": "datasketch",
}  # fmt: skip


def arguments(
    described: str | None, *, quick: str = "", folders: bool = False, reads_data: bool = True, **numbers: int
) -> argparse.ArgumentParser:
    """The command line of a benchmark.

    Args:
        described: the docstring of the script.
        quick: what `--quick` does; there is no such option if it is empty.
        folders: whether other data sets can be given, see `retrieval_sets`.
        reads_data: whether `--data` is needed.
        **numbers: further options that are integers, and their defaults.
    """
    parser = argparse.ArgumentParser(description=described, formatter_class=argparse.RawDescriptionHelpFormatter)
    if folders:
        parser.add_argument("folders", type=Path, nargs="*", help="data sets in BEIR layout, .zst or not")
    given = os.environ.get("LIKEWISE_DATA")
    parser.add_argument(
        "--data", type=Path, default=given, required=reads_data and given is None,
        help="folder of the data sets; LIKEWISE_DATA if it is not given",
    )  # fmt: skip
    for name, default in numbers.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default)
    if quick:
        parser.add_argument("--quick", action="store_true", help=f"{quick}, nothing recorded")
    return parser


def setting(given: str) -> tuple[str, Any]:
    """A setting of a recipe, NAME=VALUE."""
    name, _, value = given.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def be_quiet() -> None:
    """Leave out the messages and warnings of peers; no model is looked for on the net."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    logging.disable(logging.WARNING)
    warnings.filterwarnings("ignore")


def record(
    name: str, configuration: Mapping[str, Any], numbers: Mapping[str, Any], seed: int, *, results: Path = RESULTS
) -> Path:
    """Append what a run measured to `results/<name>.jsonl`.

    Args:
        name: of the benchmark, which is that of its script.
        configuration: what was run: sizes, settings. Where a benchmark writes one line a data set, the data set
            stands here as `data`, and each has its own table.
        numbers: what came out, by name, nested as deep as reads well. A figure is a number, or a mapping with `median`,
            `low`, `high` and `repeats` (`comparison.Spread.plain()`), or with `mean`, `low`, `high` and `values`.
        seed: of everything random.
        results: where the lines are kept.

    Returns:
        The file that was appended to.
    """
    line = {
        "benchmark": name,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(ROOT),
        "versions": versions(),
        "cpu": cpu(),
        "threads": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "seed": seed,
        "configuration": configuration,
        "numbers": numbers,
    }
    results.mkdir(parents=True, exist_ok=True)
    path = results / f"{name}.jsonl"
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False, default=_plain) + "\n")
    return path


def commit(folder: Path) -> str:
    """The commit that was measured, with `+changes` where the code differs from it; `unknown` outside a repository."""
    found = _git(folder, "rev-parse", "--short=12", "HEAD")
    if not found:
        return "unknown"
    changed = _git(folder, "status", "--porcelain", "--", "src", "benchmarks/*.py", "pyproject.toml")
    return f"{found}+changes" if changed else found


def versions() -> dict[str, str]:
    """Of Python and of the packages that this process has imported."""
    found = {"python": platform.python_version()}
    for module, package in PACKAGES.items():
        if module in sys.modules:
            try:
                found[package] = version(package)
            except PackageNotFoundError:
                found[package] = getattr(sys.modules[module], "__version__", "unknown")
    return found


def cpu() -> str:
    """The processor's name."""
    info = Path("/proc/cpuinfo")
    for line in info.read_text(encoding="utf-8").splitlines() if info.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git(folder: Path, *words: str) -> str:
    try:
        found = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return found.stdout.strip()


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays, and paths, as JSON knows them."""
    return value.tolist() if hasattr(value, "tolist") else str(value)
