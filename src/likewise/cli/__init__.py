"""The command line: one file a verb group, each a door to the Python call of the same name.

`app.py` puts the commands together, `door.py` turns every error into one line and an exit code, `options.py` holds the
options that several commands share, `screen.py` writes results to standard output and progress to standard error. Each
command imports what it needs when it runs, so that `likewise --help` and `likewise search` are quick.
"""

from likewise.cli.app import main

__all__ = ["main"]
