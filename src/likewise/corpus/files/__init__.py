"""Bytes on disk become rows: one file a format, and what they share: opening, and telling the encoding."""
