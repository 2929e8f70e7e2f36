"""Frozen lower layers: their output for a text is computed once and cached.

Training the upper layers alone does nearly as well as training all (González-Márquez et al. 2026), and the output of
the others for a text never changes then. Over a fixed pool of views it is computed once per view, without dropout, and
the objective over that pool is exactly that of a model whose lower layers do not learn.
"""

import copy
from typing import Any

import numpy as np
import torch
from torch import nn

from likewise.errors import InputError
from likewise.tokens.ragged import Ragged

LAST_NORMS = ("final_norm", "norm", "ln_f")  # names that architectures have for a norm after the last layer
TOLERANCE = 1e-4  # of rounding, between the two parts in sequence and the whole


class FrozenLayers:
    """A model in two parts: the lower one without gradients and with a cache, the upper one to be trained.

    Attributes:
        upper: a model that takes the states of the lower part as `inputs_embeds`; it shares the weights of the whole.
    """

    def __init__(self, model: Any, layers: int, memory: int) -> None:
        """Splits a model.

        Args:
            model: of transformers; its embeddings and lower layers no longer require gradients.
            layers: number of frozen layers; 0 freezes the embeddings alone.
            memory: bytes of states to cache; further states are computed each time.

        Raises:
            InputError: the architecture cannot be split.
        """
        path = _path_of_layers(model)
        whole = model.get_submodule(path)
        self._lower, self.upper = (
            _with_layers(model, path, nn.ModuleList(part)) for part in (whole[:layers], whole[layers:])
        )
        for name in LAST_NORMS:
            if isinstance(getattr(model, name, None), nn.Module):
                setattr(self._lower, name, nn.Identity())
        self.upper.embeddings = _PassThrough()
        if hasattr(model, "embeddings_project"):  # of ELECTRA, between embeddings and layers
            self.upper.embeddings_project = nn.Identity()
        _check_split(model, self._lower, self.upper)
        self._lower.requires_grad_(False)  # with what both parts share, such as the relative positions of MPNet
        self._cached: dict[bytes, torch.Tensor] = {}
        self._memory_left = memory

    def states(self, texts: Ragged, max_content_length: int, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The states of the lower part, (texts, tokens, dim); those of padding are zeros.

        Args:
            texts: token ids, the keys of the cache as far as they are read.
            max_content_length: ids of a text that are read.
            ids: the same with special tokens and padding, (texts, tokens).
            mask: 1 for tokens, 0 for padding, (texts, tokens).
        """
        keys = [texts[row][:max_content_length].tobytes() for row in range(len(texts))]
        lengths = mask.sum(1).tolist()
        new = [row for row, key in enumerate(keys) if key not in self._cached]
        computed: dict[bytes, torch.Tensor] = {}
        if new:
            self._lower.eval()
            with torch.no_grad():
                states = self._lower(input_ids=ids[new], attention_mask=mask[new]).last_hidden_state.float()
            computed = {keys[row]: state[: lengths[row]].clone() for row, state in zip(new, states, strict=True)}
            for key, state in computed.items():
                if self._memory_left >= state.nbytes:
                    self._cached[key] = state
                    self._memory_left -= state.nbytes
        found = [self._cached[key] if key in self._cached else computed[key] for key in keys]
        return nn.utils.rnn.pad_sequence(found, batch_first=True)


class _PassThrough(nn.Module):
    """Takes the place of embeddings, and returns its input."""

    def forward(self, *inputs: Any, inputs_embeds: Any = None, **_: Any) -> Any:
        """The states passed as embeddings."""
        floating = [each for each in inputs if isinstance(each, torch.Tensor) and each.is_floating_point()]
        return floating[0] if inputs_embeds is None else inputs_embeds


def _path_of_layers(model: Any) -> str:
    count = int(model.config.num_hidden_layers)
    if hasattr(model, "embeddings"):
        for name, module in model.named_modules():
            if isinstance(module, nn.ModuleList) and len(module) == count:
                return str(name)
    raise _cannot_split(model)


def _with_layers(module: Any, path: str, layers: nn.ModuleList) -> Any:
    """A copy that shares all weights and has other layers at a path."""
    other = copy.copy(module)
    other._modules = dict(module._modules)
    name, _, rest = path.partition(".")
    setattr(other, name, _with_layers(getattr(module, name), rest, layers) if rest else layers)
    return other


def _check_split(model: Any, lower: Any, upper: Any) -> None:
    """Check that the two parts in sequence are the whole."""
    device = next(model.parameters()).device
    ids = torch.from_numpy(np.arange(1, 9, dtype=np.int64)).view(2, 4).to(device)
    mask = torch.ones_like(ids)
    for part in (model, lower, upper):
        part.eval()
    with torch.no_grad():
        expected = model(input_ids=ids, attention_mask=mask).last_hidden_state
        states = lower(input_ids=ids, attention_mask=mask).last_hidden_state
        found = upper(inputs_embeds=states, attention_mask=mask).last_hidden_state
    if found.shape != expected.shape or not torch.allclose(found, expected, atol=TOLERANCE):
        raise _cannot_split(model)


def _cannot_split(model: Any) -> InputError:
    return InputError(f"the layers of a {model.config.model_type} cannot be frozen one by one: leave --freeze out")
