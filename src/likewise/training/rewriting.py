"""Texts that were rewritten before they became ids: made once, kept beside the ids, and used as views."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from likewise.paraphrase.cache import Rewritten, rewrite_corpus
from likewise.paraphrase.paraphraser import make_paraphraser
from likewise.tokens.ragged import Ragged
from likewise.tokens.store import TokenWriter, open_tokens
from likewise.training.prepare import KEPT, Prepared
from likewise.training.reading import Reading
from likewise.views.spec import rewritings

__all__ = ["ProgressBar", "with_rewritten"]

FOLDER = "rewritten"

ProgressBar = Callable[[str], Callable[[int, int | None], None]]
"""Begins to show how far something is; what it returns is told so."""


def with_rewritten(
    prepared: Prepared,
    reading: Reading,
    views: str | Sequence[str] | None,
    *,
    work: Path,
    ids: Path,
    seed: int,
    progress_bar: ProgressBar,
    resume: bool = False,
) -> Prepared:
    """The same corpus with its texts rewritten, once for each paraphraser that views ask for, in ids of its tokenizer.

    Args:
        prepared: the corpus as ids.
        reading: its texts.
        views: as `views.spec.make_views` takes them.
        work: where the rewritten texts are kept; they do not depend on the tokenizer.
        ids: where the ids of the corpus are.
        seed: of what is drawn.
        progress_bar: shows how far it is.
        resume: go on with what an earlier run left.

    Raises:
        InputError: a tool is missing.
        LikewiseError: a paraphraser fails; what it has done stays.
    """
    made: dict[str, tuple[Ragged, ...]] = {}
    sides = [prepared.texts] if prepared.pairs is None else [prepared.texts, prepared.pairs]
    for number, name in enumerate(dict.fromkeys(rewritings(views))):
        paraphraser = make_paraphraser(name)
        stores = []
        for side, texts in enumerate(sides):
            rewritten = rewrite_corpus(
                (batch.column(side) for batch in reading.spooled()), paraphraser, work / FOLDER, f"text{side}",
                seed=seed, fingerprint=reading.digest.hexdigest(), total=reading.kept, resume=resume,
                log=progress_bar(name),
            )  # fmt: skip
            stores.append(_stored(rewritten, prepared, texts, ids, f"text{side}-rewritten{number}"))
        made[name] = tuple(stores)
    return replace(prepared, rewritten=made)


def _stored(rewritten: Rewritten, prepared: Prepared, texts: Ragged, ids: Path, name: str) -> Ragged:
    """The ids of the rewritten texts; those of the text itself where nothing is left of it."""
    kept, vocab = np.load(ids / KEPT), len(prepared.vocabulary)
    with TokenWriter(ids / name, vocab) as writer:
        seen, stored = 0, 0
        for array in rewritten.arrays():
            some = np.flatnonzero(kept[seen : seen + len(array)])
            new = prepared.encoded(array.take(pa.array(some)))
            seen += len(array)
            own = texts.slice(stored, stored + len(new))
            stored += len(new)
            rows = np.arange(len(new)) + len(new) * (new.lengths == 0)
            writer.append(Ragged.concatenate([new, own]).take(rows))
    return open_tokens(ids / name)
