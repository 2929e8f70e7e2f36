"""`likewise compare`: which of these encoders serves my texts, from the texts alone."""

from typing import Annotated

import typer

from likewise.cli.evaluate import print_evaluation
from likewise.cli.options import Encoding, Header, OnError, Progress, Seed, Text


def compare(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL...",
            help="Model folders that likewise train wrote; or, with sentence-transformers installed, folders or full "
            "names (organisation/name) of its models.",
            show_default=False,
        ),
    ],
    texts: Annotated[
        str,
        typer.Option(
            "--texts",
            metavar="FILE",
            help="The texts to be searched, or new ones of their kind: any file that likewise train reads.",
            show_default=False,
        ),
    ],
    text: Text = None,
    no_baselines: Annotated[bool, typer.Option("--no-baselines", help="Compare the models alone.")] = False,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object with all metrics.")] = False,
    progress: Progress = True,
    encoding: Encoding = None,
    header: Header = True,
    on_error: OnError = "raise",
) -> None:
    """Compare encoders on unlabelled texts: which of them serves a search of these texts?

    Held-out texts are to be found by questions made of their words, and what follows their beginnings by these.
    """
    from likewise.evaluation.compare import compare as compare_models

    found = compare_models(
        models, texts, text=text, baselines=not no_baselines, seed=seed, progress=progress, encoding=encoding,
        header=header, on_error=on_error,
    )  # fmt: skip
    print_evaluation(found, as_json=as_json)
