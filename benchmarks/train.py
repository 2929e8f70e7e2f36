"""How many positive pairs a second train a static encoder: likewise beside the trainer of sentence-transformers.

    python benchmarks/train.py --data DATA [--quick]

Both train one epoch on short texts with the same vocabulary, on the processor, in float32. The trainer is given its
pairs as texts made beforehand, so making views costs it nothing, and its optimiser and data loader are the fastest of
several. Three figures for each batch size:

- whole run: `likewise.train` from a list of texts, with all that it does beside (reading, leaving out repeats, learning
  the vocabulary, scoring held-out texts, the LSA yardstick), beside the trainer's `train()`, which is given a
  vocabulary and scores nothing;
- tokenising and steps: the work that both have, from texts to the end of the epoch;
- steps: ids beforehand on both sides, for the peer a plain torch loop.
"""

import argparse
import gc
import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from comparison import alternate, ratio, spread
from datasets import Dataset
from record import record
from static_trainer import StaticTrainer
from texts import add_data, short_texts

import likewise
from likewise.encoders.lsa import log_idf
from likewise.encoders.static import StaticEncoder
from likewise.negatives.signatures import Signatures, signatures
from likewise.optimisation.step import Batch, ContrastiveStep, batch_indices
from likewise.tokens.compiled import Tokenizer
from likewise.tokens.ragged import Ragged
from likewise.tokens.vocabulary import UNKNOWN
from likewise.training.recipe import Recipe, derived
from likewise.views.mix import make_views

DIM = 256


class OneEpoch:
    """What likewise does with texts between reading them and the end of an epoch, of its public parts."""

    def __init__(self, texts: list[str], tokenizer: Tokenizer, batch: int, seed: int) -> None:
        self.texts, self.tokenizer, self.batch, self.seed = texts, tokenizer, batch, seed
        self.recipe = derived(Recipe(dim=DIM, batch=batch, seed=seed), len(texts))
        self.continues = tokenizer.vocabulary.continues
        self.views = make_views(self.recipe.views, tokenizer.vocabulary)
        counts = np.bincount(tokenizer.encode(texts).ids, minlength=len(self.continues))
        self.token_weights = log_idf(counts.astype(np.int64), len(texts))
        self.ids, self.marks = self._tokenised()

    def tokenising_and_steps(self) -> None:
        """From texts to the end of the epoch."""
        self._train(*self._tokenised())

    def steps(self) -> None:
        """From ids to the end of the epoch."""
        self._train(self.ids, self.marks)

    def written_views(self, pairs: int) -> Dataset:
        """The two views of the first texts, as texts: what the peer is given."""
        views = self.views(self.ids.slice(0, pairs), np.random.default_rng(self.seed))
        return Dataset.from_dict(
            {"anchor": [*self._written(views.anchors)], "positive": [*self._written(views.positives)]}
        )

    def _tokenised(self) -> tuple[Ragged, Signatures]:
        ids = self.tokenizer.encode(self.texts).without(self.tokenizer.vocabulary.pieces.index(UNKNOWN))
        return ids, signatures(ids, self.token_weights, self.continues)

    def _train(self, ids: Ragged, marks: Signatures) -> None:
        rng = np.random.default_rng(self.seed)
        encoder = StaticEncoder.random(self.token_weights, DIM, rng)
        recipe = self.recipe
        step = ContrastiveStep(encoder, temperature=recipe.temperature, distance=recipe.near_duplicate)
        for chosen in batch_indices(len(ids), self.batch, rng):
            step(Batch(self.views(ids.take(chosen), rng), (marks.take(chosen),)), recipe.learning_rate)

    def _written(self, texts: Ragged) -> Iterator[str]:
        named = zip(self.tokenizer.vocabulary.pieces, self.continues, strict=True)
        spelled = [piece.removeprefix("##") if continues else f" {piece}" for piece, continues in named]
        return ("".join(spelled[id] for id in texts[text]).strip() for text in range(len(texts)))


def measure(texts: list[str], tokenizer: Tokenizer, batch: int, given: argparse.Namespace) -> dict[str, Any]:
    """All figures at one batch size."""
    pairs = given.peer_pairs
    ours = OneEpoch(texts, tokenizer, batch, given.seed)
    whole = partial(likewise.train, texts, dim=DIM, batch=batch, epochs=1, seed=given.seed, progress=False)
    seen = whole().card.history[-1]["step"] * batch  # without the texts held out
    ours.tokenising_and_steps()
    with tempfile.TemporaryDirectory() as place:
        peer = StaticTrainer(ours.written_views(pairs), tokenizer.reference, batch, DIM, place)
        settings = peer.best_settings(max(4 * batch, 4096))
        work: dict[str, tuple[Callable[[], object], int]] = {
            "likewise, whole run": (whole, seen),
            "likewise, tokenising and steps": (ours.tokenising_and_steps, len(texts)),
            "likewise, steps": (ours.steps, len(texts)),
            "sentence-transformers, whole run": (peer.runs(settings, given.repeats), pairs),
            "sentence-transformers, steps": (peer.steps(), pairs),
        }
        gc.collect()
        gc.freeze()  # the trainer collects garbage at its end: what is here already must not cost it time
        seconds = alternate({name: call for name, (call, _) in work.items()}, given.repeats)
    speeds = {name: [count / took for took in seconds[name]] for name, (_, count) in work.items()}
    beside = speeds["sentence-transformers, whole run"]
    ratios = {
        "whole run": ratio(speeds["likewise, whole run"], beside),
        "tokenising and steps": ratio(speeds["likewise, tokenising and steps"], beside),
        "steps": ratio(speeds["likewise, steps"], speeds["sentence-transformers, steps"]),
    }
    print(f"\nbatch {batch}: {seen:,} pairs beside {pairs:,}; the trainer with {settings}")
    for name, speed in speeds.items():
        print(f"{name:34} {spread(speed)} pairs/s")
    for name, times in ratios.items():
        print(f"ratio, {name:27} {times}")
    return {
        "pairs": seen, "peer_pairs": pairs, "settings": settings,
        "pairs_a_second": {name: spread(speed).plain() for name, speed in speeds.items()},
        "ratio": {name: times.plain() for name, times in ratios.items()},
    }  # fmt: skip


def main() -> None:
    """Race both at each batch size and record pairs per second."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(parser)
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--peer-pairs", type=int, default=30_720, help="how many of them the slower peer trains on")
    parser.add_argument("--batches", type=int, nargs="+", default=[512, 2048])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="20,000 texts, 3 repeats, nothing recorded")
    given = parser.parse_args()
    if given.quick:
        given.texts, given.peer_pairs, given.repeats = 20_000, 8_192, 3
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    logging.disable(logging.WARNING)
    warnings.filterwarnings("ignore")  # the peer's, of every run again

    texts = list(dict.fromkeys(short_texts(given.data, given.texts, np.random.default_rng(given.seed))))
    tokenizer = likewise.train(texts, epochs=1, seed=given.seed, progress=False).tokenizer
    tokens = float(np.mean(tokenizer.encode(texts).lengths))
    print(f"{len(texts):,} texts of {tokens:.1f} tokens, {len(tokenizer.vocabulary):,} pieces, {DIM} dimensions")
    numbers = {f"batch {batch}": measure(texts, tokenizer, batch, given) for batch in given.batches}
    if not given.quick:
        configuration = {
            "texts": len(texts), "tokens_a_text": round(tokens, 2), "vocabulary": len(tokenizer.vocabulary),
            "dim": DIM, "repeats": given.repeats,
        }  # fmt: skip
        record("train", configuration, numbers, given.seed)


if __name__ == "__main__":
    main()
