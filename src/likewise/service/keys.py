"""API keys: a file of their hashes, each for reading or for writing too; it can change while a server runs.

A key is 256 random bits, so its SHA-256 cannot be reversed by trying, and needs neither salt nor a slow hash.
"""

import hashlib
import hmac
import json
import logging
import re
import secrets
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from likewise.atomic import locking, replacing_file
from likewise.errors import InputError

LOGGER = logging.getLogger("likewise.service")
FORMAT = 1
PREFIX = "lw_"  # by which scanners of leaked secrets can know a key
NAME = re.compile(r"[\w.-]{1,64}")
MAX_KEYS = 1_000

Access = Literal["none", "read", "write"]


class Key(msgspec.Struct, frozen=True):
    """A key as the file has it.

    Attributes:
        name: of who has it.
        access: "read", or "write" for reading and writing.
        sha256: of the key, in hexadecimal.
        created: when, in ISO format.
    """

    name: str
    access: Literal["read", "write"]
    sha256: str
    created: str


class KeyFile(msgspec.Struct):
    """The file.

    Attributes:
        format: its version.
        keys: all that are valid.
    """

    format: int
    keys: list[Key]


class Keys:
    """The keys of a file, read again when it has changed.

    Args:
        path: of the file.

    Raises:
        InputError: there is no such file, or it is damaged.
    """

    def __init__(self, path: str | Path) -> None:
        self._path, self._lock = Path(path), threading.Lock()
        self._keys, self._stamp = read_keys(self._path), (0, 0, 0)
        self._refresh()

    def find(self, token: str) -> Key | None:
        """Return the key that `token` is, or None; the time this takes does not depend on how nearly it is one."""
        self._refresh()
        digest, found = hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest(), None
        for key in self._keys:
            if hmac.compare_digest(key.sha256, digest):
                found = key
        return found

    def _refresh(self) -> None:
        """Read the file if it is another one; a file that is gone or damaged has no keys."""
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
        except OSError:
            stamp = (0, 0, 0)
        if stamp != self._stamp:
            with self._lock:
                try:
                    self._keys = read_keys(self._path)
                except InputError as error:
                    self._keys = []
                    LOGGER.error("%s: every key is refused until it is mended", error)
                self._stamp = stamp


def read_keys(path: str | Path) -> list[Key]:
    """Return the keys of a file.

    Raises:
        InputError: there is no such file, or it is damaged.
    """
    try:
        file = msgspec.json.decode(Path(path).read_bytes(), type=KeyFile)
    except OSError as error:
        raise InputError(f"cannot read the keys in {path}: {error.strerror}; likewise keys add makes them") from None
    except msgspec.DecodeError as error:
        raise InputError(f"{path} is no file of keys: {error}; likewise keys add makes one") from None
    if file.format != FORMAT:
        raise InputError(f"{path} has format {file.format}, this version reads format {FORMAT}: make the keys again")
    return file.keys


def add_key(path: str | Path, name: str, access: Literal["read", "write"]) -> str:
    """Add a key to a file, which is made if it does not exist, and return the key, which is nowhere kept.

    Raises:
        InputError: the name is taken or cannot be used, or the file is full or damaged.
    """
    if NAME.fullmatch(name) is None:
        raise InputError(f"the name {name!r} cannot be used: expected up to 64 letters, digits, dots, dashes")
    with locking(Path(path), overwrite=True, wait=True):
        keys = read_keys(path) if Path(path).exists() else []
        if any(key.name == name for key in keys):
            raise InputError(f"{path} has a key named {name}: revoke it first, or choose another name")
        if len(keys) >= MAX_KEYS:
            raise InputError(f"{path} has {len(keys)} keys, the most there may be: revoke some first")
        token = PREFIX + secrets.token_urlsafe(32)
        created = datetime.now(UTC).isoformat(timespec="seconds")
        _write(path, [*keys, Key(name, access, hashlib.sha256(token.encode()).hexdigest(), created)])
    return token


def revoke_key(path: str | Path, name: str) -> None:
    """Remove a key from a file; a running server refuses it at once.

    Raises:
        InputError: there is no such key, or the file is damaged.
    """
    with locking(Path(path), overwrite=True, wait=True):
        keys = read_keys(path)
        left = [key for key in keys if key.name != name]
        if len(left) == len(keys):
            known = ", ".join(key.name for key in keys) or "none"
            raise InputError(f"{path} has no key named {name}: it has {known}")
        _write(path, left)


def _write(path: str | Path, keys: list[Key]) -> None:
    with replacing_file(Path(path)) as temporary:
        temporary.touch(mode=0o600)
        body = json.dumps({"format": FORMAT, "keys": [msgspec.structs.asdict(key) for key in keys]}, indent=1)
        temporary.write_text(body + "\n", encoding="utf-8")
