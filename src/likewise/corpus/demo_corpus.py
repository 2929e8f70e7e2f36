"""The demo corpus that every machine has: the documentation in the standard library of the Python that runs."""

import ast
import re
import sysconfig
import warnings
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

from likewise.errors import LikewiseError

__all__ = ["pydocs"]


FEWEST_WORDS = 4
# Not documentation of what one calls: tests, demonstrations, editors, what others installed.
LEFT_OUT = {
    "__phello__", "__pycache__", "dist-packages", "ensurepip", "idlelib", "lib2to3", "lib-dynload", "site-packages",
    "test", "tests", "turtledemo",
}  # fmt: skip
TOPICS = Path("pydoc_data", "topics.py")  # the language reference, as a dict of strings: what help("with") shows

PARAGRAPH = re.compile(r"\n[ \t]*\n")
WORD = re.compile(r"[^\W\d_]{2,}")
BULLET = re.compile(r"^\s*([-*]|\d+\.)\s+")
# A line that is drawn or typed rather than written: a doctest, a rule, a table, a directive.
DRAWN = re.compile(r"^\s*(>>>|\.\.\. |\.\. |[-=*~+#|`^\"]{3,}|[+|])")

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def pydocs(library: Path | None = None) -> list[str]:
    """Distinct paragraphs of documentation, each behind the name of what it is about, always in the same order.

    Nothing is imported: the sources are parsed. A paragraph has four words at the least, and is prose: doctests, tables
    and code are left out.

    Args:
        library: the folder of a standard library; None for that of the running Python.

    Raises:
        LikewiseError: there is no documentation there, as on a Python that was installed without its sources.
    """
    library = library or Path(sysconfig.get_path("stdlib"))
    found: dict[str, str] = {}
    for file in sorted(library.rglob("*.py")):
        inner = file.relative_to(library)
        if LEFT_OUT.isdisjoint(inner.parts):
            for name, text in _documentation(file, inner):
                for paragraph in _prose(text):
                    found.setdefault(paragraph.casefold(), f"{name}: {paragraph}")
    if not found:
        raise LikewiseError(f"{library} holds no documentation: this Python was installed without its sources")
    return list(found.values())


def _documentation(file: Path, inner: Path) -> Iterator[tuple[str, str]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # escapes that were valid once
        try:
            tree = ast.parse(file.read_bytes())
        except (SyntaxError, ValueError):
            return
    if inner == TOPICS:
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(value, ast.Constant):
                        yield str(key.value), str(value.value)
        return
    yield from _docstrings(tree, ".".join(part for part in inner.with_suffix("").parts if part != "__init__"))


def _docstrings(node: Documented, name: str) -> Iterator[tuple[str, str]]:
    if text := ast.get_docstring(node):
        yield name, text
    for child in node.body:
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not child.name.startswith("_"):
            yield from _docstrings(child, f"{name}.{child.name}")


def _prose(text: str) -> Iterator[str]:
    for paragraph in PARAGRAPH.split(cleandoc(text)):
        lines = paragraph.splitlines()
        if any(map(DRAWN.match, lines)):
            continue
        joined = " ".join(BULLET.sub("", " ".join(lines)).split())
        words = WORD.findall(joined)
        letters = sum(map(len, words))
        # Code has as many signs as letters; what ends with a colon speaks of code that is left out.
        if len(words) >= FEWEST_WORDS and letters > 0.65 * len(joined) and not joined.endswith(":"):
            yield joined
