import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likewise.errors import InputError
from likewise.model.card import read_sample, write_sample
from likewise.model.folder import sha256_of
from likewise.model.model import Model

HARD = ("one\ntwo", "a\u2028b\x85c", "", 'quote " \\ back', "\ud800 half", "</script>", "数据 😀", "\x00")


def with_sample(model: Model, texts: tuple[str, ...] = HARD) -> Model:
    return Model(model.tokenizer, model.encoder, model.card, texts)


@given(st.lists(st.text(st.characters(exclude_categories=[]), max_size=20), max_size=8))
def test_read_is_what_was_written(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    """Two paths that must agree: any texts, with halves of characters and every kind of line end."""
    path = tmp_path_factory.mktemp("sample") / "sample.jsonl"
    write_sample(path, texts)
    assert read_sample(path) == tuple(texts)
    assert path.read_bytes().count(b"\n") == len(texts)


def test_a_model_keeps_its_sample(model: Model, tmp_path: Path) -> None:
    """Two paths that must agree: before saving and after; the fingerprint is that of the vectors alone."""
    with_sample(model).save(tmp_path / "a.model")
    loaded = Model.load(tmp_path / "a.model")
    assert loaded.sample == HARD
    assert loaded.fingerprint == model.fingerprint == with_sample(model).fingerprint
    record = json.loads((tmp_path / "a.model" / "likewise.json").read_text(encoding="utf-8"))
    assert record["sha256"]["sample.jsonl"] == sha256_of(tmp_path / "a.model" / "sample.jsonl")
    assert json.loads((tmp_path / "a.model" / "sample.jsonl").read_text("utf-8").split("\n")[0]) == {"text": HARD[0]}


def test_a_sample_is_no_larger_than_it_may_be(model: Model) -> None:
    """A closed form: 1,000 texts of 500 characters."""
    large = with_sample(model, tuple("ab" * 300 + str(row) for row in range(1200)))
    assert len(large.sample) == 1000
    assert set(large.sample) == {"ab" * 250}


def test_a_model_without_a_sample_has_no_file_of_it(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "a.model")
    assert not (tmp_path / "a.model" / "sample.jsonl").exists()
    assert Model.load(tmp_path / "a.model").sample == ()


def test_the_texts_may_be_taken_out_of_a_folder(model: Model, tmp_path: Path) -> None:
    """A law: a model that is passed on without its texts is the same model."""
    with_sample(model).save(tmp_path / "a.model")
    (tmp_path / "a.model" / "sample.jsonl").unlink()
    loaded = Model.load(tmp_path / "a.model")
    assert loaded.sample == ()
    assert loaded.fingerprint == model.fingerprint


def test_a_sample_that_was_changed_is_refused(model: Model, tmp_path: Path) -> None:
    with_sample(model).save(tmp_path / "a.model")
    (tmp_path / "a.model" / "sample.jsonl").write_text('{"text": "another"}\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"sample\.jsonl is damaged \(its checksum differs\)"):
        Model.load(tmp_path / "a.model")


@pytest.mark.parametrize("content", [b"{\n", b"[]\n", b'{"texts": 3}\n', b'{"text": 3}\n', b"\xff\n", b"\n"])
def test_what_is_no_sample_is_refused(model: Model, tmp_path: Path, content: bytes) -> None:
    """Bad input: a file with the right checksum that holds something else."""
    with_sample(model).save(tmp_path / "a.model")
    file, path = tmp_path / "a.model" / "sample.jsonl", tmp_path / "a.model" / "likewise.json"
    file.write_bytes(content)
    record = json.loads(path.read_text(encoding="utf-8"))
    record["sha256"]["sample.jsonl"] = sha256_of(file)
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(InputError, match=r"sample\.jsonl is damaged .* restore it from a copy, or remove it"):
        Model.load(tmp_path / "a.model")
