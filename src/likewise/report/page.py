"""The page: all that is shown of a model, in one HTML file that opens without a network."""

import base64
import hashlib
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from likewise.atomic import locking, replacing_file
from likewise.model.card import Card
from likewise.model.embedder import TextModel
from likewise.report.figures import baselines, draw_baselines, draw_curves, draw_pairs, draw_path, read_pairs
from likewise.report.neighbours import draw_map, find_clusters, find_neighbours, find_words
from likewise.report.sample import number, readable, shown, take_sample
from likewise.report.warnings import find_warnings


def report_path(model: str | Path) -> Path:
    """The default path of a report: `reviews.report.html` next to `reviews.model`."""
    folder = Path(model)
    if folder.name in ("", ".."):
        folder = folder.resolve()
    return folder.with_name(folder.name.removesuffix(".model") + ".report.html")


def write_report(model: TextModel, path: str | Path, *, overwrite: bool = False, texts: Any = None) -> None:
    """Write the page that shows what a model learned.

    The same model and texts on the same machine give the same bytes.

    Args:
        model: the model to show.
        path: the HTML file.
        overwrite: replace `path` if it exists.
        texts: the texts of neighbours and map: whatever `likewise.corpus.read.read` takes, or None for the sample
            stored with the model.

    Raises:
        InputError: `path` exists and `overwrite` is false, or `texts` cannot be read.
        LikewiseError: the disk is full; the file at `path` is unchanged.
    """
    with locking(Path(path), overwrite=overwrite):
        page = render(model, texts)
        with replacing_file(Path(path), overwrite=overwrite) as temporary:
            temporary.write_text(page, encoding="utf-8", newline="\n")


def render(model: TextModel, texts: Any = None) -> str:
    """The page as HTML. Jinja escapes all but style, scripts and the JSON of the plots."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["shown"] = shown
    template = environment.from_string(_resource("page.html"))
    scripts = (plotly_script(), _resource("page.js"))
    return template.render(
        **_content(model, texts),
        style=_resource("page.css"),
        scripts=scripts,
        hashes=[_sha256(script) for script in scripts],
    )


@lru_cache(maxsize=1)
def plotly_script() -> str:
    """The source of plotly.js, escaped so that it cannot end its script tag."""
    from plotly.offline import get_plotlyjs

    source: str = get_plotlyjs().replace("\r\n", "\n").replace("\r", "\n")
    return source.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _content(model: TextModel, texts: Any) -> dict[str, Any]:
    card = model.card
    sample = take_sample(model, texts)
    clusters = find_clusters(sample) if len(sample) else None
    pairs = read_pairs(card)
    return {
        "name": _name(card),
        "scores": baselines(card),
        "warnings": find_warnings(card, sample),
        "facts": _facts(model),
        "settings": {readable(str(name), 60): value for name, value in card.recipe.items()},
        "versions": {readable(str(name), 60): value for name, value in card.versions.items()},
        "bars": draw_baselines(card),
        "curves": draw_curves(card),
        "path": draw_path(card),
        "pairs": None if pairs is None else draw_pairs(pairs),
        "sample": len(sample),
        "given": texts is not None,
        "neighbours": find_neighbours(sample, clusters, np.random.default_rng(0)),
        "map": draw_map(sample, clusters),
        "words": find_words(model, sample),
        "start": str(card.recipe.get("start", "random")),
        "held_out": number(card.scores, "texts"),
    }


def _name(card: Card) -> str:
    name = readable(str(card.corpus.get("name") or ""), 200)
    return name.rstrip("/").rpartition("/")[2] or "a text encoder"


def _facts(model: TextModel) -> dict[str, Any]:
    """The corpus in numbers, by readable names."""
    corpus = model.card.corpus
    texts, tokens = number(corpus, "texts"), number(corpus, "tokens")
    known = {
        "name": "name", "texts": "distinct texts", "duplicates": "exact duplicates, left out",
        "empty": "empty, left out", "unknown": "of unknown characters alone, left out",
        "skipped": "rows that could not be read", "tokens": "subwords",
    }  # fmt: skip
    facts = {title: corpus[key] for key, title in known.items() if key in corpus}
    if texts and tokens is not None:
        facts["subwords a text"] = round(tokens / texts, 1)
    facts["vocabulary"] = len(model.tokenizer.vocabulary)
    facts["dimensions"] = model.dim
    others = {str(key): value for key, value in corpus.items() if key not in {*known, "fingerprint"}}
    return facts | others | ({"fingerprint": corpus["fingerprint"]} if "fingerprint" in corpus else {})


def _sha256(script: str) -> str:
    """The name of a script that the content security policy allows."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _resource(name: str) -> str:
    return files("likewise.report").joinpath(name).read_text(encoding="utf-8")
