"""A demo corpus that every machine has: the documentation of the standard library of the running Python."""

import ast
import re
import sysconfig
import warnings
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

from likewise.errors import LikewiseError

MIN_WORDS = 4
# No documentation of public interfaces: tests, demonstrations, editors, installed packages.
LEFT_OUT = {
    "__phello__", "__pycache__", "dist-packages", "ensurepip", "idlelib", "lib2to3", "lib-dynload", "site-packages",
    "test", "tests", "turtledemo",
}  # fmt: skip
TOPICS = Path("pydoc_data", "topics.py")  # the language reference, as a dict of strings: what help("with") shows

PARAGRAPH = re.compile(r"\n[ \t]*\n")
WORD = re.compile(r"[^\W\d_]{2,}")
BULLET = re.compile(r"^\s*([-*]|\d+\.)\s+")
# A line that is no prose: a doctest, a rule, a table, a directive.
DRAWN = re.compile(r"^\s*(>>>|\.\.\. |\.\. |[-=*~+#|`^\"]{3,}|[+|])")

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def pydocs(library: Path | None = None, *, max_texts: int | None = None) -> list[str]:
    """Collect distinct paragraphs of documentation, each after the name that it documents, always in the same order.

    The sources are parsed and not imported. A paragraph is prose of at least four words, without doctests, tables and
    code.

    Args:
        library: the folder of a standard library; None for that of the running Python.
        max_texts: stop after this many paragraphs; None collects all.

    Raises:
        LikewiseError: it holds no documentation, as in a Python that was installed without its sources.
    """
    library = library or Path(sysconfig.get_path("stdlib"))
    found: dict[str, str] = {}
    for file in sorted(library.rglob("*.py")):
        inner = file.relative_to(library)
        if max_texts is not None and len(found) >= max_texts:
            break
        if LEFT_OUT.isdisjoint(inner.parts):
            for name, text in _documentation(file, inner):
                for paragraph in _prose(text):
                    found.setdefault(paragraph.casefold(), f"{name}: {paragraph}")
    if not found:
        raise LikewiseError(f"{library} holds no documentation: this Python was installed without its sources")
    return list(found.values())[:max_texts]


def _documentation(file: Path, inner: Path) -> Iterator[tuple[str, str]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # escapes that used to be valid
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
        # Code has many signs; a paragraph that ends with a colon introduces code that is left out.
        if len(words) >= MIN_WORDS and letters > 0.65 * len(joined) and not joined.endswith(":"):
            yield joined
