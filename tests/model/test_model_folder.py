import errno
import json
import random
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save

import likewise
from likewise.errors import InputError, LikewiseError
from likewise.model.card import Card
from likewise.model.folder import sha256_of
from likewise.model.model import Model

TEXTS = ["the quick brown fox", "", "数据 smile 😀", "Съешь булок", "déçu"]
FILES = [
    "1_Normalize/config.json", "README.md", "config_sentence_transformers.json", "likewise.json", "model.safetensors",
    "modules.json", "tokenizer.json",
]  # fmt: skip


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def weights_file(rows: np.ndarray, scales: np.ndarray | None = None) -> bytes:
    data: bytes = save({"embeddings": rows, "weights": np.ones(len(rows), np.float32) if scales is None else scales})
    return data


@pytest.fixture
def folder(model: Model, tmp_path: Path) -> Path:
    """A saved model."""
    model.save(tmp_path / "a.model")
    return tmp_path / "a.model"


def test_loaded_is_what_was_saved(model: Model, folder: Path) -> None:
    """Two paths that must agree to the byte: before saving, and after; by either of the two calls."""
    for loaded in (Model.load(folder), likewise.load(folder), likewise.load(str(folder))):
        assert loaded.encode(TEXTS).tobytes() == model.encode(TEXTS).tobytes()
        assert loaded.fingerprint == model.fingerprint
        assert loaded.card == model.card
        assert loaded.tokenizer.vocabulary.subwords == model.tokenizer.vocabulary.subwords
        assert loaded.tokenizer.vocabulary.counts.tolist() == model.tokenizer.vocabulary.counts.tolist()


def test_what_the_folder_holds(model: Model, folder: Path) -> None:
    """A closed form: these files, weights in safetensors and no pickle, and the record of where it comes from."""
    assert sorted(files_of(folder)) == FILES
    stored = load_file(folder / "model.safetensors")
    assert stored.keys() == {"embeddings", "weights"} and stored["embeddings"].dtype == np.int8
    np.testing.assert_array_equal(stored["embeddings"] * stored["weights"][:, None], model.encoder.weights)
    assert (np.frexp(stored["weights"])[0] == 0.5).all(), "powers of two"
    record = json.loads((folder / "likewise.json").read_text(encoding="utf-8"))
    assert (record["format"], record["kind"]) == (4, "static")
    assert record["sha256"] == {name: sha256_of(folder / name) for name in ("model.safetensors", "tokenizer.json")}
    assert record["recipe"] == model.card.recipe
    assert record["corpus"] == model.card.corpus
    assert record["scores"] == model.card.scores
    assert record["history"] == list(model.card.history)
    assert record["versions"] == model.card.versions
    assert record["warnings"] == list(model.card.warnings)
    assert record["pairs"] == model.card.pairs
    assert record["counts"] == model.tokenizer.vocabulary.counts.tolist()
    modes = {file.stat().st_mode for file in folder.rglob("*") if file.is_file()}
    assert len(modes) == 1


def test_the_same_model_makes_the_same_bytes(model: Model, folder: Path, tmp_path: Path) -> None:
    """Two paths that must agree to the byte: saved twice, and saved, loaded and saved again."""
    model.save(tmp_path / "b.model")
    Model.load(folder).save(tmp_path / "c.model")
    assert files_of(folder) == files_of(tmp_path / "b.model") == files_of(tmp_path / "c.model")


def test_an_existing_output_is_refused_without_overwrite(model: Model, folder: Path) -> None:
    """Bad input: an existing folder stays without overwrite."""
    before = files_of(folder)
    with pytest.raises(InputError, match=r"a\.model exists already: .* --overwrite"):
        Model(model.tokenizer, model.encoder).save(folder)
    assert files_of(folder) == before
    Model(model.tokenizer, model.encoder).save(folder, overwrite=True)
    assert Model.load(folder).card == Card()
    assert [path.name for path in folder.parent.iterdir()] == ["a.model"]


@pytest.mark.parametrize("failing", ["write_bytes", "write_text"])
@pytest.mark.parametrize("existing", [True, False])
def test_a_full_disk_leaves_nothing_behind(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, existing: bool
) -> None:
    """Bad input: the error says the disk is full, nothing half-written is left, and an existing folder stays."""
    target = tmp_path / "a.model"
    if existing:
        model.save(target)
    before = files_of(tmp_path)

    def full(self: Path, *_: object, **__: object) -> int:
        self.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, failing, full)
    with pytest.raises(LikewiseError, match="the disk is full") as caught:
        model.save(target, overwrite=True)
    assert caught.value.exit_code == 1
    assert files_of(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == (["a.model"] if existing else [])


@pytest.mark.parametrize("place", ["file/a.model", "file"])
def test_an_unwritable_output_is_refused(model: Model, tmp_path: Path, place: str) -> None:
    """Bad input: a file where a folder should be."""
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"is no model folder|not a folder you may write to"):
        model.save(tmp_path / place)


def test_what_is_no_model_is_not_written_over(model: Model, tmp_path: Path) -> None:
    """Bad input: somebody's own folder or file stays, with overwrite too; an empty folder may go."""
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("work of years")
    (tmp_path / "notes.txt").write_text("more")
    before = files_of(tmp_path)
    for place in ("thesis", "notes.txt"):
        with pytest.raises(InputError, match=f"{place} is no model folder: it is not overwritten; choose another name"):
            model.save(tmp_path / place, overwrite=True)
    assert files_of(tmp_path) == before
    (tmp_path / "empty").mkdir()
    model.save(tmp_path / "empty", overwrite=True)
    assert Model.load(tmp_path / "empty").fingerprint == model.fingerprint


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    """Bad input: nothing there, a file, and a folder of something else are distinguished."""
    with pytest.raises(InputError, match="there is nothing at that path"):
        likewise.load(tmp_path / "none.model")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="there is a file at that path"):
        likewise.load(tmp_path / "file")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=r"holds no likewise\.json"):
        likewise.load(tmp_path / "folder")


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_missing_or_damaged_file_is_refused(folder: Path, name: str) -> None:
    """Bad input: a file gone, cut, longer, empty, or with one bit turned anywhere is named."""
    whole = (folder / name).read_bytes()
    place = random.Random(0)
    damaged = [whole[:-1], whole + b"\n", b""]
    for _ in range(10):
        turned = bytearray(whole)
        turned[place.randrange(len(whole))] ^= 1 << place.randrange(8)
        damaged.append(bytes(turned))
    for content in damaged:
        (folder / name).write_bytes(content)
        with pytest.raises(InputError, match=rf"{name} is damaged"):
            Model.load(folder)
    (folder / name).unlink()
    with pytest.raises(InputError, match=rf"{name} is missing"):
        Model.load(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 3}, "has format 3, this version reads format 4: train again"),
        ({"kind": "other"}, "is damaged"),
        ({"format": "new"}, "is damaged"),
        ({"sha256": None}, r"is damaged \(wrong type: sha256\)"),
        ({"sha256": ["model.safetensors", "tokenizer.json"]}, "is damaged"),
        ({"sha256": {}}, "is damaged"),
        ({"sha256": {"../../outside": "0"}}, "is damaged"),
        ({"counts": 5}, r"is damaged \(wrong type: counts\)"),
        ({"counts": ["many"]}, r"is damaged \(counts\)"),
        ({"counts": [[1]]}, r"is damaged \(counts\)|there are counts of 1"),
        ({"counts": [None]}, r"is damaged \(counts\)"),
        ({"counts": [1 << 70]}, r"is damaged \(counts\)"),
        ({"counts": [1, 2]}, "subwords, but there are counts of 2"),
        ({"history": 3}, "is damaged"),
        ({"warnings": {}}, "is damaged"),
        ({"recipe": []}, "is damaged"),
        ({"pairs": None}, r"is damaged \(wrong type: pairs\)"),
    ],
)
def test_a_damaged_record_is_refused(folder: Path, changes: dict[str, object], message: str) -> None:
    """Bad input: whatever likewise.json holds, one line comes out and no traceback."""
    path = folder / "likewise.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        Model.load(folder)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"3", b"null", b"{}", b'{"format": 4}', b"\xff\xfe{}", b'"format"']
)
def test_a_record_that_is_none_is_refused(folder: Path, content: bytes) -> None:
    """Bad input: no JSON, or JSON of something else."""
    (folder / "likewise.json").write_bytes(content)
    with pytest.raises(InputError, match=r"likewise\.json is damaged .* restore it from a copy or train again"):
        Model.load(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no safetensors", "cannot be read"),
        (save({"weight": np.zeros((3, 2), np.int8)}), "cannot be read"),
        (save({"embeddings": np.zeros((3, 2), np.int8)}), "cannot be read"),
        (weights_file(np.zeros((3, 2), np.int8)), "do not belong together"),
        (weights_file(np.zeros(3, np.int8)), "do not belong together"),
        (weights_file(np.zeros((150, 16), np.float32)), "do not belong together"),
        (weights_file(np.zeros((150, 16), np.int8), np.full(150, np.nan, np.float32)), "do not belong together"),
    ],
)
def test_weights_that_do_not_fit_are_refused(folder: Path, content: bytes, message: str) -> None:
    """Bad input: weights with a right checksum that are not those of the tokenizer would be read out of bounds."""
    (folder / "model.safetensors").write_bytes(content)
    record = json.loads((folder / "likewise.json").read_text(encoding="utf-8"))
    record["sha256"]["model.safetensors"] = sha256_of(folder / "model.safetensors")
    (folder / "likewise.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        Model.load(folder)


def test_a_name_that_is_no_utf_8_is_kept(model: Model, tmp_path: Path) -> None:
    """A law: a corpus whose file name holds stray bytes can be saved, and the name comes back."""
    named = Model(model.tokenizer, model.encoder, Card(corpus={"name": "caf\udce9.txt"}))
    named.save(tmp_path / "a.model")
    assert Model.load(tmp_path / "a.model").card == named.card


def random_texts(count: int) -> list[str]:
    """Words known and unknown, in several scripts, of any length from nothing to thirty words."""
    words = "the quick brown fox Jumps lazy dogs. déçu NAÏVE ещё булок 数据库 検索 😀 ☃ un-known, (x) 3.14".split()
    choose = random.Random(0)
    return [" ".join(choose.choices(words, k=choose.randrange(30))) for _ in range(count)]


@pytest.mark.slow
def test_sentence_transformers_gives_the_same_vectors(model: Model, folder: Path) -> None:
    """Two paths that must agree, both in single precision: cosine above 0.99999; zeros where we have zeros."""
    from sentence_transformers import SentenceTransformer

    texts = random_texts(500)
    ours = model.encode(texts)
    theirs = SentenceTransformer(str(folder), device="cpu").encode(texts, batch_size=500)
    cosines = (ours.astype(np.float64) * theirs).sum(1)
    something = np.linalg.norm(ours, axis=1) > 0
    assert something.sum() > 400
    assert theirs.dtype == np.float32 and cosines[something].min() > 0.99999
    assert (theirs[~something] == 0).all()


@pytest.mark.parametrize(
    "documents",
    [
        {"dims": [16]},
        {"dims": [10], "shares": [1.0], "length_priors": [0.0]},
        {"dims": [16], "shares": [0.0], "length_priors": [0.0]},
        {"dims": ["16"], "shares": [1.0], "length_priors": [0.0]},
        {"dims": 16, "shares": 1.0, "length_priors": 0.0},
    ],
)
def test_a_pooling_that_cannot_be_is_damage(folder: Path, documents: dict[str, object]) -> None:
    """Bad input: parts are missing, do not fill a row, or are no numbers."""
    record = json.loads((folder / "likewise.json").read_text(encoding="utf-8"))
    (folder / "likewise.json").write_text(json.dumps(record | {"documents": documents}), encoding="utf-8")
    with pytest.raises(InputError, match=r"likewise.json is damaged \(documents\)"):
        Model.load(folder)
