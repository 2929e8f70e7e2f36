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
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from comparison import alternate, ratio, spread
from datasets import Dataset
from one_epoch import OneEpoch
from record import record
from static_trainer import StaticTrainer
from yardstick import add_data, short_texts

import likewise
from likewise.tokens.tokenizer import Tokenizer

DIM = 256


def measure(texts: list[str], tokenizer: Tokenizer, batch: int, given: argparse.Namespace) -> dict[str, Any]:
    """All figures at one batch size."""
    pairs = given.peer_pairs
    ours = OneEpoch(texts, tokenizer, dim=DIM, batch=batch, seed=given.seed)
    whole = partial(likewise.train, texts, dim=DIM, batch=batch, epochs=1, seed=given.seed, progress=False)
    seen = whole().card.history[-1]["step"] * batch  # without the texts held out
    ours.tokenising_and_steps()
    with tempfile.TemporaryDirectory() as place:
        peer = StaticTrainer(Dataset.from_dict(ours.written_views(pairs)), tokenizer.reference, batch, DIM, place)
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
    of_peer = speeds["sentence-transformers, whole run"]
    ratios = {
        "whole run": ratio(speeds["likewise, whole run"], of_peer),
        "tokenising and steps": ratio(speeds["likewise, tokenising and steps"], of_peer),
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
