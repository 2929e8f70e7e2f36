"""A small vocabulary of many languages, learned once."""

import pytest
from tokens_oracles import CODES, compiled_only, of_characters

from likewise.tokens.learning import learn_reference
from likewise.tokens.tokenizer import Tokenizer

SENTENCES = (
    "The quick brown fox jumps over the lazy dog; it's 3.14 times as quick, e.g. quickly!",
    "Le cœur déçu mais l'âme plutôt naïve, Louÿs rêva de crapaüter en canoë",
    "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich",
    "Pijamalı hasta yağız şoföre çabucak güvendi, İstanbul",
    "Съешь же ещё этих мягких французских булок да выпей чаю",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία ὀδυσσεύς",
    "我能吞下玻璃而不伤身体，数据库检索系统",
    "いろはにほへと ちりぬるを ガギグゲゴ ﾊﾟﾋﾟ",
    "키스의 고유조건은 입술끼리 만나야 하고 특별한 기술은 필요치 않다",
    "ऋषियों को सताने वाले दुष्ट राक्षसों के राजा रावण का सर्वनाश",
    "نص حكيم له سر قاطع وذو شأن عظيم مكتوب على ثوب أخضر",
    "דג סקרן שט בים מאוכזב ולפתע מצא חברה",
    "เป็นมนุษย์สุดประเสริฐเลิศคุณค่า",
    "Tiếng Việt là ngôn ngữ của người Việt",
    "smile 😀 family 👨 👩 👧 flag 🇩🇪 thumbs 👍🏽 heart ❤",
)


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    """Learned from one sentence of each of many languages."""
    return compiled_only(learn_reference(SENTENCES * 3, 700))


@pytest.fixture(scope="session")
def speller() -> Tokenizer:
    """A vocabulary of single characters, all that the tests use, so that no difference hides in the unknown token."""
    return of_characters(CODES)
