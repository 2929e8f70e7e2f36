"""Every setting of a training run, in one frozen value that goes into TOML and out of it."""

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from numbers import Integral, Real
from pathlib import Path
from typing import Any, get_args, get_type_hints

from likewise.errors import InputError
from likewise.negatives.near_duplicates import DISTANCE
from likewise.negatives.spec import negatives_spec
from likewise.tokens.vocabulary import vocabulary_size
from likewise.views.edits import DROPOUT
from likewise.views.spec import DEFAULT

GIVEN = "given"  # in place of views: the two columns are the positive pair as they are
STATIC = "static"  # the encoder that is trained from scratch; any other name is a transformer

STATIC_ONLY = ("block", "vocabulary", "idf_power", "lexical_weight")
TRANSFORMER_ONLY = (
    "steps", "layers", "length", "freeze", "lora", "activation_memory", "device", "precision", "weight_interpolation",
    "static_weight", "queries",
)  # fmt: skip
PRECISIONS = ("single", "mixed")
TRANSFORMER = "transformer"
QUERIES = (TRANSFORMER, STATIC)  # what encodes queries
MAX_WEIGHT = 4.0
BLOCK = 256  # as good as 512 at half of the products; more negatives than that teach hardly more
COMPONENTS_FROM = 320  # dimensions: shorter vectors are trained rows alone
PAIRS = 500_000  # seen in a run whose epochs are derived: small corpora are seen often, large ones a few times


@dataclass(frozen=True)
class Recipe:
    """The settings of a run. A setting that is None is derived from the corpus before training begins.

    Attributes:
        encoder: `static`; or a transformer, as `encoders.transformer.loading.find_encoder` takes it; or an
            architecture such as `bert`, for a small new one.
        dim: dimensions of a vector; a pretrained encoder has its own.
        batch: positive pairs per step.
        block: pairs of a batch that are contrasted with one another; a transformer's are all those of the batch.
        epochs: how often each text is seen.
        temperature: of InfoNCE.
        views: which two views of a text are a positive pair, as `views.spec.make_views` takes them.
        learning_rate: the peak, of row-wise Adagrad or of AdamW.
        vocabulary: number of subwords at most.
        idf_power: the power of log-IDF that weighs a subword before training.
        lexical_weight: length of the lexical component of a vector, where the trained one has 1; 0 for none
            (`encoders.concatenation`).
        near_duplicate: texts whose SimHashes differ in at most this many bits are no negatives for each other.
        negatives: beyond those of the batch, as `negatives.spec.negatives_spec` takes them: `queue,hard`.
        seed: of everything random.
        steps: of a transformer's run at most, whatever the epochs; 0 leaves the transformer as it is.
        layers: of a transformer that is made anew.
        length: tokens of a view that a transformer reads at most.
        freeze: lower layers of a transformer that are not trained; their states are cached.
        lora: rank of the matrices that are trained instead of a transformer's own; 0 trains those.
        activation_memory: GiB for the activations of a batch; what does not fit is encoded twice.
        device: of torch.
        precision: of a transformer's training: `single`, or `mixed` with products in bfloat16.
        weight_interpolation: the share of a pretrained encoder's own weights in the result.
        static_weight: length of a static companion's vectors, where the transformer's have 1; 0 for none.
        queries: what encodes queries: the `transformer`, or its `static` student.
    """

    encoder: str = STATIC
    dim: int | None = None
    batch: int | None = None
    block: int | None = None
    epochs: int | None = None
    temperature: float | None = None
    views: str | None = None
    learning_rate: float | None = None
    vocabulary: int | None = None
    idf_power: float | None = None
    lexical_weight: float | None = None
    near_duplicate: int | None = None
    negatives: str | None = None
    seed: int = 0
    steps: int | None = None
    layers: int | None = None
    length: int | None = None
    freeze: int | None = None
    lora: int | None = None
    activation_memory: float | None = None
    device: str | None = None
    precision: str | None = None
    weight_interpolation: float | None = None
    static_weight: float | None = None
    queries: str | None = None

    def __post_init__(self) -> None:
        if not self.encoder.strip():
            raise InputError("the encoder has no name: give static, a folder, a package or a name")
        foreign = TRANSFORMER_ONLY if self.encoder == STATIC else STATIC_ONLY
        if given := [name for name in foreign if getattr(self, name) is not None]:
            kind = "a transformer" if self.encoder == STATIC else "the static encoder"
            raise InputError(f"{given[0]} is a setting of {kind}: leave it out, or choose another --encoder")
        if self.encoder == STATIC and DROPOUT in (self.views or "").replace(" ", "").split(","):
            raise InputError(f"views {self.views}: the static encoder has no dropout, so two equal views teach nothing")
        if self.precision not in (None, *PRECISIONS):
            raise InputError(f"precision {self.precision!r} is not known: expected {' or '.join(PRECISIONS)}")
        if self.queries not in (None, *QUERIES):
            raise InputError(f"queries {self.queries!r} is not known: expected {' or '.join(QUERIES)}")
        if negatives_spec(self.negatives).guided and self.encoder == STATIC:
            raise InputError(f"negatives {self.negatives}: a guide is for transformers, and this encoder would be one")
        self._check_numbers()

    def _check_numbers(self) -> None:
        positive = ("dim", "batch", "block", "epochs", "temperature", "learning_rate", "vocabulary", "layers", "length")
        for name in (*positive, "activation_memory"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise InputError(f"{name} is {value}, expected a positive number")
        for name in ("idf_power", "lexical_weight", "static_weight"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= MAX_WEIGHT:
                raise InputError(f"{name} is {value}, expected a number from 0 to {MAX_WEIGHT:g}")
        for name in ("steps", "freeze", "lora"):
            if (getattr(self, name) or 0) < 0:
                raise InputError(f"{name} is {getattr(self, name)}, expected 0 or more")
        if self.weight_interpolation is not None and not 0 <= self.weight_interpolation < 1:
            raise InputError(
                f"weight_interpolation is {self.weight_interpolation}, expected a share from 0 to less than 1"
            )
        if self.batch == 1:
            raise InputError("batch is 1, expected at least 2: a text needs others to be contrasted with")
        if self.near_duplicate is not None and not 0 <= self.near_duplicate <= 64:
            raise InputError(f"near_duplicate is {self.near_duplicate}, expected a number of bits from 0 to 64")
        if self.seed < 0:
            raise InputError(f"seed is {self.seed}, expected 0 or more")

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Recipe":
        """From names and values.

        Raises:
            InputError: a name is unknown, or a value is out of range; a similar known name is suggested.
        """
        known = sorted(field.name for field in fields(cls))
        for name in settings:
            if name not in known:
                near = get_close_matches(name, known, 1)
                hint = f": did you mean {near[0]!r}?" if near else f"; the known ones are {', '.join(known)}"
                raise InputError(f"a recipe has no setting {name!r}{hint}")
        return cls(**{name: _fitting(name, value) for name, value in settings.items()})

    @classmethod
    def read(cls, path: Path) -> "Recipe":
        """From a TOML file.

        Raises:
            InputError: it cannot be read, is not TOML, or holds an unknown setting.
        """
        try:
            return cls.of(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{path} is no recipe: {error}") from error

    def to_toml(self) -> str:
        """As TOML, without the settings that are None."""
        settings = {name: value for name, value in asdict(self).items() if value is not None}
        return "".join(f"{name} = {_as_toml(value)}\n" for name, value in settings.items())


def _fitting(name: str, value: Any) -> Any:
    """The value, if it has the type of the setting; a whole number is accepted for a fraction."""
    kind = get_type_hints(Recipe)[name]
    kinds = get_args(kind) or (kind,)
    if (value is None and type(None) in kinds) or (str in kinds and isinstance(value, str)):
        return value
    number = not isinstance(value, bool)  # which is a number in Python
    if float in kinds and number and isinstance(value, Real):
        return float(value)
    if int in kinds and number and isinstance(value, Integral):
        return int(value)
    expected = "a string" if str in kinds else "a number" if float in kinds else "a whole number"
    raise InputError(f"{name} is {value!r}, expected {expected}")


def _as_toml(value: str | int | float) -> str:
    # A JSON string is a TOML string, except for surrogate pairs and DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


@dataclass(frozen=True)
class Settings:
    """A recipe with every setting resolved; the names are those of `Recipe`."""

    encoder: str
    dim: int
    batch: int
    epochs: int
    temperature: float
    views: str
    learning_rate: float
    vocabulary: int
    idf_power: float
    lexical_weight: float
    near_duplicate: int
    negatives: str
    seed: int
    steps: int | None = None
    layers: int | None = None
    length: int | None = None
    freeze: int = 0
    lora: int = 0
    activation_memory: float | None = None
    device: str | None = None
    precision: str | None = None
    weight_interpolation: float = 0.0
    static_weight: float = 0.0
    queries: str = TRANSFORMER
    block: int | None = None

    def plain(self) -> dict[str, Any]:
        """By name, without the settings that the encoder does not have."""
        foreign = TRANSFORMER_ONLY if self.encoder == STATIC else STATIC_ONLY
        return {name: value for name, value in asdict(self).items() if value is not None and name not in foreign}


def derived(recipe: Recipe, texts: int, *, paired: bool = False) -> Settings:
    """The recipe with every setting that is None derived from the number of texts, or pairs, to train on."""
    split = (recipe.dim or COMPONENTS_FROM) >= COMPONENTS_FROM
    chosen: dict[str, Any] = {
        "dim": 768,
        "batch": max(2, min(512, texts // 8)),
        "block": BLOCK,
        "epochs": max(2, min(30, round(PAIRS / max(1, texts)))),
        "temperature": 0.2,
        "views": GIVEN if paired else DEFAULT,
        "learning_rate": 0.2,
        "vocabulary": vocabulary_size(texts),
        "idf_power": 0.7,
        "lexical_weight": 1.2 if split else 0.0,
        "near_duplicate": DISTANCE,
        "negatives": "batch",
    }
    return Settings(**chosen | {name: value for name, value in asdict(recipe).items() if value is not None})
