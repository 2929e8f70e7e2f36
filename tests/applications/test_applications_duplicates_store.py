"""The store: one more text is compared with those it holds."""

import json

import numpy as np
import pytest

from likewise.applications.duplicates.find import duplicates
from likewise.applications.duplicates.store import FEATURES, FORMAT, RECORD, Store
from likewise.errors import InputError

pytestmark = pytest.mark.slow


class Lengths:
    """Vectors by lengths of words; it cannot be saved."""

    def encode(self, texts):
        return np.array([[len(text), text.count("e"), text.count(" ") + 1.0] for text in texts], np.float32)


@pytest.fixture(scope="module")
def seen(python_docs, docs_model):
    return duplicates([text[:300] for text in python_docs[:600]], docs_model, 0.7)


def test_a_text_is_compared_with_those_that_were_seen(seen):
    """Two ways that must agree: one text at a time, and the pairs of all."""
    store = Store.of(seen)
    for row in range(0, 600, 37):
        members = store.duplicates_of(seen.texts[row].as_py())
        assert members[0].reason == "exact" and members[0].score == 1.0
        own = store.duplicates_of(seen.texts[row].as_py().upper() + " !")
        assert own[0].text == members[0].text and own[0].reason in {"near", "semantic"}
    partners = {int(seen.pairs.second[at]): int(seen.pairs.first[at]) for at in range(len(seen.pairs))}
    agreeing = [
        any(member.id == str(first) for member in store.duplicates_of(seen.texts[second].as_py()))
        for second, first in partners.items()
    ]
    assert np.mean(agreeing) > 0.9
    assert store.duplicates_of("") == [] and store.duplicates_of("zebras eat no documentation whatever") == []
    assert len(store.duplicates_of(seen.texts[0].as_py(), 0.5)) >= len(store.duplicates_of(seen.texts[0].as_py()))
    with pytest.raises(InputError, match="is no share"):
        store.duplicates_of("x", 2.0)


def test_added_texts_are_found(seen):
    """Law: it does not matter how many are added at once."""
    store, texts = Store.of(seen), [f"a wholly new sentence about otters, number {row}" for row in range(40)]
    before = len(store)
    for text in texts[:20]:
        store.add([text])
    store.add([*texts[20:], " "], ids=[*(f"n{row}" for row in range(20, 40)), "blank"])
    store.add([])
    assert len(store) == before + 40 == len(store.features)
    assert [store.duplicates_of(text)[0].text for text in texts] == texts
    assert store.duplicates_of(texts[25])[0].id == "n25" and store.duplicates_of(texts[3])[0].id == str(before + 3)
    assert store.duplicates_of(seen.texts[5].as_py())
    with pytest.raises(InputError, match="2 texts were given with 1 ids"):
        store.add(["a", "b"], ids=["x"])


def test_a_store_is_kept_in_a_folder(seen, tmp_path):
    """Two ways that must agree: the store, and the one that was written and read."""
    store, folder = Store.of(seen), tmp_path / "seen"
    store.save(folder)
    read = Store.load(folder)
    for row in (0, 7, 300):
        text = seen.texts[row].as_py() + "?"
        assert read.duplicates_of(text) == store.duplicates_of(text)
    assert read.ids == store.ids and read.precision == 0.7
    found = duplicates([seen.texts[3].as_py() + " ...", "otters are new here"], against=folder)
    assert found.kept.tolist() == [1] and found.groups[0].text == store.duplicates_of(seen.texts[3].as_py())[0].text
    assert duplicates([seen.texts[3].as_py()], against=store).kept.tolist() == []
    with pytest.raises(InputError, match="exists already"):
        store.save(folder)
    store.save(folder, overwrite=True)
    (tmp_path / "else").mkdir()
    with pytest.raises(InputError, match="is something else"):
        store.save(tmp_path / "else", overwrite=True)
    with pytest.raises(InputError, match="holds no texts"):
        Store.load(tmp_path / "none")
    record = (folder / RECORD).read_text()
    (folder / RECORD).write_text(json.dumps(json.loads(record) | {"format": 1}))
    with pytest.raises(InputError, match=rf"seen is of format 1, and {FORMAT} is read: make it anew$"):
        Store.load(folder)
    (folder / RECORD).write_text("[]")
    with pytest.raises(InputError, match="is damaged"):
        Store.load(folder)
    (folder / RECORD).write_text(record)
    (folder / FEATURES).write_bytes(b"nothing")
    with pytest.raises(InputError, match="is damaged"):
        Store.load(folder)


def test_lexical_alone_and_encoders_that_cannot_be_written(tmp_path):
    hashes = Store.of(duplicates(["some words here", "other words there"]))
    hashes.save(tmp_path / "a")
    assert Store.load(tmp_path / "a").duplicates_of("Some  words here")[0].reason == "exact"
    assert json.loads((tmp_path / "a" / RECORD).read_text())["encoder"] is None
    bare = Store.of(duplicates(["some words here", "other words there"], Lengths()))
    bare.save(tmp_path / "b")
    with pytest.raises(InputError, match="does not hold"):
        Store.load(tmp_path / "b")
    assert Store.load(tmp_path / "b", Lengths()).duplicates_of("some WORDS here")[0].id == "0"
