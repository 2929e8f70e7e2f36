"""The peer of train.py: StaticEmbedding with MultipleNegativesRankingLoss in the trainer of sentence-transformers."""

import os
from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO
from typing import Any

import torch
from comparison import best_of
from datasets import Dataset
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer
from transformers import PrinterCallback

__all__ = ["StaticTrainer"]

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
        named = {str(settings): trial.runs(settings, 2) for settings in SETTINGS}
        return SETTINGS[list(named).index(best_of(named))]

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
