"""Which class a folder needs, and how embedders are found, stored and recognised again."""

import json
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from model_embedders import Letters, Storable
from model_transformers import TEXTS

from likewise.errors import InputError, LikewiseError
from likewise.model import load as loading
from likewise.model.load import (
    check_embedder,
    is_transformer,
    load_embedder,
    load_model,
    load_stored,
    name_of,
    sentence_transformer,
    store_embedder,
)
from likewise.model.model import Model
from likewise.model.transformer import TransformerModel


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict]]:
    """A stand-in for sentence-transformers; what it had to load."""
    loaded: list[tuple[str, dict]] = []

    def load(name: str, **options) -> Letters:
        loaded.append((name, options))
        if "broken" in name:
            raise OSError("no such\nmodel")
        return Letters()

    module = ModuleType("sentence_transformers")
    module.__spec__, module.SentenceTransformer = ModuleSpec("sentence_transformers", None), load  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    return loaded


def modules(folder: Path, *names: str, **settings: object) -> Path:
    """The files by which sentence-transformers knows a folder."""
    folder.mkdir(exist_ok=True)
    listed = [
        {"idx": number, "path": "", "type": f"sentence_transformers.models.{name}"} for number, name in enumerate(names)
    ]
    (folder / "modules.json").write_text(json.dumps(listed))
    (folder / "config_sentence_transformers.json").write_text(json.dumps(settings))
    return folder


def test_a_folder_is_loaded_by_the_class_it_needs(model, transformer, tmp_path):
    model.save(tmp_path / "a.model")
    transformer.save(tmp_path / "b.model")
    assert type(load_model(tmp_path / "a.model")) is Model and not is_transformer(tmp_path / "a.model")
    assert type(load_model(tmp_path / "b.model")) is TransformerModel and is_transformer(tmp_path / "b.model")
    with pytest.raises(InputError, match="is a static model, which needs no backend: leave 'onnx' out"):
        load_model(tmp_path / "a.model", backend="onnx")
    with pytest.raises(InputError, match="is a transformer, whose vectors cannot be shortened: leave dim=3 out"):
        load_model(tmp_path / "b.model", dim=3)


def test_an_embedder_is_an_object_a_function_or_a_folder(model, transformer, tmp_path):
    letters = Letters()
    assert load_embedder(letters) is letters
    np.testing.assert_array_equal(load_embedder(letters.encode).encode(["one", "two"]), letters.encode(["one", "two"]))
    model.save(tmp_path / "a.model")
    for source in (tmp_path / "a.model", str(tmp_path / "a.model")):
        assert load_embedder(source).fingerprint == model.fingerprint
    plain = tmp_path / "plain"
    transformer.save(plain)
    (plain / "likewise.json").unlink()
    np.testing.assert_array_equal(load_embedder(plain).encode(TEXTS), transformer.encode(TEXTS))
    with pytest.raises(InputError, match="an object of type int does not encode texts"):
        load_embedder(3)


def test_a_package_or_a_hub_gives_a_folder(model, tmp_path, monkeypatch):
    model.save(tmp_path / "a.model")
    monkeypatch.setattr(loading, "find_in_package", lambda name: tmp_path / "a.model" if name == "pack" else None)
    monkeypatch.setattr(loading, "find_encoder", lambda name: {"organisation/name": tmp_path / "a.model"}[name])
    for name in ("pack", "organisation/name"):
        assert load_embedder(name).fingerprint == model.fingerprint
    monkeypatch.setattr(loading, "find_spec", lambda _: None)
    with pytest.raises(LikewiseError, match=r"not possible without: pip install 'likewise\[transformers\]'"):
        load_embedder("organisation/name")


def test_other_modules_and_prompts_need_sentence_transformers(library, tmp_path):
    assert isinstance(load_embedder(modules(tmp_path / "a", "Transformer", "Dense")), Letters)
    assert isinstance(load_embedder(modules(tmp_path / "b", "Transformer", prompts={"query": "q: "})), Letters)
    options = {"trust_remote_code": False, "local_files_only": True}
    assert library == [(str(tmp_path / name), options) for name in "ab"]
    with pytest.raises(LikewiseError, match=r"could not load .*broken: no such model"):
        load_embedder(modules(tmp_path / "broken", "Dense"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="is no model"):
        load_embedder(tmp_path / "empty")


def test_without_sentence_transformers_the_command_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(LikewiseError, match=r"needs sentence_transformers.*: pip install sentence-transformers"):
        sentence_transformer("organisation/name")


@pytest.mark.parametrize("path", ["nothing", "./a", "a/b/c", "~/a", "here/name", ""])
def test_a_path_to_nothing_is_not_searched_on_a_hub(path, tmp_path, monkeypatch, library):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    with pytest.raises(InputError, match="is no model" if path == "" else f"there is no model {path}: give a folder"):
        load_embedder(path)
    assert library == []


def test_names():
    assert name_of("folder/some.model/") == "some.model"
    assert name_of(modules) == "modules"
    assert name_of(Letters()) == "Letters"
    assert name_of(lambda texts: texts) == "function"


def test_a_stored_model_is_recognised(model, tmp_path):
    identity = store_embedder(model, tmp_path)
    assert load_stored(tmp_path, identity).fingerprint == model.fingerprint
    assert load_stored(tmp_path, identity, model) is model
    check_embedder(tmp_path, identity)
    with pytest.raises(InputError, match=r"was made with another model \(Model .* than the one given \(Letters "):
        load_stored(tmp_path, identity, Letters())
    with pytest.raises(InputError, match="is missing"):
        check_embedder(tmp_path / "elsewhere", identity)
    other = Model(model.tokenizer, type(model.encoder).of(model.encoder.weights * 2))
    other.save(tmp_path / "model", overwrite=True)
    with pytest.raises(InputError, match="is not the model that"):
        load_stored(tmp_path, identity)


def test_a_model_that_cannot_be_stored_must_be_passed(tmp_path):
    identity = store_embedder(Letters(), tmp_path)
    assert not identity.storable and not (tmp_path / "model").exists()
    assert isinstance(load_stored(tmp_path, identity, Letters()), Letters)
    with pytest.raises(InputError, match="which it does not hold: pass it as model="):
        load_stored(tmp_path, identity)
    with pytest.raises(InputError, match="with another model"):
        load_stored(tmp_path, identity, Storable(5))
