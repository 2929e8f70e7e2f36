"""The whole way from texts to a model, on the documentation of Python."""

import hashlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from training_run import Killed

import likewise

QUICK = {"epochs": 2, "dim": 32, "progress": False}


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_learns(python_docs: list[str], seed: int) -> None:
    """It learns: held-out halves that share no word find each other four times as well as untrained."""
    scores = likewise.train(python_docs, epochs=5, dim=256, seed=seed, progress=False).card.scores
    assert scores["MRR"] > 4 * scores["MRR, untrained"] and scores["MRR"] > scores["MRR, LSA"]


def test_every_kind_of_source_gives_the_same_model(python_docs: list[str], tmp_path: Path) -> None:
    """Two paths: a list, an iterator, a file, frames and tables of the same texts agree to the byte."""
    texts = [" ".join(text.split()) for text in python_docs[:200]]
    (tmp_path / "texts.txt").write_text("\n".join(texts), encoding="utf-8")
    sources = [
        iter(texts),
        tmp_path / "texts.txt",
        pa.table({"text": texts}),
        pd.DataFrame({"text": texts}),
        pl.DataFrame({"text": texts}),
    ]
    expected = likewise.train(texts, **QUICK).fingerprint
    assert [likewise.train(source, **QUICK).fingerprint for source in sources] == [expected] * len(sources)


def test_the_same_seed_gives_the_same_folder_and_another_seed_another(python_docs: list[str], tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        likewise.train(python_docs[:300], out=tmp_path / name, seed=seed, **QUICK)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert digests(tmp_path / "a")["model.safetensors"] != digests(tmp_path / "c")["model.safetensors"]
    assert not (tmp_path / "a.training").exists()


def test_pairs_from_two_columns(python_docs: list[str]) -> None:
    """Given pairs are contrasted as they are, or through views; the card says which."""
    table = pa.table({"title": [t.split(":")[0] for t in python_docs], "body": python_docs})
    given = likewise.train(table, pair=("title", "body"), **QUICK)
    seen = likewise.train(table, pair=("title", "body"), views=["crop", "delete:0.2"], **QUICK)
    assert given.card.recipe["views"] == "given" and seen.card.recipe["views"] == "crop,delete:0.2"
    assert given.fingerprint != seen.fingerprint
    assert given.encode(["sort a list"]).shape == (1, 32)


def test_few_and_short_texts_are_trained_with_a_warning() -> None:
    ten = likewise.train([f"text number {word} about things" for word in "abcdefghij"], **QUICK)
    assert any("none was held out" in warning for warning in ten.card.warnings)
    short = likewise.train(["alpha", "beta", "gamma", "delta"], **QUICK)
    assert short.card.scores["MRR"] is None and short.card.scores["texts"] == 0


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([], "no distinct texts with words"),
        (["only one"], "1 distinct text with words"),
        (["the same"] * 9, r"1 distinct text with words \(8 repeats"),
        (["", "  ", "one"], r"2 empty\): contrastive learning needs at least 2"),
    ],
)
def test_too_few_texts(texts: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(likewise.InputError, match=message):
        likewise.train(texts, out=tmp_path / "x.model", progress=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"views": "crap"}, "did you mean crop"),
        ({"views": "crop,dropout"}, "static encoder has no dropout"),
        ({"freeze": 2}, "freeze is a setting of a transformer"),
        ({"dim": 0}, "dim"),
        ({"temperature": 0.0}, "temperature"),
        ({"batch": 1}, "at least 2"),
        ({"seed": -1}, "seed"),
        ({"encoder": "no/such-encoder"}, "there is no encoder no/such-encoder here"),
        ({"resume": True}, "needs out="),
    ],
)
def test_settings_are_refused_before_anything_is_read(settings: dict[str, object], message: str) -> None:
    def never() -> object:
        raise AssertionError("was read")
        yield

    with pytest.raises(likewise.InputError, match=message):
        likewise.train(never(), progress=False, **settings)


def test_an_output_that_exists(python_docs: list[str], tmp_path: Path) -> None:
    """A model is replaced only with overwrite, and another folder never."""
    likewise.train(python_docs[:100], out=tmp_path / "x.model", **QUICK)
    with pytest.raises(likewise.InputError, match="--overwrite"):
        likewise.train(python_docs[:100], out=tmp_path / "x.model", **QUICK)
    likewise.train(python_docs[:90], out=tmp_path / "x.model", overwrite=True, **QUICK)
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").write_text("...")
    with pytest.raises(likewise.InputError, match="no model folder"):
        likewise.train(python_docs[:100], out=tmp_path / "thesis", overwrite=True, **QUICK)


def test_a_refused_run_leaves_another_ones_work_alone(python_docs: list[str], tmp_path: Path) -> None:
    """Neither an output that exists nor a run that could not be resumed costs what lies beside it."""
    likewise.train(python_docs[:100], out=tmp_path / "x.model", **QUICK)
    for name, settings in (("x.model", {}), ("y.model", {"resume": True})):
        (tmp_path / f"{name}.training").mkdir()
        (tmp_path / f"{name}.training" / "text0.ids").write_text("of another run")
        with pytest.raises(likewise.InputError):
            likewise.train(["one"], out=tmp_path / name, **QUICK | settings)
        assert (tmp_path / f"{name}.training" / "text0.ids").exists()


def test_a_disk_that_is_full(python_docs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One clear line, and nothing is left that looks whole."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("likewise.training.prepare.TokenWriter.append", full)
    with pytest.raises(likewise.LikewiseError, match="the disk is full"):
        likewise.train(python_docs[:100], out=tmp_path / "x.model", **QUICK)
    with pytest.raises(likewise.LikewiseError, match="the disk is full"):
        likewise.train(python_docs[:100], **QUICK)
    assert list(tmp_path.iterdir()) == []


def test_resuming_refuses_other_settings_and_another_corpus(
    python_docs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bad input: a killed run continues with its own settings and corpus only."""
    out = tmp_path / "x.model"

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("likewise.model.model.Model.save", killed)
        with pytest.raises(Killed):
            likewise.train(python_docs[:200], out=out, **QUICK)
    with pytest.raises(likewise.InputError, match="epochs was 2, now 3"):
        likewise.train(python_docs[:200], out=out, resume=True, **QUICK | {"epochs": 3})
    with pytest.raises(likewise.InputError, match="changed since the run"):
        likewise.train(python_docs[:150], out=out, resume=True, **QUICK)
    likewise.train(python_docs[:200], out=out, resume=True, **QUICK)
    assert out.exists() and not (tmp_path / "x.model.training").exists()


def test_what_is_shown(python_docs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard error has the corpus, the evaluations and the end; standard output stays empty."""
    likewise.train([*python_docs[:300], "", python_docs[0]], epochs=2, dim=32, out=tmp_path / "x.model")
    shown = capsys.readouterr()
    assert shown.out == ""
    for part in ("300 distinct texts", "1 repeats, 1 empty", "MRR", "held-out retrieval", "untrained"):
        assert part in shown.err


def test_without_progress_facts_and_warnings_are_logged(
    python_docs: list[str], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """A law: what was left out, the score and the warnings are no progress."""
    caplog.set_level("INFO", "likewise")
    likewise.train([*python_docs[:100], "", python_docs[0]], **QUICK)
    logged = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert [level for level, _ in logged] == ["INFO", "INFO", "WARNING", "WARNING"]
    parts = ("1 repeats, 1 empty", "MRR", "warning: only 100 texts", "warning: the score is below that of LSA")
    for (_, line), part in zip(logged, parts, strict=True):
        assert part in line
    assert capsys.readouterr() == ("", "")


CHILD = """
import sys, likewise
from likewise.training import loop
loop.SECONDS_BETWEEN_CHECKPOINTS = 0.0
likewise.train(sys.argv[1], out=sys.argv[2], resume=True, epochs=12, dim=32, progress=False)
"""


@pytest.mark.nightly
def test_killed_at_ten_random_times(python_docs: list[str], tmp_path: Path) -> None:
    """Two paths: a run killed ten times with SIGKILL ends with the bytes of one that was left alone."""
    corpus = tmp_path / "docs.txt"
    corpus.write_text("\n".join(" ".join(text.split()) for text in python_docs), encoding="utf-8")
    command = [sys.executable, "-c", CHILD, str(corpus)]
    began = time.monotonic()
    subprocess.run([*command, str(tmp_path / "whole")], check=True)
    lasted = time.monotonic() - began
    rng = np.random.default_rng(0)
    for share in rng.uniform(0.2, 1.0, 10):
        with subprocess.Popen([*command, str(tmp_path / "killed")]) as child:
            time.sleep(share * lasted)
            child.send_signal(signal.SIGKILL)
        if (tmp_path / "killed").exists():
            break
    if not (tmp_path / "killed").exists():
        subprocess.run([*command, str(tmp_path / "killed")], check=True)
    assert digests(tmp_path / "killed") == digests(tmp_path / "whole")


def test_the_record_is_json(python_docs: list[str], tmp_path: Path) -> None:
    """Numbers that could not be measured are null, which every reader of JSON knows."""
    likewise.train(["alpha", "beta", "gamma"], out=tmp_path / "x.model", **QUICK)
    written = (tmp_path / "x.model" / "likewise.json").read_text(encoding="utf-8")
    record = json.loads(written, parse_constant=int)
    assert record["scores"]["MRR"] is None


def test_documents_have_their_parts_in_their_shares(python_docs: list[str]) -> None:
    """Laws: of a vector in two parts a document's are as long as their shares, the lexical one a little shorter."""
    model = likewise.train(python_docs[:200], dim=384, epochs=2, progress=False)
    pooling = model.encoder.documents
    assert pooling is not None and pooling.dims == (128, 256)
    assert pooling.shares == (1.0, 1.2)
    assert pooling.length_priors[1] > 0 == pooling.length_priors[0]
    vectors = model.encode_document(python_docs[:200]).astype(np.float64)
    lengths = [np.linalg.norm(part, axis=1) for part in np.split(vectors, [128], axis=1)]
    whole = np.linalg.norm(pooling.shares)
    np.testing.assert_allclose(lengths[0], 1 / whole, rtol=1e-5)
    assert (lengths[1] < 1.2 / whole).all()
    # The root of 2/3 is the length of a document that is as long as the mean: half of its square is its length prior.
    assert np.median(lengths[1]) * whole / 1.2 == pytest.approx(np.sqrt(2 / 3), abs=0.08)


def test_short_vectors_are_trained_whole(python_docs: list[str]) -> None:
    """A closed form: below 320 dimensions there are no parts, and documents are encoded as all texts."""
    model = likewise.train(python_docs[:200], dim=64, epochs=1, progress=False)
    assert model.encoder.documents is None
    assert model.encode_document(python_docs[:9]).tobytes() == model.encode(python_docs[:9]).tobytes()
