"""A corpus as ids of a tokenizer that was there before: nothing is learned, every text is tokenised once."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from likewise.atomic import replacing_file
from likewise.errors import InputError
from likewise.model.sample import SAMPLE_CHARACTERS, SAMPLE_TEXTS
from likewise.tokens.pretrained import PretrainedTokenizer
from likewise.tokens.store import open_tokens
from likewise.training.prepare import CorpusFacts, Prepared, refuse_fewer_than_two, store_ids
from likewise.training.reading import Reading

__all__ = ["FOLDER", "pretokenised"]

FOLDER = "pieces"  # of the ids, in the folder of the run


def pretokenised(
    reading: Reading, tokenizer: PretrainedTokenizer, work: Path, *, tell: Callable[[str], None], resume: bool = False
) -> Prepared:
    """Tokenise the texts of a corpus into `work`; no stem stands for a word.

    Args:
        reading: the texts.
        tokenizer: of the encoder.
        work: a folder for the ids.
        tell: told of the stage.
        resume: use the ids that an earlier run left, after checking that corpus and tokenizer are still the same.

    Raises:
        InputError: fewer than two texts have a token, or `resume` and the corpus or the tokenizer changed.
    """
    work = work / FOLDER
    work.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(tokenizer.reference.to_str().encode()).hexdigest()
    done = work / "prepared.json"
    if not (resume and done.exists()):
        tell("tokenising")
        stored = store_ids(reading, tokenizer.encode, len(tokenizer.vocabulary), work)
        facts = stored.facts
        refuse_fewer_than_two(facts.name, facts.texts, facts.duplicates, facts.empty)
        np.save(work / "counts.npy", np.stack([stored.counts, stored.texts_with]))
        with replacing_file(done) as beside:
            beside.write_text(json.dumps({"tokenizer": key, **asdict(facts)}), encoding="utf-8")
    kept = json.loads(done.read_text(encoding="utf-8"))
    if kept.pop("tokenizer") != key or kept["fingerprint"] != reading.digest.hexdigest():
        raise InputError(
            f"{reading.name} or its encoder changed since the run in {work} began: resume with what it began with, "
            "or train anew without --resume"
        )
    counts, texts_with = np.load(work / "counts.npy")
    tokenizer.vocabulary.counts[:] = counts
    pairs = open_tokens(work / "text1") if (work / "text1.offsets").exists() else None
    return Prepared(
        open_tokens(work / "text0"), pairs, tokenizer, np.arange(len(counts), dtype=np.int32), tokenizer.vocabulary,
        texts_with, CorpusFacts(**kept), reading.some(SAMPLE_TEXTS, SAMPLE_CHARACTERS),
    )  # fmt: skip
