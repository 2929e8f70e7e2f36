"""Where encoders are found, and which folders are refused."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from encoders_transformers import EVERY_ARCHITECTURE, TEXTS, encoder_of, fresh, ids_of

from likewise.encoders.transformer.loading import (
    find_encoder,
    load_pretrained,
    open_transformers,
    remove_pooler,
    small_encoder,
)
from likewise.errors import InputError, LikewiseError
from likewise.tokens.learning import learn_reference


def written(folder: Path, architecture: str = "bert") -> Path:
    found = fresh(architecture)
    found.model.save_pretrained(folder)
    found.transformers_tokenizer.save_pretrained(folder)
    return folder


def changed(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@EVERY_ARCHITECTURE
def test_a_folder_of_transformers_is_loaded(tmp_path, architecture):
    """Two paths that agree: the encoder that was written, and the one that is read, with the same vectors."""
    expected = fresh(architecture)
    found = load_pretrained(str(written(tmp_path, architecture)))
    assert (found.special_tokens, found.pooling) == (expected.special_tokens, "mean")
    ids = ids_of(found)
    np.testing.assert_array_equal(ids.ids, ids_of(expected).ids)
    np.testing.assert_allclose(encoder_of(found).encode(ids), encoder_of(expected).encode(ids), atol=1e-6)


def test_length_and_pooling_are_those_of_the_folder_or_those_given(tmp_path):
    folder = str(written(tmp_path))
    (tmp_path / "sentence_bert_config.json").write_text('{"max_seq_length": 20}')
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    found = load_pretrained(folder)
    assert (found.special_tokens.longest, found.pooling) == (20, "cls")
    found = load_pretrained(folder, length=12)
    assert (found.special_tokens.longest, found.special_tokens.max_content_length) == (12, 10)
    (tmp_path / "1_Pooling" / "config.json").write_text('{"pooling_mode": "lasttoken"}')
    assert load_pretrained(folder).pooling == "lasttoken"
    (tmp_path / "1_Pooling" / "config.json").write_text(
        '{"pooling_mode_cls_token": true, "pooling_mode_max_tokens": 1}'
    )
    with pytest.raises(InputError, match="sets 2 poolings: expected exactly one"):
        load_pretrained(folder)
    with pytest.raises(InputError, match=r"length is 99, and .* reads 48 tokens of a text at most"):
        load_pretrained(folder, length=99)
    (tmp_path / "1_Pooling" / "config.json").write_text('{"pooling_mode": "mean"}')
    with pytest.raises(InputError, match="a length of 2 tokens has no room for a text: give 3 or more"):
        load_pretrained(folder, length=2)


def test_what_is_no_encoder_is_refused(tmp_path):
    folder = written(tmp_path / "a")
    for changes, message in (
        ({"is_decoder": True}, "is no encoder"),
        ({"architectures": ["GPT2LMHeadModel", "LlamaForCausalLM"]}, "is no encoder"),
        ({"is_encoder_decoder": True}, "is no encoder"),
    ):
        before = (folder / "config.json").read_text()
        changed(folder / "config.json", **changes)
        with pytest.raises(InputError, match=message):
            load_pretrained(str(folder))
        (folder / "config.json").write_text(before)
    (folder / "modules.json").write_text(json.dumps([{"type": "sentence_transformers.models.Dense", "path": ""}]))
    with pytest.raises(InputError, match="has a module Dense, and only Normalize, Pooling, Transformer are understood"):
        load_pretrained(str(folder))
    (folder / "modules.json").write_text("[")
    with pytest.raises(InputError, match=r"modules\.json cannot be read"):
        load_pretrained(str(folder))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"is no model: there is no config\.json"):
        load_pretrained(str(tmp_path / "empty"))


def test_weights_are_read_from_safetensors_alone(tmp_path):
    folder = written(tmp_path)
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:1000])
    with pytest.raises(InputError, match="cannot be loaded"):
        load_pretrained(str(folder))
    weights.unlink()
    with pytest.raises(InputError, match=r"holds no weights: there is no model\.safetensors"):
        load_pretrained(str(folder))
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04N.")
    with pytest.raises(InputError, match=r"weights in pytorch_model\.bin, a pickle, which could run any code"):
        load_pretrained(str(folder))


def test_weights_of_another_model_are_refused(tmp_path):
    folder = written(tmp_path)
    changed(folder / "config.json", num_hidden_layers=3)
    with pytest.raises(InputError, match=r"16 weights are missing, encoder\.layer\.2\."):
        load_pretrained(str(folder))


def test_a_tokenizer_that_does_not_fit_is_refused(tmp_path):
    folder = written(tmp_path)
    other = learn_reference([list(TEXTS) + [f"word{n} " * 3 for n in range(300)]], 900)
    many = small_encoder("bert", other, layers=1, dim=32, length=16, seed=0)
    many.transformers_tokenizer.save_pretrained(folder)
    with pytest.raises(
        InputError, match=r"the tokenizer has [\d,]+ subwords and the model [\d,]+ embeddings: they do not belong"
    ):
        load_pretrained(str(folder))
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(InputError, match="its tokenizer cannot be loaded"):
        load_pretrained(str(folder))


def test_a_package_that_carries_a_model_is_found_without_running_it(tmp_path, monkeypatch):
    package = tmp_path / "some_model"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('was run')")
    written(package / "weights")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert find_encoder("some-model") == package / "weights"


def test_an_unknown_name_is_refused_with_a_remedy(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="is a file: give the folder of a model"):
        find_encoder(str(tmp_path / "file"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InputError, match=r"there is no encoder nobody/nothing here.*hf download nobody/nothing"):
        find_encoder("nobody/nothing")
    with pytest.raises(InputError, match="there is no encoder a/b/c here"):
        find_encoder("a/b/c")


def test_earlier_downloads_come_before_the_hub(tmp_path, monkeypatch):
    import huggingface_hub

    local_only = []

    def download(name, **options):
        local_only.append(options["local_files_only"])
        if options["local_files_only"]:
            raise FileNotFoundError("not in the cache")
        return str(tmp_path)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert find_encoder("some/name") == tmp_path and local_only == [True, False]


def test_without_transformers_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(LikewiseError, match=r"needs transformers: pip install 'likewise\[transformers\]'"):
        open_transformers()


def test_the_pooler_is_removed_and_its_weights_are_not_lost(tmp_path):
    found = load_pretrained(str(written(tmp_path)))
    assert found.model.pooler is None
    assert set(found.unused_weights) in ({"pooler.dense.weight", "pooler.dense.bias"}, set())
    assert remove_pooler(torch.nn.Linear(2, 2)) == {}


def test_a_new_encoder_has_heads_of_32():
    with pytest.raises(InputError, match="dim is 40: a new encoder has heads of 32 dimensions"):
        small_encoder("bert", learn_reference([list(TEXTS)], 300), layers=1, dim=40, length=16, seed=0)


def test_the_same_seed_gives_the_same_weights():
    first, second, third = (fresh("electra", seed=seed).model.state_dict() for seed in (1, 1, 2))
    name = "encoder.layer.0.output.dense.weight"
    assert torch.equal(first[name], second[name]) and not torch.equal(first[name], third[name])
