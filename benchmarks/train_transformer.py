"""How many pairs a second train a MiniLM: likewise beside the trainer of sentence-transformers, and with frozen layers.

    python benchmarks/train_transformer.py --data DATA [--quick]

The texts are the documentation of the running Python, cut at 128 tokens, each both sides of its pair, so that neither
has less to read. Both train all-MiniLM-L6-v2, of the package that carries it, on the same batches of 64 pairs with the
same objective, in-batch InfoNCE at temperature 0.05 with the model's own dropout of 0.1; the peer with
MultipleNegativesRankingLoss. Both in single precision, then both with products in bfloat16 where the processor has
them. Beside the pairs a second stand the rate of useful arithmetic (6 operations for a weight of the layers and a
token, attention left out, and no padding counted), that of one large product of torch, and the pairs a second with the
lower four of six layers frozen, once their states are remembered.
"""

import argparse
import gc
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
from comparison import alternate, ratio, spread, timed
from record import arguments, be_quiet, record
from yardstick import MINILM, model_folder

from likewise.corpus.demo_corpus import pydocs
from likewise.encoders.transformer.encoder import TransformerEncoder, half_precision
from likewise.encoders.transformer.loading import load_pretrained
from likewise.losses.info_nce import info_nce
from likewise.tokens.ragged import Ragged

BATCH, LONGEST, FROZEN, TEMPERATURE = 64, 128, 4, 0.05
SIDE = 2048  # of the large product


class Ours:
    """Batches of pairs through the encoder, the loss and the optimiser, texts to ids included."""

    def __init__(self, texts: list[str], *, batch: int = BATCH, **settings: Any) -> None:
        self.found = load_pretrained(MINILM, length=LONGEST)
        self.texts, self.batch = texts, batch
        self.encoder = TransformerEncoder(self.found.model, self.found.special_tokens, **settings)

    def __call__(self) -> None:
        for first in range(0, len(self.texts), self.batch):
            ids = self.found.tokenizer.encode(self.texts[first : first + self.batch])
            vectors, tape = self.encoder.forward(Ragged.concatenate([ids, ids]))
            pairs = len(ids)
            found = info_nce(vectors[:pairs], vectors[pairs:], temperature=TEMPERATURE, symmetric=False)
            self.encoder.backward(tape, np.concatenate([found.anchors.numpy(), found.candidates.numpy()]))
            self.encoder.step(2e-5)

    def operations(self) -> float:
        """Of one pass over the texts: forwards and twice that backwards, through the weights of the layers."""
        ids = self.found.tokenizer.encode(self.texts)
        tokens = 2 * float((np.minimum(ids.lengths, LONGEST - 2) + 2).sum())
        weights = sum(each.numel() for each in self.found.model.encoder.parameters() if each.ndim > 1)
        return 6.0 * weights * tokens


def peer(texts: list[str], place: str, *, half: bool) -> Callable[[], object]:
    """One epoch of the trainer over the same pairs."""
    from sentence_transformers.losses import MultipleNegativesRankingLoss

    loss, settings = MultipleNegativesRankingLoss, {"num_train_epochs": 1, "bf16": half}
    return trainer(texts, place, loss, longest=LONGEST, batch=BATCH, **settings).train


def product_rate() -> float:
    """Operations a second of one large product in single precision."""
    import torch

    one, other = torch.randn(SIDE, SIDE), torch.randn(SIDE, SIDE)
    return 2.0 * SIDE**3 / min(timed(lambda: one @ other) for _ in range(10))


def measure(texts: list[str], given: argparse.Namespace, *, half: bool) -> dict[str, Any]:
    """All figures at one precision."""
    ours, frozen = Ours(texts, half=half), Ours(texts, half=half, freeze=FROZEN)
    filling = timed(frozen)  # the states of the lower layers are computed once
    with tempfile.TemporaryDirectory() as place:
        contestants = {"likewise": ours, "sentence-transformers": peer(texts, place, half=half)}
        contestants["likewise, four layers frozen"] = frozen
        for call in (ours, contestants["sentence-transformers"]):
            call()
        gc.collect()
        seconds = alternate(contestants, given.repeats)
    speeds = {name: [len(texts) / took for took in times] for name, times in seconds.items()}
    rates = [ours.operations() / took / 1e9 for took in seconds["likewise"]]
    products = [product_rate() / 1e9 for _ in range(5)]
    of_peer = speeds["sentence-transformers"]
    ratios = {name: ratio(speeds[name], of_peer) for name in speeds if name != "sentence-transformers"}
    for name, speed in speeds.items():
        print(f"{'mixed' if half else 'single'}: {name:32} {spread(speed)} pairs/s")
    for name, times in ratios.items():
        print(f"ratio, {name:27} {times}")
    print(f"useful arithmetic {spread(rates)} GF/s, one large product {spread(products)} GF/s")
    return {
        "pairs_a_second": {name: spread(speed).plain() for name, speed in speeds.items()},
        "ratio": {name: times.plain() for name, times in ratios.items()},
        "useful_gigaflops": spread(rates).plain(),
        "product_gigaflops": spread(products).plain(),
        "frozen, first pass, seconds": round(filling, 2),
    }


def python_texts(count: int, seed: int) -> list[str]:
    """Some distinct texts of the documentation of the running Python."""
    docs = list(dict.fromkeys(pydocs()))
    return [docs[at] for at in np.random.default_rng(seed).permutation(len(docs))[:count]]


def trainer(texts: list[str], place: str, loss: Any, *, longest: int, batch: int, **arguments: Any) -> Any:
    """The trainer of sentence-transformers on pairs of each text with itself, on the processor.

    Args:
        texts: both sides of a pair each.
        place: a folder that it wants.
        loss: makes the loss of a model.
        longest: tokens that are read of a text.
        batch: pairs.
        **arguments: further ones of its training arguments.
    """
    from datasets import Dataset
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )

    model = SentenceTransformer(str(model_folder()), device="cpu")
    model.max_seq_length = longest
    settings = SentenceTransformerTrainingArguments(
        output_dir=place, per_device_train_batch_size=batch, use_cpu=True, save_strategy="no", report_to=[],
        disable_tqdm=True, logging_strategy="no", **arguments,
    )  # fmt: skip
    data = Dataset.from_dict({"anchor": texts, "positive": texts})
    return SentenceTransformerTrainer(model=model, args=settings, train_dataset=data, loss=loss(model))


def main() -> None:
    """Race both at each precision, and record pairs per second."""
    options = {"pairs": 128, "repeats": 5, "seed": 0}
    given = arguments(__doc__, quick="64 pairs, 2 repeats", reads_data=False, **options).parse_args()
    if given.quick:
        given.pairs, given.repeats = 64, 2
    be_quiet()
    texts = python_texts(given.pairs, given.seed)
    found = load_pretrained(MINILM, length=LONGEST)
    tokens = float(np.mean(np.minimum(found.tokenizer.encode(texts).lengths, LONGEST - 2) + 2))
    print(f"{len(texts)} texts of {tokens:.1f} tokens, batches of {BATCH} pairs")
    precisions = {"single precision": False}
    if half_precision(TransformerEncoder(found.model, found.special_tokens).device):
        precisions["mixed precision"] = True
    numbers = {name: measure(texts, given, half=half) for name, half in precisions.items()}
    if not given.quick:
        sizes = {"pairs": len(texts), "tokens_a_text": round(tokens, 1), "batch": BATCH, "repeats": given.repeats}
        record("train_transformer", sizes, numbers, given.seed)


if __name__ == "__main__":
    main()
