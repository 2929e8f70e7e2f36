"""Duplicates from texts to groups: what is found, what is kept, and what nothing comes of."""

import numpy as np
import pytest

import likewise
from likewise.applications.duplicates import kernels
from likewise.applications.duplicates.find import duplicates
from likewise.applications.duplicates.store import Store
from likewise.errors import InputError

pytestmark = pytest.mark.slow


class Bags:
    """Vectors by words: the sum of a random vector a word."""

    dim = 64

    def __init__(self):
        self.words = {}

    def encode(self, texts):
        rng = np.random.default_rng(5)
        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                rows[row] += self.words.setdefault(word, rng.standard_normal(self.dim).astype(np.float32) + len(word))
        return rows


@pytest.fixture(scope="module")
def docs(python_docs):
    return [text[:300] for text in python_docs[:1200]]


@pytest.fixture(scope="module")
def planted(docs):
    """Texts with known duplicates: 40 in another case, 40 without a comma and a word, 20 of the same words."""
    long = [row for row, text in enumerate(docs) if len(text.split()) >= 20][:100]
    upper = [docs[row].upper() for row in long[:40]]
    edited = [" ".join(docs[row].replace(",", "").split()[:-1]) + "!" for row in long[40:80]]
    turned = [" ".join(docs[row].split()[10:] + docs[row].split()[:10]) for row in long[80:100]]
    return [*docs, *upper, *edited, *turned], long


@pytest.fixture(scope="module")
def found(planted, docs_model):
    return duplicates(planted[0], docs_model)


def test_planted_duplicates_are_found(planted, found, docs):
    """It learns: what was planted is found, and hardly anything else."""
    texts, long = planted
    pairs = {
        (int(one), int(other)): reason
        for one, other, reason in zip(found.pairs.first, found.pairs.second, found.pairs.reason, strict=True)
    }
    assert all(pairs.get((long[at], len(docs) + at)) == 0 for at in range(40))
    assert np.mean([(long[at], len(docs) + at) in pairs for at in range(40, 80)]) > 0.7
    assert np.mean([(long[at], len(docs) + at) in pairs for at in range(80, 100)]) > 0.9
    removed = set(range(len(texts))) - set(found.kept.tolist())
    assert sum(row >= len(docs) for row in removed) >= 85
    assert len(removed) < 130  # some of the documentation says things twice


def test_groups_hold_together(found, planted):
    """Laws: every text is kept or a member of one group, of a kept text that it is paired with; kept ones are apart."""
    texts, kept = planted[0], set(found.kept.tolist())
    members = [member.row for group in found for member in group.members]
    assert len(members) == len(set(members)) and sorted([*members, *kept]) == list(range(len(texts)))
    assert {group.row for group in found.groups} <= kept
    paired = set(zip(found.pairs.first.tolist(), found.pairs.second.tolist(), strict=True))
    for group in found.groups:
        assert group.text == texts[group.row] and group.id == str(group.row)
        for member in group.members:
            assert 0 < member.score <= 1 and member.precision >= 0.99
            assert member.reason == "exact" or (group.row, member.row) in paired
    assert not any(one in kept and other in kept for one, other in paired)
    assert np.all(np.diff(found.pairs.precision) <= 0)


def test_another_precision_needs_no_other_run(found, planted, docs_model):
    """Two ways that must agree: another precision at once, and a run with it."""
    loose = found.rethreshold(0.7)
    again = duplicates(planted[0], docs_model, 0.7)
    assert len(loose.pairs) > len(found.pairs)
    assert [group.row for group in loose.groups] == [group.row for group in again.groups]
    assert np.array_equal(loose.kept, again.kept) and np.array_equal(loose.pairs.score, again.pairs.score)
    assert loose.threshold("near") <= found.threshold("near")
    assert loose.threshold("semantic") <= found.threshold("semantic")
    assert len(found.rethreshold(0.99).groups) == len(found.groups)
    for precision in (0.0, -1.0, 1.1):
        with pytest.raises(InputError, match="is no share"):
            found.rethreshold(precision)


def test_which_text_is_kept():
    texts = ["One text, two  words", "one text, two words", "ONE TEXT, TWO        WORDS", "other"]
    rows = {keep: duplicates(texts, keep=keep).groups[0].row for keep in ("first", "longest", "newest")}
    assert rows == {"first": 0, "longest": 2, "newest": 2}
    assert duplicates(texts[:2], keep="newest").kept.tolist() == [1]
    with pytest.raises(InputError, match="keep is 'last'"):
        duplicates(texts, keep="last")


def test_no_chain_of_unlike_texts():
    """Closed form: of a chain a - b - c - d no group holds more than a kept text and those paired with it."""
    leader, value, by = np.empty(4, np.int64), np.empty(4, np.float32), np.empty(4, np.int64)
    free = np.zeros((2, 0), np.int64)
    chain = np.array([0, 1, 2]), np.array([1, 2, 3]), np.full(3, 0.9, np.float32)
    kernels.stars(4, *chain, 0, free, leader, value, by)
    assert leader.tolist() == [0, 0, 2, 2] and by.tolist() == [-1, 0, -1, 2]
    better = np.array([0, 1, 2]), np.array([3, 3, 3]), np.array([0.8, 0.95, 0.9], np.float32)
    kernels.stars(4, *better, 0, free, leader, value, by)
    assert leader.tolist() == [0, 1, 2, 1]


def test_a_test_set_against_a_training_set(docs, docs_model):
    """It finds leaks: copies and near copies in the other file, and never pairs within one file."""
    test = [*docs[:5], docs[6].upper() + "!", "nothing of this kind is in the other file", docs[0], "", "  "]
    found = duplicates(test, docs_model, against=docs)
    taken = {member.row: group.row for group in found.groups for member in group.members}
    assert {row: taken[row] for row in range(5)} == {row: docs.index(docs[row]) for row in range(5)}
    assert taken[5] == 6 and taken[7] == docs.index(docs[0])
    assert found.kept.tolist() == [6, 8, 9]
    assert found.groups[0].text == docs[found.groups[0].row]
    with pytest.raises(InputError, match="compared with other texts"):
        Store.of(found)
    assert duplicates(["new"], docs_model, against=[]).kept.tolist() == [0]
    assert duplicates([], docs_model, against=docs[:3]).groups == ()


def test_little_or_nothing():
    """Empty input, one text, blank ones, nothing but one text again and again."""
    for texts, groups, kept in (
        ([], 0, []), (["one"], 0, [0]), (["", " ", "x"], 0, [0, 1, 2]), (["a b c"] * 4, 1, [0]), (["", ""], 0, [0, 1]),
    ):  # fmt: skip
        found = duplicates(texts)
        assert len(found.groups) == groups and found.kept.tolist() == kept
        assert found.note.startswith("the texts are too few") and found.rethreshold(0.5).kept.tolist() == kept
    assert duplicates([]).threshold("near") == 2.0
    with pytest.raises(InputError, match="all blank"):
        Store.of(duplicates([""]))
    with pytest.raises(InputError, match="a string is needed"):
        duplicates([3])
    with pytest.raises(InputError, match="does not encode texts"):
        duplicates(["a"], 3)


def test_texts_in_other_scripts():
    texts = [
        "東京の天気は晴れです", "東京の天気は、晴れです！", "大阪で会いましょう", "Где находится вокзал?",
        "где находится вокзал", "Wo ist der Bahnhof?", "สวัสดีครับ", "สวัสดีครับ ",
    ]  # fmt: skip
    found = duplicates(texts, precision=0.8)
    assert {(group.row, tuple(member.row for member in group.members)) for group in found.groups} == {
        (0, (1,)), (3, (4,)), (6, (7,)),
    }  # fmt: skip


def test_any_encoder_will_do(docs):
    """A bare object with `encode`; and the order of the same words is not another text by it."""
    long = [text for text in docs if len(text.split()) > 12][:60]
    turned = [" ".join(text.split()[5:] + text.split()[:5]) for text in long[:10]]
    found = duplicates([*long, *turned], Bags(), 0.9)
    taken = {member.row: group.row for group in found.groups for member in group.members}
    assert sum(taken.get(60 + row) == row for row in range(10)) >= 9


def test_the_public_name_reads_files(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,body\nx,Same words\ny,same  words\nz,other\n", encoding="utf-8")
    found = likewise.duplicates(path, text="body")
    assert [(group.id, group.members[0].id) for group in found.groups] == [("x", "y")]
    with pytest.raises(InputError, match="'none'"):
        likewise.duplicates(path, text="none")


def test_contradicting_numbers(docs_model):
    """Two versions of a product are two products, however alike their texts are."""
    texts = [f"phone case model {row} of black leather with a strap and a pocket for cards" for row in range(30)]
    texts += ["Phone case model 3, of black leather, with a strap and a pocket for cards"]
    found = duplicates(texts, docs_model, 0.9)
    assert [(group.row, [member.row for member in group.members]) for group in found.groups] == [(3, [30])]
