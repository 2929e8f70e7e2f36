"""The page in a cell of a notebook: a server in a thread of the kernel, with which it ends."""

import html
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from likewise.errors import LikewiseError, require
from likewise.index.collection import Collection
from likewise.service import NEEDED

if TYPE_CHECKING:
    from likewise.service.settings import Settings

# Notebooks of this machine; those of others could show the page in a frame and have somebody click in it unawares.
NOTEBOOKS = "http://127.0.0.1:* http://localhost:* https://127.0.0.1:* https://localhost:*"
START_SECONDS, END_SECONDS, POLL_SECONDS = 120.0, 10.0, 0.02


class Exploration:
    """A page that is served; in a notebook it shows itself. It ends with the process, or when it is closed.

    Args:
        settings: of the server; its port is free.
        height: of the frame, in pixels.

    Attributes:
        url: of the page, for a browser of this machine.

    Raises:
        InputError: something cannot be opened.
        LikewiseError: the server did not start.
    """

    def __init__(self, settings: "Settings", height: int) -> None:
        import uvicorn

        from likewise.service.app import create_app
        from likewise.service.server import address_of, bound, config_of

        self._height, self._listener = height, bound(settings)
        try:
            self.url = address_of(settings, self._listener)
            self._server = uvicorn.Server(config_of(settings, create_app(settings)))
            arguments = {"sockets": [self._listener]}
            self._thread = threading.Thread(
                target=self._server.run, kwargs=arguments, name="likewise-page", daemon=True
            )
            self._thread.start()
            self._wait()
        except BaseException:
            self._listener.close()
            raise

    def close(self) -> None:
        """End the server; what it accepted is answered first."""
        self._server.should_exit = True
        self._thread.join(END_SECONDS)
        self._listener.close()

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > end:
                self._server.should_exit = True
                raise LikewiseError("the server of the page did not start: likewise serve may say why")
            time.sleep(POLL_SECONDS)

    def __enter__(self) -> "Exploration":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Exploration({self.url!r})"

    def _repr_html_(self) -> str:
        url = html.escape(self.url)
        return (
            f'<iframe src="{url}" title="Likewise" width="100%" height="{self._height}" style="border:0"></iframe>'
            f'<div>The same in a tab of its own: <a href="{url}" target="_blank" rel="noopener">{url}</a></div>'
        )


def explore(
    index: str | Path | Collection,
    *,
    classifier: str | Path | None = None,
    recommender: str | Path | None = None,
    duplicates: str | Path | None = None,
    height: int = 800,
) -> Exploration:
    """Open the page of an index in a cell of a notebook, or anywhere as a page with an address.

    It is served on this machine alone, without keys: other programs and users of the machine can read the index and
    write to it while it is open.

    Args:
        index: its folder, or the open index.
        classifier: folder of a classifier.
        recommender: folder of a recommender.
        duplicates: folder of a store of duplicates.
        height: of the frame, in pixels.

    Returns:
        The page, with `url` and `close()`; as the last expression of a cell it shows itself.

    Raises:
        InputError: something is no folder of its kind.
    """
    require("serve", "a page needs", *NEEDED)
    from likewise.service.settings import Settings

    path = index.path if isinstance(index, Collection) else index
    folders: dict[str, Any] = {"classifier": classifier, "recommender": recommender, "duplicates": duplicates}
    given: dict[str, Any] = {name: str(folder) for name, folder in folders.items() if folder is not None}
    settings = Settings(index=str(path), port=0, access_log=False, frame_ancestors=NOTEBOOKS, **given)
    return Exploration(settings.checked(), height)
