"""Tables inside pages that are written by hand: what stands between two marks is made from the recorded lines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from experiments_tables import default, experiments, words
from label_free_tables import chosen, correlations, exponents, summary
from negatives_tables import alone, bounds, doses, near_duplicates, sizes
from paraphrase_tables import paraphrases
from transformer_tables import adapted, options, views_alone

__all__ = ["BLOCKS", "Block", "filled"]

Lines = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Block:
    """A table in a page.

    Attributes:
        page: its file in `docs/`.
        name: what its marks call it.
        benchmark: whose lines it shows.
        made: the table, from the last line of each data set.
    """

    page: str
    name: str
    benchmark: str
    made: Callable[[Lines], str]


GROUPS = ("stems", "parts", "documents", "start", "length", "run", "views", "search")  # of experiments

BLOCKS = (
    Block("importance-of-negatives.md", "alone", "negatives_alone", alone),
    Block("importance-of-negatives.md", "sizes", "negatives", sizes),
    Block("importance-of-negatives.md", "bounds", "negatives", bounds),
    Block("importance-of-negatives.md", "doses", "negatives", doses),
    Block("negatives.md", "near-duplicates", "near_duplicates", near_duplicates),
    Block("paraphrase.md", "paraphrases", "paraphrase", paraphrases),
    Block("transformers.md", "adapted", "adapt", adapted),
    Block("transformers.md", "options", "transformer_options", options),
    Block("views.md", "views-static", "view_ablation", partial(views_alone, "static")),
    Block("views.md", "views-minilm", "view_ablation", partial(views_alone, "minilm")),
    Block("experiments.md", "default", "experiments", default),
    Block("experiments.md", "words", "experiments", words),
    Block("score.md", "summary", "label_free", summary),
    Block("score.md", "exponents", "label_free", exponents),
    Block("score.md", "correlations", "label_free", correlations),
    Block("score.md", "chosen", "label_free", chosen),
    *(Block("experiments.md", group, "experiments", partial(experiments, group)) for group in GROUPS),
)
"""Every block of every page."""


def filled(docs: Path, page: str, lines: Lines) -> str:
    """A page with its blocks as the recorded lines have them.

    Args:
        docs: the folder of the pages.
        page: the file's name.
        lines: the last line of each benchmark and data set.
    """
    text = (docs / page).read_text(encoding="utf-8")
    for block in BLOCKS:
        if block.page == page:
            first, last = f"<!-- made: {block.name} -->\n", f"<!-- end: {block.name} -->\n"
            before, _, rest = text.partition(first)
            _, mark, after = rest.partition(last)
            if not mark:
                raise ValueError(f"{page} has no place for {block.name}: expected {first.strip()} and {last.strip()}")
            table = block.made([line for line in lines if line["benchmark"] == block.benchmark])
            text = f"{before}{first}\n{table}\n{last}{after}"
    return text
