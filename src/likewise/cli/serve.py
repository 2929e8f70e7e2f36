"""`likewise serve`, `likewise keys`: what was trained, over HTTP and in a browser."""

from typing import Annotated, Literal

import typer

from likewise.cli.screen import results
from likewise.errors import require
from likewise.service import NEEDED

KeyFile = Annotated[str, typer.Argument(metavar="FILE", help="The file of hashed keys.", show_default=False)]


def _option(flag: str, help: str, metavar: str | None = None) -> typer.models.OptionInfo:
    """An option that is an environment variable too."""
    name = "LIKEWISE_" + flag.removeprefix("--").partition("/")[0].replace("-", "_").upper()
    found: typer.models.OptionInfo = typer.Option(flag, help=help, metavar=metavar, envvar=name, show_envvar=False)
    return found


def serve(
    index: Annotated[
        str,
        typer.Argument(
            metavar="INDEX",
            help="An index folder; or a model folder, for embeddings alone.",
            envvar="LIKEWISE_INDEX",
            show_envvar=False,
            show_default=False,
        ),
    ],
    classifier: Annotated[str | None, _option("--classifier", "A classifier to serve.", "FOLDER")] = None,
    recommender: Annotated[str | None, _option("--recommender", "A recommender to serve.", "FOLDER")] = None,
    duplicates: Annotated[
        str | None, _option("--duplicates", "What likewise duplicates --save wrote, to compare with.", "FOLDER")
    ] = None,
    api_key_file: Annotated[
        str | None, _option("--api-key-file", "Hashed keys, made by likewise keys add; needed by other hosts.", "FILE")
    ] = None,
    data_folder: Annotated[
        str | None, _option("--data-folder", "Files that jobs may read, and where uploads are put.", "FOLDER")
    ] = None,
    host: Annotated[str, _option("--host", "Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, _option("--port", "Port to listen on; 0 takes a free one.")] = 8000,
    allowed_hosts: Annotated[
        str, _option("--allowed-hosts", "Names by which clients may call the server, separated by commas.", "NAMES")
    ] = "",
    workers: Annotated[int, _option("--workers", "Processes that answer requests.")] = 1,
    max_body: Annotated[int, _option("--max-body", "Bytes of a request, at most.")] = 32 * 2**20,
    max_upload: Annotated[int, _option("--max-upload", "Bytes of an uploaded file, at most.")] = 2**30,
    max_batch: Annotated[int, _option("--max-batch", "Texts of a request, at most.")] = 2_048,
    max_text: Annotated[int, _option("--max-text", "Characters of a text, at most.")] = 200_000,
    max_waiting: Annotated[
        int, _option("--max-waiting", "Requests that may wait; one more is refused with 429.")
    ] = 512,
    access_log: Annotated[
        bool, _option("--access-log/--no-access-log", "A line a request on standard error, without its texts.")
    ] = True,
) -> None:
    """Serve an index over HTTP, and show it in a browser.

    The first line is the address. Every option is an environment variable too, such as LIKEWISE_PORT. Ctrl-C ends the
    server when it has answered what it accepted.
    """
    require("serve", "a server needs", *NEEDED)
    from likewise.service.settings import Settings

    settings = Settings(
        index=index, classifier=classifier, recommender=recommender, duplicates=duplicates,
        api_key_file=api_key_file, data_folder=data_folder, host=host, port=port, allowed_hosts=allowed_hosts,
        workers=workers, max_body=max_body, max_upload=max_upload, max_batch=max_batch, max_text=max_text,
        max_waiting=max_waiting, access_log=access_log,
    ).checked()  # fmt: skip
    from likewise.service.server import serve as run  # imports every application, which takes a second

    run(settings, ready=typer.echo)


keys = typer.Typer(help="Make and revoke the keys of a server.", no_args_is_help=True)


@keys.command("add")
def add(
    file: KeyFile,
    name: Annotated[str, typer.Option("--name", help="Who has the key.", show_default=False)],
    access: Annotated[
        Literal["read", "write"], typer.Option("--access", help="What it permits; write permits reading too.")
    ] = "read",
) -> None:
    """Make a key and print it; the file keeps only its hash, so it cannot be shown again."""
    require("serve", "a server needs", *NEEDED)
    from likewise.service.keys import add_key

    typer.echo(add_key(file, name, access))


@keys.command("list")
def show(file: KeyFile) -> None:
    """List the keys of a file: name, access and when it was made."""
    require("serve", "a server needs", *NEEDED)
    from likewise.service.keys import read_keys

    console = results()
    for key in read_keys(file):
        console.print(f"{key.name}  {key.access}  {key.created}")


@keys.command("revoke")
def revoke(file: KeyFile, name: Annotated[str, typer.Argument(help="Whose key.", show_default=False)]) -> None:
    """Remove a key; a running server refuses it at once."""
    require("serve", "a server needs", *NEEDED)
    from likewise.service.keys import revoke_key

    revoke_key(file, name)
