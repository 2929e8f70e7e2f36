"""Texts there and back. Apertium is one that a test writes, and the real one where it is installed."""

import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likewise.errors import InputError, LikewiseError
from likewise.paraphrase import back_translation as module
from likewise.paraphrase.back_translation import Apertium, BackTranslation, build_back_translation

TRANSLATES = "sed -e 's/dog/perro/' -e t -e 's/perro/hound/'"

installed = shutil.which("apertium") is not None and Path("/usr/share/apertium/modes/spa-eng.mode").exists()
needs_apertium = pytest.mark.skipif(not installed, reason="needs apertium and apertium-eng-spa")

lines = st.lists(st.text(max_size=30), max_size=8)


def round_trip(texts, translators):
    return BackTranslation("mine", translators)(texts, np.random.default_rng(0))


def there_and_back(texts, direction="eng-spa"):
    return build_back_translation(direction)(texts, np.random.default_rng(0))


def test_texts_go_there_and_back_in_one_process_a_way(apertium):
    calls = apertium(TRANSLATES)
    assert there_and_back(["a dog barks.", "the cat", "my dog"]) == ["a hound barks.", "the cat", "my hound"]
    assert calls.read_text().splitlines() == ["-u -f txt eng-spa", "-u -f txt spa-eng"]


def test_every_line_gets_an_end_that_is_taken_away_again(apertium, tmp_path):
    apertium(f'tee -a "{tmp_path / "seen"}" | {TRANSLATES}')
    texts = ["no end dog", "an end dog.", "a\n dog\x0b\x00and  a\tcat", "dog?", "dog, ", "dog ."]
    found = there_and_back(texts)
    assert found == ["no end hound", "an end hound.", "a hound and a cat", "hound?", "hound,", "hound ."]
    assert (tmp_path / "seen").read_text().splitlines()[:6] == [
        "no end dog .", "an end dog.", "a dog and a cat .", "dog?", "dog, .", "dog .",
    ]  # fmt: skip


def test_what_comes_back_the_same_is_what_it_was(apertium):
    apertium("cat")
    texts = ["", "  ", "\n", "12 34", "...", " a  cat\n", "É", "ab\x00cd"]
    assert there_and_back(texts)[:7] == texts[:7]
    apertium("sed -e 's/^./\\U&/'")
    assert there_and_back(["a cat", "A cat", "ça va"])[:2] == ["a cat", "A cat"]


def test_a_text_of_which_nothing_is_left_is_what_it_was(apertium):
    apertium("sed -e 's/^dog .$/ /'")
    assert there_and_back(["dog", "cat", "dogs"]) == ["dog", "cat", "dogs"]


def test_long_lists_go_in_batches(apertium):
    calls = apertium(TRANSLATES)
    texts = [*("dog" for _ in range(7)), "dog " + "cat " * 9, "dog", "dog"]
    translators = [Apertium(direction, max_lines=3, max_characters=20) for direction in ("eng-spa", "spa-eng")]
    assert round_trip(texts, translators) == [text.strip().replace("dog", "hound", 1) for text in texts]
    assert len(calls.read_text().splitlines()) == 2 * 5


@pytest.mark.parametrize(
    ("does", "message"),
    [
        ("sed -e '$d'", r"^Apertium lost its place: eng-spa was given 2 lines and returned 1$"),
        ("sed -e 's/a/\\n/'", r"^Apertium lost its place: eng-spa was given 2 lines and returned 4$"),
        ("cat > /dev/null", r"eng-spa was given 2 lines and returned 0$"),
        ("echo one >&2; echo two >&2; exit 3", r"^`apertium -u -f txt eng-spa` failed with code 3: one two$"),
        ("cat > /dev/null; exit 1", r"failed with code 1: it gave no reason$"),
    ],
)
def test_what_fails_is_one_line(apertium, does, message):
    apertium(does)
    with pytest.raises(LikewiseError, match=message):
        there_and_back(["a dog", "a cat"])


def test_a_process_that_hangs_is_killed_with_all_that_it_started(apertium, tmp_path):
    apertium(f'sleep 60 & echo $! > "{tmp_path / "sleeper"}"; wait')
    started = time.monotonic()
    with pytest.raises(LikewiseError, match=r"^`apertium -u -f txt eng-spa` was killed: it had not finished after 0 s"):
        Apertium("eng-spa", min_timeout=0.3)(["a dog"])
    assert time.monotonic() - started < 30
    sleeper = int((tmp_path / "sleeper").read_text())
    for _ in range(100):
        try:
            if Path(f"/proc/{sleeper}/stat").read_text().split()[2] == "Z":
                break
        except FileNotFoundError:
            break
        time.sleep(0.05)
    else:
        pytest.fail("a process of Apertium lives on")


def test_what_is_missing_is_named(apertium, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"not on this machine: apt install apertium apertium-eng-spa$"):
        build_back_translation(None)


@pytest.mark.parametrize("direction", ["eng-deu", "eng-cat"])
def test_a_pair_needs_both_directions(apertium, direction):
    apertium("cat")
    with pytest.raises(
        InputError, match=r"\(apt install apertium apertium-eng-spa\), or choose from eng-spa, spa-eng, "
    ):
        build_back_translation(direction)


@pytest.mark.parametrize("argument", ["", "english", "eng spa", "-x", "eng-spa;rm", "eng-spa-fra"])
def test_what_is_no_pair_is_refused_before_anything_runs(monkeypatch, argument):
    monkeypatch.setattr(module, "_installed_directions", None)
    with pytest.raises(
        InputError, match=r"expected two languages of Apertium, as in eng-spa, or the folders of two Mar"
    ):
        build_back_translation(argument)


def test_names_differ_by_pair(apertium):
    apertium("cat")
    assert build_back_translation(None).name == "back-translation:eng-spa"
    assert build_back_translation("spa-eng").name == "back-translation:spa-eng"


@given(texts=lines)
def test_whatever_the_texts_there_is_one_for_each(texts):
    """Laws: as many texts; a translator that changes nothing changes nothing; nothing empty is sent."""

    def same(some):
        assert all(line and line == " ".join(line.split()) for line in some)
        return list(some)

    def nothing(some):
        return [""] * len(some)

    assert round_trip(texts, [same, same]) == texts
    assert round_trip(texts, [nothing, same]) == texts
    assert len(round_trip(texts, [same, nothing])) == len(texts)


@needs_apertium
def test_a_real_text_keeps_what_it_is_about():
    """No word of a text moves into another: alone and among others, it is translated alike."""
    texts = [
        "The experiment failed because the temperature was too high",
        "",
        "I can't find the receipt for the printer I bought in May.",
        "how do I restore lost files",
        "The news eased my conscience!",
    ]
    together = there_and_back(texts)
    alone = [there_and_back([text])[0] for text in texts]
    assert together == alone
    assert together != texts
    assert "experiment failed" in together[0]
    assert [text[-1:] for text in together] == ["l", "", ".", "s", "!"]
    assert together[3][0] == "h"


@needs_apertium
@pytest.mark.slow
@settings(max_examples=10)
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=20, max_size=60))
def test_a_real_translation_gives_a_text_for_each_whatever_they_are(texts):
    """A law: control characters, marks of Apertium's own and scripts that it does not know included."""
    marks = ["^a/b$", "[x]", "\\", "*dog", "<b>x</b>", "{y}", "#@~&", "[<STREAMCMD:x>]"]
    assert len(there_and_back([*texts, *marks])) == len(texts) + len(marks)
