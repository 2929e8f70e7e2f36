"""Forms of a word find each other, words without a stem stay as they are, and removal undoes addition."""

import sqlite3
import unicodedata
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from index_contents import count_texts, ids_of
from index_embedders import Bare, Hashed

from likewise.errors import InputError
from likewise.index import stems as module
from likewise.index.bm25 import BM25Index
from likewise.index.collection import Collection
from likewise.index.record import WORD_TABLES
from likewise.index.stems import Stems, fold, indexed_text, normalised, query_terms

ENGLISH = {"flows": "flow", "flowed": "flow", "flowing": "flow", "batteries": "battery"}
GERMAN = {"häuser": "haus", "häusern": "haus", "hauses": "haus", "schönes": "schön", "straßen": "straße"}
SPANISH = {"canciones": "canción", "cantaba": "cantar", "cantábamos": "cantar", "niñas": "niña"}
TURKISH = {"evler": "ev", "evlerde": "ev", "şehirler": "şehir", "istanbulda": "istanbul"}
RUSSIAN = {"книги": "книга", "книгу": "книга", "ёлки": "ёлка"}
HINDI = {"किताबें": "किताब", "लड़कियाँ": "लड़की"}
EVERY = ENGLISH | GERMAN | SPANISH | TURKISH | RUSSIAN | HINDI


def of(mapping):
    return Stems.of(SimpleNamespace(stems=mapping))


def index_of(texts, stems):
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for table in WORD_TABLES:
        connection.execute(table)
    rows = [(number, indexed_text(text, stems)) for number, text in enumerate(texts)]
    connection.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", rows)
    return connection


def found(texts, query, stems):
    connection = index_of(texts, stems)
    ranked = BM25Index(connection, stems).ranked(query, 10, texts=len(texts), generation=1)
    connection.close()
    return ranked


def vocabulary(texts, stems):
    connection = index_of(texts, stems)
    rows = connection.execute("SELECT term, doc, cnt FROM vocabulary").fetchall()
    connection.close()
    return rows


@pytest.mark.parametrize(
    ("mapping", "text", "query"),
    [
        (ENGLISH, "The river FLOWED on.", "flow"),
        (ENGLISH, "it flows", "Flowing water"),
        (ENGLISH, "It“flows”, he said: naïve", "flowed"),
        (ENGLISH, "ｆｌｏｗｓ in full width", "flow"),
        (ENGLISH, "the ﬂow of a ligature", "flowing"),
        (GERMAN, "Die Häuser am Hang", "haus"),
        (GERMAN, "ein Haus am Hang", "den HÄUSERN"),
        (GERMAN, "die Ha\u0308user am Hang", "des Hauses"),
        (GERMAN, "die Hauser ohne Punkte", "Haus"),
        (GERMAN, "durch enge Straßen", "Straße"),
        (SPANISH, "una canción de cuna", "canciones"),
        (SPANISH, "CANTÁBAMOS juntos", "cantaba"),
        (SPANISH, "cantabamos sin tilde", "cantar"),
        (TURKISH, "büyük şehirler", "şehir"),
        (TURKISH, "evlerde otururlar", "EV"),
        (TURKISH, "İstanbulda yaşar", "İstanbul"),
        (RUSSIAN, "читал книгу", "КНИГИ"),
        (RUSSIAN, "новогодние ёлки", "ёлка"),
        (HINDI, "नई किताबें", "किताब"),
        (HINDI, "दो लड\u093cकियाँ", "लड़की"),
    ],
)
def test_a_form_finds_another(mapping, text, query):
    others = ["etwas anderes", "nothing of the kind"]
    assert found([text, *others], query, of(mapping)).row_ids.tolist() == [0]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("price 3.50 EUR in 2024", "3.50 2024"),
        ("東京都に住んでいます", "東京"),
        ("東京都に住んでいます", "都"),
        ("iPhone手机很好", "手机 IPHONE"),
        ("학교에서 공부했다", "학교"),
        ("ผมกินข้าวที่บ้าน", "ข้าว"),
        ("Café au lait", "CAFE"),
        ("foo_bar-baz don't", "bar don't"),
        ("a NEAR(b) AND c", "near and"),
    ],
)
def test_words_without_a_stem_stay_as_they_are(text, query):
    """Two paths: the terms of texts and of queries are those of an index without stems."""
    stems, none = of(EVERY), Stems({})
    assert vocabulary([text], stems) == vocabulary([text], none)
    assert [word.lower() for word in query_terms(query, stems)] == [word.lower() for word in query_terms(query, none)]
    assert found([text, "x"], query, stems).row_ids.tolist() == [0]


@given(
    st.lists(st.sampled_from([*EVERY, *EVERY.values(), "Rest", "3.50", "東京都", "ﬁn", "na\u0308h", "!"]), max_size=9)
)
def test_bm25_of_replaced_words(words):
    """Slow loop: the index is that of texts in which every form was replaced by hand."""
    by_hand = " ".join(EVERY.get(word, word) for word in words)
    assert vocabulary([" ".join(words)], of(EVERY)) == vocabulary([by_hand], of(EVERY))
    ascii_only = [word for word in words if word in ENGLISH or word.isascii()]
    english = " ".join(ENGLISH.get(word, word) for word in ascii_only)
    assert vocabulary([" ".join(ascii_only)], of(ENGLISH)) == vocabulary([english], Stems({}))


def test_words_are_counted_as_replaced():
    stems = of(ENGLISH)
    texts = ["flows", "flowed", "flow", "battery", "batteries flowing", "other"]
    connection = index_of(texts, stems)
    index = BM25Index(connection, stems)
    ranked = index.ranked("Flowing batteries flows", 10, texts=len(texts), generation=1)
    assert query_terms("Flowing batteries flows", stems) == ['"flow"', '"battery"']
    assert {phrase: term.texts for phrase, term in index._terms.items()} == {'"flow"': 4, '"battery"': 2}
    assert set(ranked.row_ids) == {0, 1, 2, 3, 4}
    connection.close()


PARTS = st.sampled_from(
    [*EVERY, *EVERY.values(), "FLOWS", "Häuser", "東京都に", "한국", "\u0301", "🤔", "\0", " ", "-", "’"]
)


@pytest.fixture(scope="module")
def connection():
    opened = index_of(["stays"], Stems({}))
    yield opened
    opened.close()


@given(text=st.lists(st.one_of(PARTS, st.text(max_size=4)), max_size=12).map("".join))
@example(text="flows\u0378häuser")
def test_terms_are_removed_as_they_were_added(connection, text):
    """Law: after a text is removed from FTS5 no term of it is left, and its structures are consistent."""
    stems = of(EVERY)
    connection.execute("INSERT INTO words (rowid, text) VALUES (7, ?)", (indexed_text(text, stems),))
    read_again = Stems.from_json(stems.to_json())
    connection.execute(
        "INSERT INTO words (words, rowid, text) VALUES ('delete', 7, ?)", (indexed_text(text, read_again),)
    )
    assert connection.execute("SELECT term FROM vocabulary").fetchall() == [("stays",)]
    connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")


@given(st.dictionaries(st.text("aáAbB ", max_size=4), st.text("aáAbB東", max_size=4), max_size=12))
def test_any_mapping_makes_classes(mapping):
    """Laws: no stem has another stem, words that fold alike have one stem, and JSON gives the same table."""
    stems = of(mapping)
    assert not set(stems.table.values()) & set(stems.table)
    assert Stems.from_json(stems.to_json()).table == stems.table
    for form, stem in mapping.items():
        if form.isalpha() and stem.isalpha() and "東" not in form + stem:
            assert vocabulary([form], stems) == vocabulary([stem], stems) == vocabulary([fold(form)], stems)


def test_words_that_cannot_have_a_stem_are_left_out():
    stems = of(
        {"": "a", "b": "", "c d": "c", "e-e": "e", "東京都": "東京", "학교에서": "학교", "f": "東", "ok": "fine"}
    )
    assert stems.table == {"ok": "fine"} and len(stems) == 1


def test_forms_that_fold_alike_share_their_forms():
    stems = of({"pâtes": "pâte", "pates": "pate", "páter": "pates"})
    assert stems.table == {"pates": "pate", "pater": "pate"}


def test_words_and_folding_are_those_of_fts5():
    """Two paths: FTS5 separates and folds nearly every character of Unicode 3.2 in the same way."""
    characters = [chr(code) for part in module._SCANNED for code in part]
    characters = [c for c in characters if unicodedata.ucd_3_2_0.category(c) != "Cn"]
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for table in WORD_TABLES:
        connection.execute(table)
    connection.execute("CREATE VIRTUAL TABLE places USING fts5vocab(words, 'instance')")
    texts = [f"a{character}b" for character in characters]
    rows = enumerate([*texts, *map(normalised, texts)])
    connection.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", rows)
    seen = [[] for _ in [*texts, *texts]]
    for number, term in connection.execute("SELECT doc, term FROM places"):
        seen[number].append(term)
    connection.close()
    seen, folded = seen[: len(texts)], seen[len(texts) :]
    joins = [len(terms) == 1 for terms in seen]
    ours = [bool(module._word().fullmatch(character)) for character in characters]
    unlike = [c for c, fts5, own in zip(characters, joins, ours, strict=True) if fts5 != own]
    assert len(unlike) < 0.01 * len(characters), unlike
    unlike = [text for text, terms in zip(texts, folded, strict=True) if len(terms) == 1 and fold(text) != terms[0]]
    assert len(unlike) < 0.01 * len(texts), unlike


def test_the_cache_is_bounded():
    stems = of(GERMAN)
    stems.cache.max_size = 3
    assert stems.replace("Häuser und Häusern schönes é ü ö Häuser") == "haus und haus schon é ü ö haus"
    assert len(stems.cache) <= 3
    long = "ü" * 100
    assert stems.replace(f"{long} Häuser") == f"{long} haus" and long not in stems.cache


@pytest.mark.parametrize("given", [["flows"], {"flows": 3}, {3: "flow"}, "flows"])
def test_stems_that_are_no_mapping(tmp_path, given):
    model = Hashed()
    model.stems = given
    with pytest.raises(InputError, match="the stems of the Hashed are no mapping of words to words"):
        Collection.create(tmp_path / "a.index", model)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("embedder", [Hashed, Bare])
def test_an_index_keeps_its_stems(tmp_path, embedder):
    """Texts are added and removed by the stems that the index was made with, whatever stems the model has later."""
    model = embedder()
    model.stems = EVERY
    texts = ["The river flows", "Die Häuser", "un cantaba", "nothing"]
    with Collection.create(tmp_path / "a.index", model) as index:
        index.add(texts)
        assert index.describe().stems == len(of(EVERY)) > 10
        assert set(ids_of(index.search("flowing haus", mode="text"))) == {"0", "1"}
        assert index.search("flowing", mode="text")[0].text == texts[0]
    model.stems = {"river": "nothing"}
    with Collection.open(tmp_path / "a.index", model) as index:
        index.add(["it flowed, eine Häuserzeile", "HÄUSERN"], ids=["0", "9"])
        assert set(ids_of(index.search("flow haus", mode="text"))) == {"0", "1", "9"}
        assert ids_of(index.search("river", mode="text")) == []
        assert ids_of(index.search("cantar", mode="hybrid", k=1)) == ["2"]
        index.delete(["0", "1", "2", "9"])
        assert len(index) == count_texts(index) == 1
        connection = index._record.connection
        assert connection.execute("SELECT term FROM vocabulary").fetchall() == [("nothing",)]


def test_many_texts_are_removed_again(tmp_path):
    """Law: after additions, replacements and removals in any order, the index has the terms of the remaining texts."""
    rng = np.random.default_rng(0)
    model = Hashed()
    model.stems = EVERY
    words = [*EVERY, *EVERY.values(), "Rest", "東京都", "2024"]
    with Collection.create(tmp_path / "a.index", model) as index:
        held = {}
        for _ in range(6):
            new = {str(id): " ".join(rng.choice(words, 8)) for id in rng.integers(0, 60, 30)}
            index.add(list(new.values()), ids=list(new))
            gone = [str(id) for id in rng.integers(0, 60, 10)]
            index.delete(gone)
            held = {id: text for id, text in (held | new).items() if id not in gone}
        assert len(index) == count_texts(index) == len(held)
        terms = index._record.connection.execute("SELECT term, doc, cnt FROM vocabulary").fetchall()
        assert terms == vocabulary(list(held.values()), of(EVERY))
