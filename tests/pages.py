"""The parts of a Markdown page that tests look at: its blocks of code, its links, and what can be linked to."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
ELSEWHERE = re.compile(r"[a-z]+:")
HEADING = re.compile(r"^#+ +(.+?)\s*$", re.MULTILINE)
COMMAND = re.compile(r"^(?:\$ )?((?:likewise|make|pip|python|git) .*)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: which language it says it is, and what it holds."""

    language: str
    code: str


def blocks(page: Path) -> list[Block]:
    """All blocks of a page, in their order."""
    return [Block(language, code) for language, code in FENCE.findall(page.read_text(encoding="utf-8"))]


def python_code(page: Path) -> list[str]:
    """What a reader would type into Python, one string a block."""
    return [block.code for block in blocks(page) if block.language == "python"]


def commands(page: Path) -> list[str]:
    """What a reader would type into a shell, one line each; lines that end in a backslash are joined."""
    typed = (block.code.replace("\\\n", "") for block in blocks(page) if block.language != "python")
    return [line for code in typed for line in COMMAND.findall(code)]


def links(page: Path) -> list[str]:
    """All links of a page that stay within the project."""
    return [link for link in LINK.findall(_text(page)) if not ELSEWHERE.match(link)]


def anchors(page: Path) -> set[str]:
    """What a link to the page may end with after `#`: its headings, as GitHub writes them."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(_text(page)))
    return {heading.replace(" ", "-") for heading in plain}


def _text(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))
