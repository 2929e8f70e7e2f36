"""`likewise distill`: a model folder teaches another, and what cannot be used ends with one line."""

from pathlib import Path

from cli_shelf import Shelf, fails, succeeds

import likewise


def _distill(shelf: Shelf, out: Path, *more: str | Path) -> tuple[str | Path, ...]:
    return ("distill", shelf.model, "--texts", shelf.file, "--text", "body", "--out", out, "--no-progress", *more)


def test_a_model_folder_teaches_a_model_folder(shelf: Shelf, tmp_path: Path) -> None:
    out = tmp_path / "fast.model"
    assert succeeds(*_distill(shelf, out, "--max-texts", "100")) == f"the model is in {out}\n"
    assert likewise.load(out).card.recipe["teacher"] == shelf.model.name
    assert "exists already" in fails(*_distill(shelf, out))
    assert succeeds(*_distill(shelf, out, "--overwrite", "--max-texts", "100", "--seed", "1"))


def test_what_cannot_be_used(shelf: Shelf, tmp_path: Path) -> None:
    nothing = tmp_path / "empty.txt"
    nothing.write_text("\n")
    out = ("--out", tmp_path / "x.model", "--no-progress")
    assert "there is no model" in fails("distill", tmp_path / "none", "--texts", shelf.file, *out)
    assert "no distinct texts with words" in fails("distill", shelf.model, "--texts", nothing, *out)
    assert "max_texts is 0" in fails(*_distill(shelf, tmp_path / "x.model", "--max-texts", "0"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.txt"]
