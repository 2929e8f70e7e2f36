"""Templates: texts that share most of their words and are about something else are no duplicates."""

from itertools import combinations, product

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import likewise
from likewise.applications.duplicates import find
from likewise.applications.duplicates.store import Store
from likewise.applications.duplicates.templates import fill_template, neighbours
from likewise.errors import LikewiseError

pytestmark = pytest.mark.slow

NAMES = ("Ada Lovelace", "Bela Kiss", "Carl Jung", "Dora Costa", "Emil Olsen")
TOWNS = ("Lisbon", "Prague", "Tartu", "Varna", "Ghent", "Malmo")
WISHES = ("renew the passport", "close the account", "book a room", "return the parcel")
SUBJECTS = ("kettle leaks", "screen stays dark", "lid is cracked", "invoice went astray", "motor hums", "zip is torn")


def letters():
    return [
        f"Dear {name}, your request to {wish} at our office in {town} has reached us and is dealt with in ten days."
        for name, town, wish in product(NAMES, TOWNS, WISHES)
    ]


def tickets():
    footer = "This is for the person to whom it is addressed only. If you are another one, please delete it at once."
    return [f"The {one} and the {other}. {footer}" for one, other in combinations(SUBJECTS, 2)]


def chinese():
    return [
        f"尊敬的{name}先生，您在{town}办事处提交的{wish}申请已经收到，我们将在十个工作日内处理。"
        for name, town, wish in product(
            "王李张刘陈", ("北京", "上海", "广州", "成都"), ("护照更新", "账户注销", "房间预订")
        )
    ]


def log_lines():
    rng = np.random.default_rng(0)
    return [
        f"INFO session opened for user {user} from host {rng.integers(10, 99)} with key {rng.integers(1 << 30)}"
        for user in rng.choice(["anna", "bob", "carol", "dave"], 60)
    ]


TEMPLATES = {"letters": letters, "tickets": tickets, "chinese": chinese, "log lines": log_lines}


def with_typos(text, at):
    """The text without one word, and with two letters of another swapped."""
    words = text.split()
    del words[at % len(words)]
    long = [place for place, word in enumerate(words) if len(word) > 5]
    word = words[long[at % len(long)]]
    words[long[at % len(long)]] = word[:2] + word[3] + word[2] + word[4:]
    return " ".join(words)


@pytest.mark.parametrize("kind", TEMPLATES)
def test_filled_templates_are_no_duplicates(kind):
    texts = TEMPLATES[kind]()
    found = likewise.duplicates(texts, precision=0.9)
    assert len(found.kept) == len(texts)
    assert kind in {"log lines", "tickets"} or "pairs share a template" in found.note


def test_copies_of_letters_are_found_among_letters():
    """Law: what is a duplicate stays one, however many texts have the same template."""
    own = letters()
    copies = [with_typos(text, at) for at, text in enumerate(own[::12])]
    found = likewise.duplicates([*own, *copies], precision=0.95)
    pairs = {(member.row - len(own)) * 12: group.row for group in found.groups for member in group.members}
    assert len(pairs) >= 0.8 * len(copies) and all(copy == original for copy, original in pairs.items())


def test_many_copies_of_one_text_are_duplicates(python_docs):
    """Law: texts that share their words and differ in typos fill no template; that so many are found is told."""
    own = [" ".join(text.split()[:30]) for text in python_docs if len(text.split()) > 30][:12]
    found = likewise.duplicates([with_typos(text, at) for text in own for at in range(8)], precision=0.9)
    assert len(found.kept) <= 2 * len(own)
    assert all(group.row // 8 == member.row // 8 for group in found.groups for member in group.members)
    assert "of 96 different texts are taken for duplicates" in found.note


def test_a_store_knows_templates():
    own = letters()
    store = Store.of(likewise.duplicates(own[:100]))
    assert all(store.duplicates_of(letter, 0.9) == [] for letter in own[100:])
    assert [member.row for member in store.duplicates_of(with_typos(own[3], 4), 0.9)] == [3]


def test_letters_against_other_letters():
    found = likewise.duplicates(letters()[60:], against=letters()[:60])
    assert len(found.kept) == 60


@given(
    st.lists(st.text("abcdefgh", min_size=5, max_size=9), min_size=12, max_size=12, unique=True),
    st.integers(2, 6),
    st.integers(5, 9),
)
def test_any_template(frame, first_slot, texts):
    """Law: of texts with one frame all pairs fill it, whatever the words in it; misspelt copies of one do not."""
    slots = [f"{chr(ord('i') + at) * 6}" for at in range(texts)]
    filled = [" ".join([*frame[:first_slot], slot, *frame[first_slot:]]) for slot in slots]
    ones, others = (np.array(side) for side in zip(*((a, b) for a in range(texts) for b in range(a)), strict=True))
    near = neighbours(ones, others, np.ones(len(ones), np.float32), np.ones(texts, bool))
    assert fill_template(pa.array(filled), ones, others, near).all()
    copies = [" ".join([*frame[:at], "x" + frame[at][1:], *frame[at + 1 :]]) for at in range(texts)]
    assert not fill_template(pa.array(copies), ones, others, near).any()


def test_few_texts_make_no_template():
    """Closed form: a template needs three other texts with the words that a pair shares."""
    one, other, *rest = ("a lamp of red glass from Lisbon", "a lamp of red glass from Prague")
    for count in range(5):
        texts = [one, other, *(f"a lamp of red glass from town{number}" for number in range(count)), *rest]
        pairs = np.array([(a, b) for a in range(len(texts)) for b in range(a)])
        near = neighbours(pairs[:, 0], pairs[:, 1], np.ones(len(pairs), np.float32), np.ones(len(texts), bool))
        assert fill_template(pa.array(texts), np.array([0]), np.array([1]), near).tolist() == [count >= 3]


def test_texts_that_no_encoder_learns_from_are_compared_by_their_letters(monkeypatch):
    def collapses(*_, **__):
        raise LikewiseError("no model was made, as training collapsed")

    monkeypatch.setattr(find, "load_or_train", collapses)
    texts = [f"{word} stands in sentence {number} of this list" for number, word in enumerate("abcdefghij" * 30)]
    found = likewise.duplicates([*texts, texts[0].upper()])
    assert len(found.kept) == 300 and found.note.startswith("no encoder could be trained on the texts")
