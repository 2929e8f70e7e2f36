"""The command line: one module per command, each a thin layer over the Python call of the same name.

`app.py` puts the commands together and turns every error into one line and an exit code; `options.py` holds the options
that several commands share; `screen.py` formats results for standard output and shows progress on standard error. Each
command imports what it needs when it runs, so that `likewise --help` and `likewise search` start quickly.
"""

from likewise.cli.app import main

__all__ = ["main"]
