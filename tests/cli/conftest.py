"""The small corpus and what the command line made of it, for all tests of this room."""

from cli_shelf import shelf

__all__ = ["shelf"]
