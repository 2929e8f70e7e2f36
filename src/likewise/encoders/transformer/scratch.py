"""A small transformer from nothing: an architecture by name, with a vocabulary that was learned from the corpus."""

from typing import Any

import torch
from tokenizers import Tokenizer as Reference
from tokenizers import processors

from likewise.encoders.transformer.loading import Pretrained, laid_aside, open_transformers
from likewise.errors import InputError
from likewise.tokens.pretrained import PretrainedTokenizer, special_tokens_of
from likewise.tokens.vocabulary import UNKNOWN

__all__ = ["ARCHITECTURES", "small_encoder"]


ARCHITECTURES = ("bert", "roberta", "electra", "distilbert", "mpnet", "modernbert")
"""Of which `small_encoder` makes one."""

LAYERS, DIM = 4, 256
LONGEST = 128  # tokens
HEAD = 32  # dimensions of a head of attention
SPECIAL = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}


def small_encoder(
    architecture: str, reference: Reference, *, layers: int | None, dim: int | None, length: int | None, seed: int
) -> Pretrained:
    """An encoder with random weights.

    Args:
        architecture: one of `ARCHITECTURES`.
        reference: of `tokenizers`, learned from the corpus; it gets the special tokens that the encoder needs.
        layers: how many; 4 if None.
        dim: length of a vector; 256 if None.
        length: tokens that it reads at the most; 128 if None.
        seed: of the weights.

    Raises:
        InputError: the dimensions cannot be shared out among heads of 32.
        LikewiseError: transformers is not installed.
    """
    transformers = open_transformers()
    dim, layers, longest = dim or DIM, layers or LAYERS, length or LONGEST
    if dim % HEAD:
        raise InputError(f"dim is {dim}: a new encoder has heads of {HEAD} dimensions, so give a multiple of {HEAD}")
    reference.add_special_tokens(list(SPECIAL.values()))
    first, last = SPECIAL["cls_token"], SPECIAL["sep_token"]
    ids = {token: int(reference.token_to_id(token) or 0) for token in SPECIAL.values()}
    reference.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}", special_tokens=[(first, ids[first]), (last, ids[last])]
    )
    words = transformers.PreTrainedTokenizerFast(
        tokenizer_object=reference, unk_token=UNKNOWN, model_max_length=longest, **SPECIAL
    )
    config = _config(transformers, architecture, len(words), ids, dim=dim, layers=layers, longest=longest)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = transformers.AutoModel.from_config(config)
    inner, mask_token = words.backend_tokenizer, ids[SPECIAL["mask_token"]]
    special_tokens = special_tokens_of(inner, longest=longest, padding=ids[SPECIAL["pad_token"]], mask_token=mask_token)
    return Pretrained(
        architecture,
        model,
        words,
        PretrainedTokenizer(inner, mask_token),
        special_tokens,
        "mean",
        laid_aside(model),
        "nothing",
    )


def _config(
    transformers: Any, architecture: str, vocab: int, ids: dict[str, int], *, dim: int, layers: int, longest: int
) -> Any:
    """The configuration, by the names that the architecture has for the same things."""
    padding = ids[SPECIAL["pad_token"]]
    shared = {
        "vocab_size": vocab, "pad_token_id": padding, "bos_token_id": None, "eos_token_id": None,
        "max_position_embeddings": longest + (padding + 1 if architecture in ("roberta", "mpnet") else 0),
    }  # fmt: skip
    if architecture == "distilbert":
        sizes = {"dim": dim, "n_layers": layers, "n_heads": dim // HEAD, "hidden_dim": 4 * dim}
        return transformers.DistilBertConfig(**shared, **sizes)
    sizes = {
        "hidden_size": dim, "num_hidden_layers": layers, "num_attention_heads": dim // HEAD,
        "intermediate_size": 4 * dim,
    }  # fmt: skip
    if architecture == "electra":
        sizes["embedding_size"] = dim
    if architecture == "modernbert":
        shared |= {"cls_token_id": ids[SPECIAL["cls_token"]], "sep_token_id": ids[SPECIAL["sep_token"]]}
    return transformers.AutoConfig.for_model(architecture, **shared, **sizes)
