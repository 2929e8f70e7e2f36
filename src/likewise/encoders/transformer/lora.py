"""LoRA: small matrices are trained beside the large ones, and added to them in the end (Hu et al. 2021)."""

from typing import Any

from likewise.encoders.transformer.loading import EXTRA
from likewise.errors import InputError, LikewiseError

__all__ = ["add_lora", "merge_lora"]


SCALE = 2  # times the rank: how strongly the product counts


def add_lora(model: Any, rank: int, seed: int = 0) -> None:
    """Puts matrices of a rank beside all linear layers of a model; nothing else of it is trained.

    Args:
        model: of transformers, changed in place.
        rank: of the matrices.
        seed: of what they begin with.

    Raises:
        LikewiseError: peft is not installed.
        InputError: the model has no linear layers.
    """
    import torch

    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        raise LikewiseError(f"LoRA needs peft: {EXTRA}") from error
    linear = sorted({name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)})
    if not linear:
        raise InputError("the encoder has no linear layers for LoRA: leave --lora out")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=SCALE * rank, target_modules=linear), model)


def merge_lora(model: Any) -> None:
    """Adds the products of the matrices to the weights that they stand beside, which take their place again."""
    from peft.tuners.lora import LoraLayer

    for name, module in list(model.named_modules()):
        if isinstance(module, LoraLayer):
            module.merge()
            parent, _, own = name.rpartition(".")
            setattr(model.get_submodule(parent), own, module.get_base_layer())
    model.requires_grad_(True)
