"""Texts become other texts that say the same: slow rewriting, made once for a corpus and kept."""
