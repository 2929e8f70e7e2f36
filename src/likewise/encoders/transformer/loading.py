"""Where a transformer comes from: a folder, an installed package, the Hugging Face hub, or random weights.

Weights are read from safetensors files only, and no code that comes with a model is run.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from likewise.encoders.transformer.pooling import FLAGS, check_pooling
from likewise.errors import InputError, LikewiseError
from likewise.tokens.pretrained import PretrainedTokenizer, SpecialTokens, special_tokens_of
from likewise.tokens.vocabulary import UNKNOWN

EXTRA = "pip install 'likewise[transformers]'"
DOWNLOADED = ["*.json", "*.txt", "*.model", "*.safetensors"]  # files of a model on a hub
NOT_DOWNLOADED = ["onnx/*", "openvino/*"]
LONGEST = 512  # tokens, if neither model nor tokenizer states a limit
MODULES = frozenset({"Transformer", "Pooling", "Normalize"})  # modules of sentence-transformers that are understood
DECODERS = ("CausalLM", "Seq2SeqLM", "ConditionalGeneration")

ARCHITECTURES = ("bert", "roberta", "electra", "distilbert", "mpnet", "modernbert")
"""Architectures of which `small_encoder` makes one."""

NEW_LAYERS, NEW_DIM, NEW_LENGTH = 4, 256, 128  # of a new encoder; the length in tokens
HEAD_DIM = 32  # of attention in a new encoder
SPECIAL = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}


@dataclass(frozen=True)
class Pretrained:
    """An encoder with its tokenizer.

    Attributes:
        name: as the user gave it.
        model: of transformers, without a head.
        transformers_tokenizer: of transformers, to be saved with the model.
        tokenizer: the same as this package uses it.
        special_tokens: added around the ids of a text.
        pooling: one of `pooling.POOLINGS`.
        unused_weights: weights of the folder that encoding does not need, by name; saved with the model.
        learned: what it was trained for: `texts`, similarity of texts, as encoders of sentence-transformers are;
            `words`, to fill in missing words, as language models are; or `nothing`.
    """

    name: str
    model: Any
    transformers_tokenizer: Any
    tokenizer: PretrainedTokenizer
    special_tokens: SpecialTokens
    pooling: str
    unused_weights: Mapping[str, Any]
    learned: str = "words"


def open_transformers() -> Any:
    """Import transformers.

    Raises:
        LikewiseError: it or torch is not installed.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    try:
        import torch  # noqa: F401
        import transformers
    except ImportError as error:
        raise LikewiseError(f"an encoder of transformers needs {error.name or 'transformers'}: {EXTRA}") from error
    return transformers


@contextmanager
def quiet_transformers(transformers: Any) -> Iterator[None]:
    """Switch off the progress bars and advice of transformers."""
    logging = transformers.utils.logging
    bars, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def find_encoder(name: str) -> Path:
    """The folder of an encoder.

    Args:
        name: a folder; an installed package that carries a model; or the name of a model on the Hugging Face hub, which
            is taken from an earlier download or fetched.

    Raises:
        InputError: there is no such model, or it cannot be fetched.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if folder.exists():
        raise InputError(f"the encoder {name} is a file: give the folder of a model, with config.json and weights")
    return find_in_package(name) or _from_hub(name)


def find_in_package(name: str) -> Path | None:
    """The folder of the model in an installed package of that name, if there is one; no code of the package is run."""
    module = name.replace("-", "_").lower()
    if not module.isidentifier():
        return None
    spec = find_spec(module)
    for folder in (spec.submodule_search_locations if spec else None) or []:
        for weights in sorted(Path(folder).rglob("*.safetensors")):
            if (weights.parent / "config.json").is_file():
                return weights.parent
    return None


def load_pretrained(name: str, *, length: int | None = None) -> Pretrained:
    """Load an encoder.

    Args:
        name: as `find_encoder` takes it.
        length: tokens that it reads of a text; None for the length of the folder, or as many as it can.

    Raises:
        InputError: it is no encoder, its weights are in no safetensors file, its tokenizer does not fit, or it cannot
            read texts so long.
        LikewiseError: transformers is not installed, or a file is damaged.
    """
    transformers = open_transformers()
    folder = find_encoder(name)
    inner = _folder_of_transformer(folder, name)
    with quiet_transformers(transformers):
        model = _load_model(transformers, inner, name)
        words = _load_tokenizer(transformers, inner, name)
    reference = words.backend_tokenizer
    rows, subwords = model.get_input_embeddings().num_embeddings, reference.get_vocab_size(with_added_tokens=True)
    if subwords > rows:
        raise InputError(
            f"{name}: the tokenizer has {subwords:,} subwords and the model {rows:,} embeddings: "
            "they do not belong together"
        )
    most = _longest(model, words)
    if length and length > most:
        raise InputError(f"length is {length:,}, and {name} reads {most:,} tokens of a text at most")
    longest = length or min(most, _stated_length(folder) or most)
    padding = words.pad_token_id if words.pad_token_id is not None else 0
    mask_token = words.mask_token_id if words.mask_token_id is not None else (words.unk_token_id or 0)
    tokenizer = PretrainedTokenizer(reference, mask_token)
    special_tokens = special_tokens_of(reference, longest=longest, padding=padding, mask_token=mask_token)
    pooling = check_pooling(_pooling(folder))
    learned = "texts" if (folder / "modules.json").is_file() else "words"
    return Pretrained(name, model, words, tokenizer, special_tokens, pooling, remove_pooler(model), learned)


def small_encoder(
    architecture: str, reference: Any, *, layers: int | None, dim: int | None, length: int | None, seed: int
) -> Pretrained:
    """Make an encoder with random weights.

    Args:
        architecture: one of `ARCHITECTURES`.
        reference: a tokenizer of `tokenizers`, learned from the corpus; the special tokens are added to it.
        layers: number of layers; 4 if None.
        dim: length of a vector; 256 if None.
        length: tokens that it reads of a text; 128 if None.
        seed: of the weights.

    Raises:
        InputError: the dimensions cannot be divided among heads of 32.
        LikewiseError: transformers is not installed.
    """
    from tokenizers import processors

    transformers = open_transformers()
    import torch

    dim, layers, longest = dim or NEW_DIM, layers or NEW_LAYERS, length or NEW_LENGTH
    if dim % HEAD_DIM:
        raise InputError(
            f"dim is {dim}: a new encoder has heads of {HEAD_DIM} dimensions, so give a multiple of {HEAD_DIM}"
        )
    reference.add_special_tokens(list(SPECIAL.values()))
    first, last = SPECIAL["cls_token"], SPECIAL["sep_token"]
    ids = {token: int(reference.token_to_id(token) or 0) for token in SPECIAL.values()}
    reference.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}", special_tokens=[(first, ids[first]), (last, ids[last])]
    )
    words = transformers.PreTrainedTokenizerFast(
        tokenizer_object=reference, unk_token=UNKNOWN, model_max_length=longest, **SPECIAL
    )
    config = _new_config(transformers, architecture, len(words), ids, dim=dim, layers=layers, longest=longest)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = transformers.AutoModel.from_config(config)
    inner, padding, mask_token = words.backend_tokenizer, ids[SPECIAL["pad_token"]], ids[SPECIAL["mask_token"]]
    special_tokens = special_tokens_of(inner, longest=longest, padding=padding, mask_token=mask_token)
    tokenizer, unused = PretrainedTokenizer(inner, mask_token), remove_pooler(model)
    return Pretrained(architecture, model, words, tokenizer, special_tokens, "mean", unused, "nothing")


def remove_pooler(model: Any) -> dict[str, Any]:
    """Remove the pooler from a model, which no pooling here uses.

    Returns:
        Its weights by name, to be saved with the model.
    """
    pooler = getattr(model, "pooler", None)
    if pooler is None:
        return {}
    model.pooler = None
    return {f"pooler.{name}": tensor.contiguous() for name, tensor in pooler.state_dict().items()}


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    reason = ""
    for only_local in (True, False):
        try:
            return Path(
                snapshot_download(
                    name, allow_patterns=DOWNLOADED, ignore_patterns=NOT_DOWNLOADED, local_files_only=only_local
                )
            )
        except HFValidationError:
            break
        except Exception as error:  # whatever the network, the hub or the disk may raise
            reason = " ".join(str(error).split())[:120]
    raise InputError(
        f"there is no encoder {name} here, as a folder, a package or an earlier download, and it cannot be fetched"
        f"{f' ({reason})' if reason else ''}: on a machine with internet run `hf download {name} --local-dir DIR`, "
        "copy DIR to this one, and give DIR instead"
    )


def _folder_of_transformer(folder: Path, name: str) -> Path:
    """The folder of the transformer within that of a model, checked as far as that goes without loading it."""
    inner = folder
    if (folder / "modules.json").is_file():
        modules = _read_json(folder / "modules.json")
        kinds = [str(module["type"]).rsplit(".", 1)[-1] for module in modules]
        if unknown := [kind for kind in kinds if kind not in MODULES]:
            raise InputError(f"{name} has a module {unknown[0]}, and only {', '.join(sorted(MODULES))} are understood")
        inner = folder / next((module["path"] for module in modules if module["type"].endswith("Transformer")), "")
    if not (inner / "config.json").is_file():
        raise InputError(f"{name} is no model: there is no config.json in {inner}")
    config = _read_json(inner / "config.json")
    heads = config.get("architectures") or [""]
    if config.get("is_encoder_decoder") or config.get("is_decoder") or any(head.endswith(DECODERS) for head in heads):
        raise InputError(
            f"{name} is no encoder ({heads[0] or config.get('model_type')}): give one such as BERT or RoBERTa"
        )
    if not any(inner.glob("*.safetensors")):
        pickled = [path.name for path in sorted(inner.glob("*.bin"))]
        if pickled:
            raise InputError(
                f"{name} has its weights in {pickled[0]}, a pickle, which could run any code when it is read: "
                "convert them to model.safetensors first, see https://huggingface.co/docs/safetensors"
            )
        raise InputError(f"{name} holds no weights: there is no model.safetensors in {inner}")
    return inner


def _load_model(transformers: Any, inner: Path, name: str) -> Any:
    import torch

    try:
        model, report = transformers.AutoModel.from_pretrained(
            str(inner), trust_remote_code=False, use_safetensors=True, local_files_only=True, dtype=torch.float32,
            output_loading_info=True,
        )  # fmt: skip
    except Exception as error:  # whatever a damaged file makes torch and transformers raise
        raise InputError(f"{name} cannot be loaded: {_reason(error)}") from error
    missing = [key for key in report["missing_keys"] if "pooler" not in key]
    if missing:
        raise InputError(
            f"{name}: {len(missing):,} weights are missing, {sorted(missing)[0]} for one: the file is of another model"
        )
    if getattr(model.config, "is_decoder", False) or getattr(model.config, "is_encoder_decoder", False):
        raise InputError(f"{name} is no encoder ({model.config.model_type}): give one such as BERT or RoBERTa")
    return model


def _load_tokenizer(transformers: Any, inner: Path, name: str) -> Any:
    try:
        words = transformers.AutoTokenizer.from_pretrained(str(inner), trust_remote_code=False, local_files_only=True)
    except Exception as error:  # as above
        raise InputError(f"{name}: its tokenizer cannot be loaded: {_reason(error)}") from error
    if not getattr(words, "is_fast", False):
        raise InputError(
            f"{name}: its tokenizer has no form that the tokenizers library can run: save it as tokenizer.json"
        )
    return words


def _longest(model: Any, words: Any) -> int:
    """The number of tokens that the position embeddings allow; RoBERTa and its kin begin to count after the padding."""
    positions = getattr(model.config, "max_position_embeddings", None) or LONGEST
    table = next((module for name, module in model.named_modules() if name.endswith("position_embeddings")), None)
    before = getattr(table, "padding_idx", None)
    positions -= 0 if before is None else before + 1
    return int(min(positions, max(words.model_max_length, 1)))


def _stated_length(folder: Path) -> int | None:
    path = folder / "sentence_bert_config.json"
    stated = _read_json(path).get("max_seq_length") if path.is_file() else None
    return int(stated) if stated else None


def _pooling(folder: Path) -> str:
    for path in sorted(folder.glob("*_Pooling/config.json")):
        config = _read_json(path)
        if isinstance(config.get("pooling_mode"), str):
            return str(config["pooling_mode"])
        chosen = [name for name, flag in FLAGS.items() if config.get(f"pooling_mode_{flag}")]
        if len(chosen) != 1:
            raise InputError(f"{path} sets {len(chosen) or 'no'} poolings: expected exactly one")
        return chosen[0]
    return "mean"


def _new_config(
    transformers: Any, architecture: str, vocab: int, ids: dict[str, int], *, dim: int, layers: int, longest: int
) -> Any:
    """The configuration of a new encoder, by the names that the architecture has for the same settings."""
    padding = ids[SPECIAL["pad_token"]]
    shared = {
        "vocab_size": vocab, "pad_token_id": padding, "bos_token_id": None, "eos_token_id": None,
        "max_position_embeddings": longest + (padding + 1 if architecture in ("roberta", "mpnet") else 0),
    }  # fmt: skip
    if architecture == "distilbert":
        sizes = {"dim": dim, "n_layers": layers, "n_heads": dim // HEAD_DIM, "hidden_dim": 4 * dim}
        return transformers.DistilBertConfig(**shared, **sizes)
    sizes = {
        "hidden_size": dim, "num_hidden_layers": layers, "num_attention_heads": dim // HEAD_DIM,
        "intermediate_size": 4 * dim,
    }  # fmt: skip
    if architecture == "electra":
        sizes["embedding_size"] = dim
    if architecture == "modernbert":
        shared |= {"cls_token_id": ids[SPECIAL["cls_token"]], "sep_token_id": ids[SPECIAL["sep_token"]]}
    return transformers.AutoConfig.for_model(architecture, **shared, **sizes)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
