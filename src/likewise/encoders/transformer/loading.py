"""Pretrained encoders: from a name, a folder or an installed package to a model, its tokenizer and its pooling.

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

__all__ = ["EXTRA", "Pretrained", "find_encoder", "laid_aside", "load_pretrained", "open_transformers"]


EXTRA = "pip install 'likewise[transformers]'"
WANTED = ["*.json", "*.txt", "*.model", "*.safetensors"]  # files of a model that are taken from a hub
UNWANTED = ["onnx/*", "openvino/*"]
LONGEST = 512  # tokens, where neither model nor tokenizer says
NORMAL = {"Transformer", "Pooling", "Normalize"}  # modules of sentence-transformers that are understood
KNOWN_DECODERS = ("CausalLM", "Seq2SeqLM", "ConditionalGeneration")


@dataclass(frozen=True)
class Pretrained:
    """An encoder as it was found.

    Attributes:
        name: as the user gave it.
        model: of transformers, without a head.
        words: its tokenizer of transformers, to be saved with it.
        tokenizer: the same as this package uses it.
        special_tokens: what goes around the ids of a text.
        pooling: how a text's vector comes about.
        aside: weights that belong to the model and are not used here, by name.
        learned: what it has learned before: `texts`, to be near those that mean the same, as an encoder of
            sentence-transformers has; `words`, to fill them in, as a language model has; or `nothing`.
    """

    name: str
    model: Any
    words: Any
    tokenizer: PretrainedTokenizer
    special_tokens: SpecialTokens
    pooling: str
    aside: Mapping[str, Any]
    learned: str = "words"


def open_transformers() -> Any:
    """The transformers package, without its bars and its advice.

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


def find_encoder(name: str) -> Path:
    """The folder of an encoder.

    Args:
        name: a folder; an installed package that carries a model; or the name of a model on the Hugging Face hub, which
            is looked for among those downloaded before, then fetched.

    Raises:
        InputError: there is no such model, or no way to it from here.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if folder.exists():
        raise InputError(f"the encoder {name} is a file: give the folder of a model, with config.json and weights")
    return _in_package(name) or _from_hub(name)


def load_pretrained(name: str, *, length: int | None = None, pooling: str | None = None) -> Pretrained:
    """Load an encoder.

    Args:
        name: as `find_encoder` takes it.
        length: tokens that it reads of a text at the most; what the model was made for if None.
        pooling: one of `encoders.pooling.POOLINGS`; what the folder says, else the mean, if None.

    Raises:
        InputError: it is no encoder, its weights are in no safetensors file, its tokenizer does not fit, or it cannot
            read texts so long.
        LikewiseError: transformers is not installed, or a file is damaged.
    """
    transformers = open_transformers()
    folder = find_encoder(name)
    inner = _checked(folder, name)
    with _quietly(transformers):
        model = _model(transformers, inner, name)
        words = _words(transformers, inner, name)
    reference = words.backend_tokenizer
    rows = model.get_input_embeddings().num_embeddings
    if reference.get_vocab_size(with_added_tokens=True) > rows:
        raise InputError(
            f"{name}: the tokenizer knows {reference.get_vocab_size(with_added_tokens=True):,} pieces and the model "
            f"{rows:,}: they do not belong together"
        )
    most = _most_tokens(model, words)
    stated = length or _stated_length(folder) or most
    if stated > most:
        if length:
            raise InputError(f"{name} reads {most:,} tokens of a text at the most, {length:,} were asked for")
        stated = most
    padding = words.pad_token_id if words.pad_token_id is not None else 0
    mask_token = words.mask_token_id if words.mask_token_id is not None else (words.unk_token_id or 0)
    tokenizer = PretrainedTokenizer(reference, mask_token)
    special_tokens = special_tokens_of(reference, longest=stated, padding=padding, mask_token=mask_token)
    pooling = check_pooling(pooling or _pooling(folder))
    learned = "texts" if (folder / "modules.json").is_file() else "words"
    return Pretrained(name, model, words, tokenizer, special_tokens, pooling, laid_aside(model), learned)


def _in_package(name: str) -> Path | None:
    """The model in an installed package of that name; no code of the package is run."""
    module = name.replace("-", "_").lower()
    if not module.isidentifier():
        return None
    found = find_spec(module)
    for place in (found.submodule_search_locations if found else None) or []:
        for weights in sorted(Path(place).rglob("*.safetensors")):
            if (weights.parent / "config.json").is_file():
                return weights.parent
    return None


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    said = ""
    for only_local in (True, False):
        try:
            return Path(
                snapshot_download(name, allow_patterns=WANTED, ignore_patterns=UNWANTED, local_files_only=only_local)
            )
        except HFValidationError:
            break
        except Exception as error:  # whatever the network, the hub or the disk may raise
            said = " ".join(str(error).split())[:120]
    raise InputError(
        f"there is no encoder {name} here, as a folder, a package or an earlier download, and it cannot be fetched"
        f"{f' ({said})' if said else ''}: on a machine with internet run `hf download {name} --local-dir DIR`, "
        "bring DIR here, and give --encoder DIR"
    )


def _checked(folder: Path, name: str) -> Path:
    """Where the transformer of a folder lies, once it is known to be one that can be used."""
    inner = folder
    if (folder / "modules.json").is_file():
        modules = _json(folder / "modules.json")
        kinds = [str(module["type"]).rsplit(".", 1)[-1] for module in modules]
        if unknown := [kind for kind in kinds if kind not in NORMAL]:
            raise InputError(f"{name} has a module {unknown[0]}, and only {', '.join(sorted(NORMAL))} are understood")
        inner = folder / next((module["path"] for module in modules if module["type"].endswith("Transformer")), "")
    if not (inner / "config.json").is_file():
        raise InputError(f"{name} is no model: there is no config.json in {inner}")
    config = _json(inner / "config.json")
    heads = config.get("architectures") or [""]
    if config.get("is_encoder_decoder") or config.get("is_decoder") or any(
        head.endswith(KNOWN_DECODERS) for head in heads
    ):  # fmt: skip
        raise InputError(
            f"{name} is no encoder ({heads[0] or config.get('model_type')}): give one such as BERT or RoBERTa"
        )
    if not any(inner.glob("*.safetensors")):
        pickled = [path.name for path in sorted(inner.glob("*.bin"))]
        if pickled:
            raise InputError(
                f"{name} has its weights in {pickled[0]}, a pickle, which could run any code when it is read: "
                "convert them to model.safetensors first, as https://huggingface.co/docs/safetensors tells"
            )
        raise InputError(f"{name} holds no weights: there is no model.safetensors in {inner}")
    return inner


def _model(transformers: Any, inner: Path, name: str) -> Any:
    import torch

    try:
        model, told = transformers.AutoModel.from_pretrained(
            str(inner), trust_remote_code=False, use_safetensors=True, local_files_only=True, dtype=torch.float32,
            output_loading_info=True,
        )  # fmt: skip
    except Exception as error:  # whatever a damaged file makes torch and transformers raise
        raise InputError(f"{name} cannot be loaded: {_said(error)}") from error
    missing = [key for key in told["missing_keys"] if "pooler" not in key]
    if missing:
        raise InputError(
            f"{name}: {len(missing):,} weights are missing, {sorted(missing)[0]} for one: the file is of another model"
        )
    if getattr(model.config, "is_decoder", False) or getattr(model.config, "is_encoder_decoder", False):
        raise InputError(f"{name} is no encoder ({model.config.model_type}): give one such as BERT or RoBERTa")
    return model


def laid_aside(model: Any) -> dict[str, Any]:
    """Takes the pooler, which no pooling here asks, out of a model: its weights, to be saved with the others."""
    pooler = getattr(model, "pooler", None)
    if pooler is None:
        return {}
    model.pooler = None
    return {f"pooler.{name}": tensor.contiguous() for name, tensor in pooler.state_dict().items()}


def _words(transformers: Any, inner: Path, name: str) -> Any:
    try:
        words = transformers.AutoTokenizer.from_pretrained(str(inner), trust_remote_code=False, local_files_only=True)
    except Exception as error:  # as above
        raise InputError(f"{name}: its tokenizer cannot be loaded: {_said(error)}") from error
    if not getattr(words, "is_fast", False):
        raise InputError(
            f"{name}: its tokenizer has no form that the tokenizers library can run: save it as tokenizer.json"
        )
    return words


def _most_tokens(model: Any, words: Any) -> int:
    """What the position embeddings hold; RoBERTa and its kin begin to count after the padding."""
    config = model.config
    positions = getattr(config, "max_position_embeddings", None) or LONGEST
    table = next(
        (module for name, module in model.named_modules() if name.endswith("position_embeddings")), None
    )  # fmt: skip
    before = getattr(table, "padding_idx", None)
    positions -= 0 if before is None else before + 1
    return int(min(positions, max(words.model_max_length, 1)))


def _stated_length(folder: Path) -> int | None:
    path = folder / "sentence_bert_config.json"
    stated = _json(path).get("max_seq_length") if path.is_file() else None
    return int(stated) if stated else None


def _pooling(folder: Path) -> str:
    for path in sorted(folder.glob("*_Pooling/config.json")):
        config = _json(path)
        if isinstance(config.get("pooling_mode"), str):
            return str(config["pooling_mode"])
        chosen = [name for name, flag in FLAGS.items() if config.get(f"pooling_mode_{flag}")]
        if len(chosen) != 1:
            raise InputError(f"{path} asks for {len(chosen) or 'no'} poolings at once: exactly one is understood")
        return chosen[0]
    return "mean"


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


@contextmanager
def _quietly(transformers: Any) -> Iterator[None]:
    """Transformers shows bars and gives advice, also where nobody watches."""
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
