"""Model: a tokenizer and an encoder sealed in a folder that sentence-transformers loads too."""
