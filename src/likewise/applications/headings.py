"""Headings of a text: of Markdown, of wikis, and underlined ones as in reStructuredText."""

import re
from dataclasses import dataclass

HEADING = re.compile(
    r"""^(?P<fence>```|~~~)(?s:.*?)^(?P=fence)       # code, whose comments are no headings
    |^(?P<hashes>\#{1,6})[ \t]+\S.*$              # of Markdown
    |^(?P<equals>={2,6})[ \t]*[^=\s].*?(?P=equals)[ \t]*$  # of wikis
    |^(?P<title>[^\s#].*)\n(?P<line>(?P<sign>[=\-~^*+"'`.:_])(?P=sign){2,})[ \t]*$""",
    re.MULTILINE | re.VERBOSE,
)


@dataclass(frozen=True)
class Heading:
    """A heading and its place.

    Attributes:
        start: where its line begins in the text.
        end: behind its line, or the line under it, without the line break.
        level: 1 for the highest.
    """

    start: int
    end: int
    level: int


def headings(text: str) -> list[Heading]:
    """Return the headings of a text, in order; of underlined ones, each new sign is a level deeper."""
    found: list[Heading] = []
    signs: list[str] = []
    for match in HEADING.finditer(text):
        if match["fence"]:
            continue
        if match["hashes"]:
            level = len(match["hashes"])
        elif match["equals"]:
            level = len(match["equals"]) - 1
        elif len(match["line"]) < len(match["title"].strip()):  # a rule under a line of text
            continue
        else:
            if match["sign"] not in signs:
                signs.append(match["sign"])
            level = 1 + signs.index(match["sign"])
        found.append(Heading(match.start(), match.end(), level))
    return found
