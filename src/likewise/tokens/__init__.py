"""Tokens: texts become ragged ids, by a vocabulary learned from the corpus and a compiled tokenizer."""
