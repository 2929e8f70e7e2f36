"""Where WordNet is looked for, and what is said where it is not."""

import shutil
import sys
from pathlib import Path

import pytest
from small_wordnet import write_wordnet

from likewise.errors import InputError
from likewise.paraphrase import thesaurus as module
from likewise.paraphrase.thesaurus import open_wordnet


@pytest.fixture(autouse=True)
def no_data(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """NLTK knows no folder of data."""
    folders: list[str] = []
    monkeypatch.setattr("nltk.data.path", folders)
    return folders


def corpora(cache: Path) -> Path:
    (folder,) = cache.iterdir()
    return folder / "corpora" / "wordnet"


def test_the_copy_has_what_the_reader_wants_besides(tmp_path, no_data):
    reader = open_wordnet(system=write_wordnet(tmp_path / "system"), cache=tmp_path / "cache")
    copy = corpora(tmp_path / "cache")
    names = (copy / "lexnames").read_text().splitlines()
    assert (len(names), names[6], names[44]) == (45, "06\tnoun.artifact\t1", "44\tadj.ppl\t3")
    assert reader.synsets("car")[0].lexname() == "noun.artifact"
    assert reader.morphy("children", "n") == "child"
    assert {"index.sense", "adv.exc", "cntlist.rev"} <= {path.name for path in copy.iterdir()}
    assert no_data == [str(copy.parents[1])]


def test_the_copy_is_made_once_and_follows_the_system(tmp_path, no_data):
    system, cache = write_wordnet(tmp_path / "system"), tmp_path / "cache"
    open_wordnet(system=system, cache=cache)
    first = corpora(cache)
    made = first.stat().st_mtime_ns
    open_wordnet(system=system, cache=cache)  # found as data of NLTK, as its folder is known by now
    no_data.clear()
    open_wordnet(system=system, cache=cache)
    assert (corpora(cache), first.stat().st_mtime_ns) == (first, made)
    assert len(no_data) == 1
    with (system / "noun.exc").open("a") as file:
        file.write("geese goose\n")
    no_data.clear()
    open_wordnet(system=system, cache=cache)
    assert len(list(cache.iterdir())) == 2


def test_a_copy_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def fail(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.shutil, "copyfile", fail)
    with pytest.raises(Exception, match="the disk is full"):
        open_wordnet(system=write_wordnet(tmp_path / "system"), cache=tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("packed", [False, True])
def test_the_data_of_nltk_comes_first_packed_or_not(tmp_path, no_data, packed):
    open_wordnet(system=write_wordnet(tmp_path / "system"), cache=tmp_path / "cache")
    data = tmp_path / "nltk_data"
    if packed:
        (data / "corpora").mkdir(parents=True)
        shutil.make_archive(
            str(data / "corpora" / "wordnet"), "zip", corpora(tmp_path / "cache").parent, base_dir="wordnet"
        )
    else:
        shutil.copytree(corpora(tmp_path / "cache"), data / "corpora" / "wordnet")
    no_data[:] = [str(data)]
    reader = open_wordnet(system=tmp_path / "nowhere", cache=tmp_path / "other")
    assert [lemma.name() for lemma in reader.synsets("film")[0].lemmas()] == ["film", "movie", "motion_picture"]
    assert not (tmp_path / "other").exists()


def test_what_is_missing_is_named(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"nltk.downloader wordnet`, or `apt install wordnet-base`$"):
        open_wordnet(system=tmp_path, cache=tmp_path)
    monkeypatch.setitem(sys.modules, "nltk", None)
    with pytest.raises(InputError, match=r"^synonyms need NLTK: pip install 'likewise\[paraphrase\]'$"):
        open_wordnet(system=tmp_path, cache=tmp_path)


@pytest.mark.parametrize("given", [None, "", "relative", "absolute"])
def test_the_copy_lies_in_the_cache_of_the_user(tmp_path, monkeypatch, given):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if given is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache") if given == "absolute" else given)
    open_wordnet(system=write_wordnet(tmp_path / "system"))
    expected = tmp_path / "cache" if given == "absolute" else tmp_path / "home" / ".cache"
    assert [path.name for path in expected.iterdir()] == ["likewise"]
    assert (corpora(expected / "likewise") / "data.noun").is_file()
