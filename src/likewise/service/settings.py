"""What a server serves, where, and its limits; the same from the command line and from the environment."""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from likewise.errors import InputError
from likewise.index.record import FILE

PREFIX = "LIKEWISE_"
FRAMES = re.compile(r"(https?://[\w.*:-]+ ?)*", re.ASCII)
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of a server. Each is the environment variable `LIKEWISE_` and its name in capitals.

    Attributes:
        index: the folder of an index; or of a model, which serves embeddings alone. None while there is none yet.
        classifier: the folder of a classifier.
        recommender: the folder of a recommender.
        duplicates: the folder that `likewise duplicates --save` wrote.
        api_key_file: hashed keys; without it only this machine is served.
        data_folder: files that jobs may read, and where uploads and results are put.
        jobs_folder: where jobs are kept; hidden in the data folder, or beside the index, if None.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        allowed_hosts: further names by which clients may call the server, separated by commas.
        frame_ancestors: origins whose pages may show the page in a frame, separated by spaces.
        workers: processes that answer requests.
        max_body: bytes of a request.
        max_upload: bytes of an uploaded file.
        max_batch: texts of a request.
        max_text: characters of a text.
        max_waiting: requests that wait for the processor; one more is refused with 429.
        access_log: write a line for each request to standard error.
    """

    index: str | None = None
    classifier: str | None = None
    recommender: str | None = None
    duplicates: str | None = None
    api_key_file: str | None = None
    data_folder: str | None = None
    jobs_folder: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    allowed_hosts: str = ""
    frame_ancestors: str = ""
    workers: int = 1
    max_body: int = 32 * 2**20
    max_upload: int = 2**30
    max_batch: int = 2_048
    max_text: int = 200_000
    max_waiting: int = 512
    access_log: bool = True

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read the variables of `os.environ`, or of a mapping.

        Raises:
            InputError: a value is of the wrong kind, or the settings do not fit together.
        """
        environment = os.environ if environment is None else environment
        given = {each.name: environment.get(PREFIX + each.name.upper()) for each in fields(cls)}
        try:
            settings = msgspec.convert({name: value for name, value in given.items() if value}, cls, strict=False)
        except msgspec.ValidationError as error:
            raise InputError(f"the environment variables {PREFIX}... do not fit: {error}") from None
        return settings.checked()

    def to_environment(self) -> dict[str, str]:
        """Return the variables from which `from_environment` makes the same settings in another process."""
        plain: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        plain["access_log"] = int(self.access_log)
        return {PREFIX + name.upper(): "" if value is None else str(value) for name, value in plain.items()}

    def checked(self) -> "Settings":
        """Return the settings, if they fit together.

        Raises:
            InputError: another address than loopback without keys, or a number out of range.
        """
        if not self.is_loopback and self.api_key_file is None:
            raise InputError(
                f"--host {self.host} lets other machines in: make keys with likewise keys add FILE, and give "
                "--api-key-file FILE"
            )
        if not 0 <= self.port <= 65_535:
            raise InputError(f"--port is {self.port}: expected 0 to 65535, 0 for a free one")
        if not FRAMES.fullmatch(self.frame_ancestors):
            raise InputError(
                f"frame_ancestors is {self.frame_ancestors!r}: expected origins such as http://localhost:8888, "
                "separated by spaces"
            )
        for name in ("workers", "max_body", "max_upload", "max_batch", "max_text", "max_waiting"):
            if getattr(self, name) < 1:
                raise InputError(f"--{name.replace('_', '-')} is {getattr(self, name)}: expected at least 1")
        for name in ("index", "classifier", "recommender", "duplicates", "data_folder"):
            folder = getattr(self, name)
            if folder is not None and not Path(folder).is_dir():
                raise InputError(f"{folder} is no folder: {name.replace('_', ' ')} expects one that exists")
        return self

    @property
    def is_loopback(self) -> bool:
        """Whether only programs of this machine can reach the server."""
        try:
            return self.host == "localhost" or ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    @cached_property
    def host_names(self) -> frozenset[str]:
        """The names that the Host header may have, in lower case and without port."""
        allowed = (each.strip().lower() for each in self.allowed_hosts.split(","))
        return frozenset({*LOOPBACK, self.host.strip("[]").lower(), *filter(None, allowed)})

    @cached_property
    def jobs_path(self) -> Path | None:
        """Where jobs are kept; None without a folder for them."""
        if self.jobs_folder is not None:
            return Path(self.jobs_folder).absolute()
        if self.data_folder is not None:
            return Path(self.data_folder).absolute() / ".jobs"
        if self.index is not None and (Path(self.index) / FILE).is_file():
            place = Path(self.index).absolute()
            return place.with_name(f".{place.name}.jobs")
        return None

    @cached_property
    def name(self) -> str:
        """The name of what is served, which is that of the model for clients: `reviews` of `reviews.index`."""
        if self.index is None:
            return "likewise"
        return Path(self.index).resolve().name.removesuffix(".index").removesuffix(".model")
