"""How exact the fast paths are: the largest difference found from the slow ones that everybody trusts.

    python benchmarks/exactness.py --data DATA [--quick]

- vectors: 10,000 texts here and in sentence-transformers, which loads the saved folder;
- ids: every distinct text of every data set here and in `tokenizers`;
- gradients: the closed forms here and what torch's autograd makes of the formula, both in float64.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from record import record
from sentence_transformers import SentenceTransformer
from texts import add_data, everything, sentences, short_texts
from tokenizers import Tokenizer as Reference

import likewise
from likewise.encoders.static import StaticEncoder
from likewise.losses.info_nce import info_nce
from likewise.tokens.ragged import Ragged

CHUNK = 50_000  # texts that `tokenizers` takes at once
TEMPERATURES = (0.02, 0.05, 0.2, 1.0)


def vectors(model: likewise.Model, folder: Path, texts: list[str]) -> dict[str, Any]:
    """The lowest cosine and the largest difference of a coordinate, over texts with any known piece."""
    ours = model.encode(texts).astype(np.float64)
    theirs = SentenceTransformer(str(folder), device="cpu").encode(texts, batch_size=1024).astype(np.float64)
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    some = lengths > 0
    cosines = (ours * theirs).sum(axis=1)[some] / lengths[some]
    return {
        "texts": len(texts), "without_known_pieces": int((~some).sum()), "lowest_cosine": float(cosines.min()),
        "largest_difference": float(np.abs(ours - theirs).max()),
    }  # fmt: skip


def ids(model: likewise.Model, folder: Path, data: Path, limit: int | None) -> dict[str, Any]:
    """How many texts of all data sets get other ids than `tokenizers` gives them."""
    reference = Reference.from_file(str(folder / "tokenizer.json"))
    texts = characters = wrong = 0
    seconds = {"likewise": 0.0, "tokenizers": 0.0}
    for name, found in everything(data):
        some = found[:limit]
        for first in range(0, len(some), CHUNK):
            chunk = some[first : first + CHUNK]
            began = time.perf_counter()
            ours = model.tokenizer.encode(chunk)
            between = time.perf_counter()
            theirs = reference.encode_batch_fast(chunk, add_special_tokens=False)
            seconds["likewise"] += between - began
            seconds["tokenizers"] += time.perf_counter() - between
            expected = Ragged.of([encoding.ids for encoding in theirs])
            for place in differing(ours, expected):
                wrong += 1
                print(f"{name}: other ids for {chunk[place]!r}")
        texts += len(some)
        characters += sum(map(len, some))
    return {"texts": texts, "characters": characters, "texts_with_other_ids": wrong, "seconds": seconds}


def differing(ours: Ragged, theirs: Ragged) -> list[int]:
    """Which texts have other ids."""
    if np.array_equal(ours.offsets, theirs.offsets) and np.array_equal(ours.ids, theirs.ids):
        return []
    return [text for text in range(len(theirs)) if not np.array_equal(ours[text], theirs[text])]


def gradients(rng: np.random.Generator, batch: int, keys: int, dim: int) -> dict[str, float]:
    """The largest differences from autograd over temperatures, with and without a mask, relative to the largest entry.

    The chain is whole: rows of an encoder, their mean, its unit norm, symmetric InfoNCE.
    """
    import torch

    texts = Ragged.of([rng.integers(0, 300, rng.integers(1, 12)).tolist() for _ in range(batch + keys)])
    worst = dict.fromkeys(("value", "anchors", "candidates", "temperature", "rows"), 0.0)
    for temperature in TEMPERATURES:
        for mask in (None, rng.random((batch, keys)) < 0.8):
            encoder = StaticEncoder(rng.standard_normal((300, dim)))
            unit, tape = encoder.forward(texts)
            ours = info_nce(unit[:batch], unit[batch:], allowed=mask, temperature=temperature)
            encoder.backward(tape, np.concatenate([ours.anchors, ours.candidates]))
            touched, row_gradients = encoder.gradients()

            rows = torch.tensor(encoder.weights, requires_grad=True)
            by = torch.tensor(temperature, dtype=torch.float64, requires_grad=True)
            bag = torch.nn.functional.embedding_bag(
                torch.tensor(texts.ids, dtype=torch.long), rows, torch.tensor(texts.offsets[:-1]), mode="mean"
            )
            both = torch.nn.functional.normalize(bag)
            both.retain_grad()
            logits = both[:batch] @ both[batch:].T / by
            if mask is not None:
                allowed = torch.tensor(mask)
                allowed[torch.arange(batch), torch.arange(batch)] = True
                logits = logits.masked_fill(~allowed, -torch.inf)
            target = torch.arange(batch)
            cross_entropy = torch.nn.functional.cross_entropy
            value = (cross_entropy(logits, target) + cross_entropy(logits.T[:batch], target)) / 2
            value.backward()

            assert both.grad is not None and by.grad is not None and rows.grad is not None
            pairs = {
                "value": (np.array(ours.value), value.detach()),
                "anchors": (ours.anchors, both.grad[:batch]),
                "candidates": (ours.candidates, both.grad[batch:]),
                "temperature": (np.array(ours.temperature), by.grad),
                "rows": (row_gradients, rows.grad[torch.tensor(touched, dtype=torch.long)]),
            }
            for name, (one, other) in pairs.items():
                expected = other.numpy()
                difference = float(np.abs(one - expected).max() / np.abs(expected).max())
                worst[name] = max(worst[name], difference)
    return worst


def main() -> None:
    """Compare all three and record the largest differences."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(parser)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="2,000 texts of each data set, nothing recorded")
    given = parser.parse_args()
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    rng = np.random.default_rng(given.seed)

    mixed = sentences(given.data, 8_000) + short_texts(given.data, 12_000, rng)
    model = likewise.train(mixed, epochs=1, seed=given.seed, progress=False)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "mixed.model"
        model.save(folder)
        chosen = [mixed[text] for text in rng.permutation(len(mixed))[:10_000]]
        numbers = {
            "vectors": vectors(model, folder, chosen),
            "ids": ids(model, folder, given.data, 2_000 if given.quick else None),
            "gradients": gradients(rng, batch=96, keys=160, dim=32),
        }
    for name, found in numbers.items():
        print(name, *(f"  {what}: {value}" for what, value in found.items()), sep="\n")
    if not given.quick:
        record("exactness", {"vocabulary": len(model.tokenizer.vocabulary), "dim": model.dim}, numbers, given.seed)


if __name__ == "__main__":
    main()
