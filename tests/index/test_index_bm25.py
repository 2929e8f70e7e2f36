"""BM25 by FTS5: any query, any script, and the ranking of the formula."""

import math
import sqlite3
import unicodedata

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from index_embedders import sentences

from likewise.index.bm25 import BM25Index, BM25Settings, fts5_idf, idf_of
from likewise.index.record import WORD_TABLES, AllowedRows
from likewise.index.stems import indexed_text, normalised, query_terms


def index_of(texts):
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for table in WORD_TABLES:
        connection.execute(table)
    rows = [(number, indexed_text(text)) for number, text in enumerate(texts)]
    connection.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", rows)
    return connection


def found(texts, query, k=10, settings=None):
    connection = index_of(texts)
    ranked = BM25Index(connection, settings=settings).ranked(query, k, texts=len(texts), generation=1)
    connection.close()
    return ranked


def bm25(texts, query):
    """The formula as SQLite documents it: k1 = 1.2, b = 0.75; the weight of a term below 1 is its odds divided by e."""
    split = [text.split() for text in texts]
    mean = np.mean([len(words) for words in split])
    scores = np.zeros(len(texts))
    for word in dict.fromkeys(query.split()):
        holding = sum(word in words for words in split)
        odds = (len(texts) - holding + 0.5) / (holding + 0.5)
        weight = math.log(odds) if odds >= math.e else odds / math.e
        for row, words in enumerate(split):
            count = words.count(word)
            scores[row] += weight * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * len(words) / mean))
    return scores


def test_scores_are_the_formula():
    """Slow loop over the formula."""
    texts = sentences(300)
    for query in ("battery zoom", "zoom window wobbly", "refund", "battery battery broke cable"):
        expected = bm25(texts, query)
        ranked = found(texts, query, 20)
        np.testing.assert_allclose(ranked.scores, np.sort(expected)[::-1][: len(ranked.scores)], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(ranked.scores, expected[ranked.row_ids], rtol=1e-9, atol=1e-12)


def test_frequent_terms_do_not_change_the_ranking():
    """Two paths: with frequent terms, the best texts that contain a rarer term are those of the whole query."""
    texts = sentences(2000)
    query = "charger cheap cracked zoom window"  # the first three are frequent, in less than a quarter
    plain = found(texts, query, 30)
    pruned = found(texts, query, 30, BM25Settings(frequent_texts=100))
    rare = np.array([("zoom" in texts[number] or "window" in texts[number]) for number in plain.row_ids])
    assert rare.sum() > 10
    kept = np.isin(pruned.row_ids, plain.row_ids[rare])
    np.testing.assert_array_equal(pruned.row_ids[kept], plain.row_ids[rare])
    np.testing.assert_allclose(pruned.scores[kept], plain.scores[rare], rtol=1e-9, atol=1e-12)


def test_texts_with_frequent_terms_only_are_still_found():
    settings = BM25Settings(frequent_texts=1)
    texts = ["the cat", "the dog", "the cat and the dog", "a bird", "the tree"]
    assert set(found(texts, "the", settings=settings).row_ids) == {0, 1, 2, 4}
    assert found(texts, "the cat", settings=settings).row_ids[0] == 0
    assert set(found(texts, "the absent", settings=settings).row_ids) == {0, 1, 2, 4}
    assert set(found(texts, "the absent cat", settings=settings).row_ids) == {0, 2}
    assert len(found(texts, "absent", settings=settings).row_ids) == 0


def test_of_equal_scores_the_earlier_text():
    assert found(["same words"] * 5 + ["other"] * 9, "words", 3).row_ids.tolist() == [0, 1, 2]


def test_only_allowed_rows_are_found():
    texts = sentences(200)
    connection = index_of(texts)
    connection.execute("CREATE TABLE allowed (row_id INTEGER PRIMARY KEY)")
    connection.executemany("INSERT INTO allowed VALUES (?)", [(number,) for number in range(0, 200, 3)])
    allowed = AllowedRows(connection, "allowed")
    ranked = BM25Index(connection).ranked("zoom broke", 200, texts=200, generation=1, allowed=allowed)
    everything = found(texts, "zoom broke", 200)
    np.testing.assert_array_equal(ranked.row_ids, everything.row_ids[everything.row_ids % 3 == 0])
    connection.close()


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Café au lait, naïve", "CAFE"),
        ("Cafe\u0301 au lait", "café"),
        ("東京都に住んでいます", "東京"),
        ("東京都に住んでいます", "都"),
        ("東京都に住んでいます", "住んで"),
        ("iPhone手机很好", "手机"),
        ("iPhone手机很好", "iphone"),
        ("학교에서 공부했다", "학교"),
        ("ผมกินข้าวที่บ้าน", "ข้าว"),
        ("ខ្ញុំស្រឡាញ់ភាសាខ្មែរ", "ភាសា"),
        ("हिन्दी में लिखा", "हिन्दी"),
        ("Привет, МОСКВА", "москва"),
        ("foo_bar-baz", "bar"),
        ("don't stop", "don't"),
        ("C++ and C#", "c"),
        ("a NEAR(b) AND c OR NOT d*", "near and not"),
        ("price 3.50 EUR", "3.50"),
    ],
)
def test_finds_in_any_script(text, query):
    assert found([text, "etwas anderes", "nothing of the kind"], query).row_ids.tolist() == [0]


@pytest.mark.parametrize(
    ("text", "query"),
    [("東京都に住む", "京東"), ("हिन्दी", "हिन्द"), ("학교에서", "교학"), ("battery", "batter"), ("東京", "京都")],
)
def test_does_not_find_parts_that_are_no_words(text, query):
    assert len(found([text], query).row_ids) == 0


@pytest.mark.parametrize("query", ["", "   ", "!?", '"', "***", "()", "\0", "- -", "_", "😀"])
def test_a_query_without_words_finds_nothing(query):
    assert query_terms(query) == []
    assert len(found(["some words ! ? * _"], query).row_ids) == 0


@given(st.text(st.one_of(st.characters(), st.sampled_from('"*()^:-+{} ANDORNOTNEAR東京\0')), max_size=60))
@example('" OR "')
@example("a\0b")
@example("\ud800x")
def test_any_query_is_no_syntax(query):
    """Law: FTS5 accepts any query, and a text with words finds itself."""
    texts = [query, "something else entirely"] if not any("\ud800" <= c <= "\udfff" for c in query) else ["x"]
    ranked = found(texts, query)
    if len(texts) == 2 and query_terms(query) and len(ranked.row_ids):
        assert ranked.row_ids[0] == 0


@given(st.text(st.sampled_from("東京都に住む한국 abc.๑ก้ำ"), max_size=30))
def test_terms_are_removed_as_they_were_added(text):
    """Law: after a text is removed from FTS5, no term of it is left."""
    connection = index_of([text, "stays"])
    connection.execute("INSERT INTO words (words, rowid, text) VALUES ('delete', 0, ?)", (indexed_text(text),))
    assert connection.execute("SELECT term FROM vocabulary").fetchall() == [("stays",)]
    connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")
    connection.close()


def test_only_the_rarest_terms_of_a_long_query_count():
    settings = BM25Settings(max_terms=2)
    texts = ["common rare", "common", "common", "other seldom", "common seldom"]
    assert found(texts, "absent common rare seldom", settings=settings).row_ids.tolist()[0] == 0
    assert set(found(texts, "absent common rare seldom", settings=settings).row_ids) == {0, 3, 4}
    assert len(found(sentences(50), " ".join(f"word{n}" for n in range(20_000)) + " zoom", 5).row_ids) == 0


def test_frequencies_are_dropped_with_the_generation():
    connection = index_of(["one word"])
    index = BM25Index(connection)
    assert len(index.ranked("two", 5, texts=1, generation=1).row_ids) == 0
    connection.execute("INSERT INTO words (rowid, text) VALUES (1, 'two words')")
    assert index.ranked("two", 5, texts=2, generation=2).row_ids.tolist() == [1]
    connection.close()


def test_indexed_text():
    """Closed form: pairs, and the last character alone."""
    assert indexed_text("plain text") == "plain text"
    assert indexed_text("東京都 tower").split() == ["東京", "京都", "都", "tower"]
    assert indexed_text("é日a").split() == ["e", "日", "a"]
    assert query_terms("東京都 tower 日 tower") == ['"東京"', '"京都"', '"tower"', '"日" *']


SPELLINGS = [
    ("data center", "ＤＡＴＡ ｃｅｎｔｅｒ"),
    ("bundesliga", "Bundes\u00adliga"),
    ("database", "data\u200bbase"),
    ("database", "data\u2060base\ufeff"),
    ("bold script", "𝐛𝐨𝐥𝐝 𝓈𝒸𝓇𝒾𝓅𝓉"),
    ("circled", "ⓒⓘⓡⓒⓛⓔⓓ"),
    ("office file", "o\ufb03ce \ufb01le"),
    ("H2O", "H₂O"),
    ("crème brûlée", "creme brulee"),
    ("crème brûlée", "cre\u0300me bru\u0302le\u0301e"),
    ("Straße Fußball", "STRASSE FUSSBALL"),
    ("Straße", "STRA\u1e9eE"),
    ("İstanbul ılık", "istanbul ILIK"),
    ("Việt Nam", "Viet Nam"),
    ("ΟΔΟΣ", "οδός"),
    ("Ελλάδα", "ελλαδα"),
    ("Ёлка ещё", "елка еще"),
    ("замок", "за\u0301мок"),
    ("محمد كتاب", "مُحَمَّدٌ كِتَابٌ"),
    ("محمد", "مـــحـــمـــد"),
    ("سلام", "\ufeb3\ufefc\ufee1"),
    ("می\u200cخواهم", "می خواهم"),
    ("می\u200cخواهم", "میخواهم"),
    ("שלום", "שָׁלוֹם"),
    ("שלום", "\ufb2a\u05b8\u05dc\u05d5\u05b9\u05dd"),
    ("क्ष", "क्\u200dष"),
    ("अवन\u0d7b", "अवन\u0d28\u0d4d\u200d"),
    ("データ", "ﾃﾞｰﾀ"),
    ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
    ("邉", "邉\U000e0101"),
    ("1995", "١٩٩٥"),
    ("1995", "१९९५"),
    ("don't", "don\u2019t"),
    ("don't", "don\u02bct"),
]


@pytest.mark.parametrize(("one", "other"), [*SPELLINGS, *((other, one) for one, other in SPELLINGS)])
def test_a_word_in_another_form_of_unicode(one, other):
    texts = [one, "something else", "nothing of the kind", "a third text"]
    assert found(texts, other).row_ids.tolist() == [0]


@pytest.mark.parametrize(
    ("text", "query"),
    [("iPhone™ 12", "iphone"), ("№5 perfume", "5"), ("café™", "cafe"), ("㍿東京", "東京"), ("می\u200cخواهم", "خواهم")],
)
def test_a_sign_is_no_part_of_the_word_before_it(text, query):
    assert found([text, "something else", "nothing of the kind"], query).row_ids.tolist() == [0]


@pytest.mark.parametrize(("text", "query"), [("мой", "мои"), ("ґанок", "ганок"), ("がく", "かく"), ("क़लम", "खलम")])
def test_other_letters_stay_other_words(text, query):
    assert len(found([text, "something else"], query).row_ids) == 0


@given(
    st.text(
        st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("éßёй\u200c\u00adيﬁ①Ｄ日م")), max_size=40
    )
)
def test_normalisation_is_stable(text):
    """Law: what is normalised stays the same, whichever normal form of Unicode it comes in."""
    once = normalised(text)
    assert normalised(once).lower() == once.lower()
    assert normalised(unicodedata.normalize("NFC", text)) == normalised(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize("query", ["zithers", "where are zithers", "monday zithers", "zithers 東"])
def test_a_word_in_half_of_a_small_index(query):
    texts = [
        "the shop sells zithers on monday",
        "zithers and lutes in the hall",
        "the hall is closed",
        "the garden",
        "東京",
    ]
    for some in (texts, texts[:4], texts[1:3], texts[1:2]):
        ranked = found(some, query)
        holding = {number for number, text in enumerate(some) if "zithers" in text}
        assert holding <= set(ranked.row_ids.tolist()) and (ranked.scores > 1e-3).all()
        first = ranked.row_ids[: len(holding)].tolist()
        assert query != "zithers" or set(first) == holding


def test_one_character_in_half_of_a_small_index():
    ranked = found(["東京", "東北", "京都", "北京"], "東")
    assert set(ranked.row_ids) == {0, 1} and (ranked.scores > 0.1).all()


@given(st.integers(1, 10**6), st.data())
def test_every_word_has_a_weight(texts, data):
    """Laws: positive, lower for a word in more texts, and that of FTS5 for one in less than a quarter."""
    containing = data.draw(st.integers(1, texts))
    weight = idf_of(containing, texts)
    assert 0 < weight < idf_of(containing - 1, texts)
    if containing < texts / 4 and texts > 100:
        assert weight == fts5_idf(containing, texts)


@given(st.lists(st.sampled_from(["a b", "a", "b c", "a a c", "d", "c d e"]), min_size=1, max_size=9), st.data())
def test_both_ways_agree_in_a_small_index(texts, data):
    """Two paths: FTS5 a term at a time, and the postings in memory."""
    query = " ".join(data.draw(st.lists(st.sampled_from("abcde"), min_size=1, max_size=3)))
    one, other = (
        found(texts, query),
        found(texts, query, settings=BM25Settings(cached_after=-1, cached_after_share=-1.0)),
    )
    assert one.row_ids.tolist() == other.row_ids.tolist()
    np.testing.assert_allclose(one.scores, other.scores, rtol=1e-9)
    np.testing.assert_allclose(one.scores, bm25(texts, query)[one.row_ids], rtol=1e-9, atol=1e-12)
