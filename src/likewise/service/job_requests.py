"""What each kind of job takes: the bodies of `POST /jobs`, and what `likewise open` orders."""

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

Name: TypeAlias = Annotated[str, Meta(max_length=120, description="A name in the data folder, no path.")]
Column: TypeAlias = Annotated[str, Meta(max_length=200)]


class Reading(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How a file is read, as by `likewise train` and `likewise index`.

    Attributes:
        file: its name in the data folder.
        text: the column of texts, or several that are joined.
        id: the column of ids.
        ids: whether ids are read from a column.
        encoding: of a text file; detected if null.
        header: whether the first row of a CSV or TSV file names the columns.
        on_error: what to do at a row that cannot be read.
    """

    file: Name
    text: Column | Annotated[list[Column], Meta(max_length=100)] | None = None
    id: Column | None = None
    ids: bool = True
    encoding: Annotated[str, Meta(max_length=40)] | None = None
    header: bool = True
    on_error: Literal["raise", "skip"] = "raise"

    def options(self) -> dict[str, Any]:
        """As keyword arguments of `corpus.read`."""
        return {
            "text": self.text, "id": self.id, "ids": self.ids, "encoding": self.encoding, "header": self.header,
            "on_error": self.on_error,
        }  # fmt: skip

    def training_options(self) -> dict[str, Any]:
        """As keyword arguments of `train`, which needs no ids."""
        return {name: value for name, value in self.options().items() if name != "ids"}


class Train(Reading, tag_field="kind", tag="train", kw_only=True):
    """Train a model on a file.

    Attributes:
        out: name of the model; that of the file with `.model` if null.
        overwrite: replace what has the name.
    """

    out: Name | None = None
    overwrite: bool = False


class MakeIndex(Reading, tag_field="kind", tag="index", kw_only=True):
    """Make an index of a file.

    Attributes:
        model: name of a model in the data folder.
        out: name of the index; that of the file with `.index` if null.
        passages: cut texts into passages of at most so many characters.
        overwrite: replace what has the name.
    """

    model: Name
    out: Name | None = None
    passages: Annotated[int, Meta(ge=1)] | None = None
    overwrite: bool = False


class FindDuplicates(Reading, tag_field="kind", tag="duplicates", kw_only=True):
    """Find the duplicates of a file, and store its texts to compare others with.

    Attributes:
        model: name of a model in the data folder; null trains one.
        precision: the share of pairs that are to be duplicates.
        out: name of the store; that of the file with `.store` if null.
        overwrite: replace what has the name.
    """

    model: Name | None = None
    precision: Annotated[float, Meta(gt=0, le=1)] = 0.99
    out: Name | None = None
    overwrite: bool = False


class ReplaceModel(msgspec.Struct, tag_field="kind", tag="replace_model", kw_only=True, forbid_unknown_fields=True):
    """Fill an index with another model beside the one that is served, score both, and switch.

    Attributes:
        model: name of a model in the data folder; null trains one on the texts of the index.
        switch: whether to switch when it is filled: if the new model's score without labels is at least as high, in any
            case, or never.
    """

    model: Name | None = None
    switch: Literal["better", "always", "never"] = "better"


class Switch(msgspec.Struct, tag_field="kind", tag="switch", kw_only=True, forbid_unknown_fields=True):
    """Switch to the index that was filled by an earlier job."""


class SwitchBack(msgspec.Struct, tag_field="kind", tag="switch_back", kw_only=True, forbid_unknown_fields=True):
    """Switch back to the index before the last switch, with all that was written since."""


class Open(Reading, tag_field="kind", tag="open", kw_only=True):
    """What `likewise open` orders: a model and an index of a file, each if it does not exist yet; all are paths.

    Attributes:
        file: path of the file.
        model: path of the model.
        index: path of the index.
    """

    file: str
    model: str
    index: str


Request: TypeAlias = Train | MakeIndex | FindDuplicates | ReplaceModel | Switch | SwitchBack


def output_of(request: Train | MakeIndex | FindDuplicates) -> str:
    """Return the name of the result of a job."""
    suffix = {Train: ".model", MakeIndex: ".index", FindDuplicates: ".store"}[type(request)]
    stem = request.file.removesuffix(".gz").removesuffix(".zst")
    return request.out or stem.rpartition(".")[0] + suffix
