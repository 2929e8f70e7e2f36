"""LoRA: low-rank matrices are trained in addition to the weights, and merged into them in the end (Hu et al. 2021)."""

from typing import Any

from likewise.encoders.transformer.loading import EXTRA
from likewise.errors import InputError, LikewiseError

SCALE = 2  # LoRA's alpha, relative to the rank


def add_lora(model: Any, rank: int, seed: int = 0) -> None:
    """Add low-rank matrices to all linear layers of a model, and train nothing else.

    Args:
        model: of transformers, changed in place.
        rank: of the matrices.
        seed: of their initial values.

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
    """Add the products of the matrices to the weights, and remove the matrices."""
    from peft.tuners.lora import LoraLayer

    for name, module in list(model.named_modules()):
        if isinstance(module, LoraLayer):
            module.merge()
            parent, _, own = name.rpartition(".")
            setattr(model.get_submodule(parent), own, module.get_base_layer())
    model.requires_grad_(True)
