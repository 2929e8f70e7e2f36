"""Lower layers that stay as they are: what they make of a text is computed once and remembered.

Training the upper layers alone does nearly as well as training all (González-Márquez et al. 2026), and what the others
make of a text never changes then. Over a fixed pool of views it is computed once for each, without dropout, and the
objective over that pool is exactly that of a model whose lower layers do not learn.
"""

import copy
from typing import Any

import numpy as np
import torch
from torch import nn

from likewise.errors import InputError
from likewise.tokens.ragged import Ragged

__all__ = ["FrozenLayers"]


LAST_NORMS = ("final_norm", "norm", "ln_f")  # after the last layer, by what architectures call it
CLOSE = 1e-4  # the two parts give what the whole gives, up to rounding


class FrozenLayers:
    """A model in two: the lower part without gradients and with a memory, the upper part as it is trained.

    Attributes:
        upper: a model that takes the states of the lower part as `inputs_embeds`; its weights are those of the whole.
    """

    def __init__(self, model: Any, layers: int, memory: int) -> None:
        """Splits a model.

        Args:
            model: of transformers; the embeddings and the lower layers no longer ask for gradients.
            layers: how many stay as they are; with 0 the embeddings alone do.
            memory: bytes of states that are remembered at the most; beyond that they are computed each time.

        Raises:
            InputError: the model is built in a way that cannot be split.
        """
        path = _path_of_layers(model)
        whole = model.get_submodule(path)
        self._lower, self.upper = (_with(model, path, nn.ModuleList(part)) for part in (whole[:layers], whole[layers:]))
        for name in LAST_NORMS:
            if isinstance(getattr(model, name, None), nn.Module):
                setattr(self._lower, name, nn.Identity())
        self.upper.embeddings = _Given()
        if hasattr(model, "embeddings_project"):  # of ELECTRA, between embeddings and layers
            self.upper.embeddings_project = nn.Identity()
        _check(model, self._lower, self.upper)
        self._lower.requires_grad_(False)  # with what both parts share, such as the relative positions of MPNet
        self._known: dict[bytes, torch.Tensor] = {}
        self._left = memory

    def states(self, texts: Ragged, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The states of the lower part, (texts, tokens, dim); those of padding are zeros.

        Args:
            texts: ids of the texts, by which they are known again, in the length that is read.
            ids: the same, padded, with special tokens.
            mask: which ids are no padding.
        """
        keys = [texts[row].tobytes() for row in range(len(texts))]
        lengths = mask.sum(1).tolist()
        new = [row for row, key in enumerate(keys) if key not in self._known]
        made: dict[bytes, torch.Tensor] = {}
        if new:
            self._lower.eval()
            with torch.no_grad():
                states = self._lower(input_ids=ids[new], attention_mask=mask[new]).last_hidden_state.float()
            made = {keys[row]: state[: lengths[row]].clone() for row, state in zip(new, states, strict=True)}
            for key, state in made.items():
                if self._left >= state.nbytes:
                    self._known[key] = state
                    self._left -= state.nbytes
        found = [self._known[key] if key in self._known else made[key] for key in keys]
        return nn.utils.rnn.pad_sequence(found, batch_first=True)


class _Given(nn.Module):
    """In place of embeddings: what was given as such."""

    def forward(self, *given: Any, inputs_embeds: Any = None, **_: Any) -> Any:
        """The states that were given in place of embeddings."""
        floating = [each for each in given if isinstance(each, torch.Tensor) and each.is_floating_point()]
        return floating[0] if inputs_embeds is None else inputs_embeds


def _path_of_layers(model: Any) -> str:
    count = int(model.config.num_hidden_layers)
    if hasattr(model, "embeddings"):
        for name, module in model.named_modules():
            if isinstance(module, nn.ModuleList) and len(module) == count:
                return str(name)
    raise InputError(f"the layers of a {model.config.model_type} cannot be frozen one by one: leave --freeze out")


def _with(module: Any, path: str, layers: nn.ModuleList) -> Any:
    """A copy that shares all weights and has other layers at a path."""
    other = copy.copy(module)
    other._modules = dict(module._modules)
    name, _, rest = path.partition(".")
    setattr(other, name, _with(getattr(module, name), rest, layers) if rest else layers)
    return other


def _check(model: Any, lower: Any, upper: Any) -> None:
    """Whether the two parts together are the whole."""
    device = next(model.parameters()).device
    ids = torch.from_numpy(np.arange(1, 9, dtype=np.int64)).view(2, 4).to(device)
    mask = torch.ones_like(ids)
    for part in (model, lower, upper):
        part.eval()
    with torch.no_grad():
        expected = model(input_ids=ids, attention_mask=mask).last_hidden_state
        states = lower(input_ids=ids, attention_mask=mask).last_hidden_state
        found = upper(inputs_embeds=states, attention_mask=mask).last_hidden_state
    if found.shape != expected.shape or not torch.allclose(found, expected, atol=CLOSE):
        raise InputError(f"the layers of a {model.config.model_type} cannot be frozen one by one: leave --freeze out")
