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
import os
import tempfile
from collections.abc import Callable
from contextlib import redirect_stderr
from functools import partial
from io import StringIO
from typing import Any

import numpy as np
import torch
from comparison import alternate, best_of, ratio, spread
from datasets import Dataset
from one_epoch import OneEpoch
from record import arguments, be_quiet, record
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from transformers import PrinterCallback
from yardstick import short_texts, trained

import likewise
from likewise.tokens.tokenizer import Tokenizer

DIM = 256
SETTINGS = [
    {"optim": optimiser, "dataloader_num_workers": workers}
    for optimiser in ("adamw_torch", "adamw_torch_fused")
    for workers in (0, 1, 2)
]


class StaticTrainer:
    """One epoch on given pairs of texts; logging, saving, evaluation and gradient clipping are off.

    Attributes:
        pairs: two columns of texts.
        tokenizer: of the vocabulary that the other side has too.
        batch: pairs a step.
        dim: length of a vector.
        place: a folder that the trainer wants.
    """

    def __init__(self, pairs: Dataset, tokenizer: Tokenizer, batch: int, dim: int, place: str) -> None:
        self.pairs, self.tokenizer, self.batch, self.dim, self.place = pairs, tokenizer, batch, dim, place

    def best_settings(self, pairs: int) -> dict[str, Any]:
        """The fastest of the settings on the first so many pairs."""
        some = self.pairs.select(range(min(pairs, len(self.pairs))))
        trial = StaticTrainer(some, self.tokenizer, self.batch, self.dim, self.place)
        return best_of(SETTINGS, lambda settings: trial.runs(settings, 2))

    def runs(self, settings: dict[str, Any], count: int) -> Callable[[], object]:
        """A call that trains one of `count` models made beforehand, from texts to the end of the epoch."""
        with redirect_stderr(StringIO()):  # a progress bar that no argument turns off
            made = iter([self._trainer(settings) for _ in range(count)])

        def run() -> None:
            # The threads of `tokenizers` do not outlive a fork: with workers it waits for them for ever.
            os.environ["TOKENIZERS_PARALLELISM"] = "false" if settings["dataloader_num_workers"] else "true"
            next(made).train()

        return run

    def steps(self) -> Callable[[], object]:
        """The step loop alone, in plain torch: ids of every batch beforehand, the loss, its gradient, the optimiser."""
        module = StaticEmbedding(self.tokenizer, embedding_dim=self.dim)
        model = SentenceTransformer(modules=[module], device="cpu")
        loss = MultipleNegativesRankingLoss(model)
        optimiser = torch.optim.AdamW(model.parameters(), 0.05, fused=True)
        parts = [self.pairs[first : first + self.batch] for first in range(0, len(self.pairs), self.batch)]
        features = [[module.preprocess(part["anchor"]), module.preprocess(part["positive"])] for part in parts]

        def run() -> None:
            for both in features:
                optimiser.zero_grad()
                loss([dict(side) for side in both], None).backward()
                optimiser.step()

        return run

    def _trainer(self, settings: dict[str, Any]) -> SentenceTransformerTrainer:
        module = StaticEmbedding(self.tokenizer, embedding_dim=self.dim)
        model = SentenceTransformer(modules=[module], device="cpu")
        arguments = SentenceTransformerTrainingArguments(
            output_dir=self.place, num_train_epochs=1, per_device_train_batch_size=self.batch, use_cpu=True,
            learning_rate=0.05, max_grad_norm=0.0, logging_strategy="no", save_strategy="no", eval_strategy="no",
            report_to="none", disable_tqdm=True, dataloader_pin_memory=False, **settings,
        )  # fmt: skip
        trainer = SentenceTransformerTrainer(
            model=model, args=arguments, train_dataset=self.pairs, loss=MultipleNegativesRankingLoss(model)
        )
        trainer.remove_callback(PrinterCallback)
        return trainer


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
    options = {"texts": 100_000, "peer_pairs": 30_720, "repeats": 5, "seed": 0}
    parser = arguments(__doc__, quick="20,000 texts, 3 repeats", **options)
    parser.add_argument("--batches", type=int, nargs="+", default=[512, 2048])
    given = parser.parse_args()
    if given.quick:
        given.texts, given.peer_pairs, given.repeats = 20_000, 8_192, 3
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    be_quiet()
    texts = list(dict.fromkeys(short_texts(given.data, given.texts, np.random.default_rng(given.seed))))
    tokenizer = trained(texts, epochs=1, seed=given.seed).tokenizer
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
