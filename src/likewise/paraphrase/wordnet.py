"""Where WordNet is found on this machine, and how it is opened; nothing is downloaded."""

import hashlib
import os
import shutil
import warnings
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from likewise.atomic import replacing_folder
from likewise.errors import InputError

__all__ = ["open_wordnet"]

SYSTEM = Path("/usr/share/wordnet")  # where the Debian package wordnet-base puts it

PARTS_OF_SPEECH = ("noun", "verb", "adj", "adv")

# NLTK wants a file with the names of the lexicographers' files, by their numbers. Debian leaves it out.
LEXICOGRAPHERS = {
    "adj": ("all", "pert"),
    "adv": ("all",),
    "noun": (
        "Tops", "act", "animal", "artifact", "attribute", "body", "cognition", "communication", "event", "feeling",
        "food", "group", "location", "motive", "object", "person", "phenomenon", "plant", "possession", "process",
        "quantity", "relation", "shape", "state", "substance", "time",
    ),
    "verb": (
        "body", "change", "cognition", "communication", "competition", "consumption", "contact", "creation", "emotion",
        "motion", "perception", "possession", "social", "stative", "weather",
    ),
}  # fmt: skip

MISSING = "WordNet is not on this machine: run `python -m nltk.downloader wordnet`, or `apt install wordnet-base`"


def open_wordnet(*, system: Path = SYSTEM, cache: Path | None = None) -> Any:
    """NLTK's reader of WordNet, from the data of NLTK or else from the files of the system.

    Args:
        system: the folder of the system's WordNet.
        cache: where a copy of the system's WordNet is kept that NLTK can open; `likewise` in the user's cache folder
            if None.

    Returns:
        An `nltk.corpus.reader.wordnet.WordNetCorpusReader`.

    Raises:
        InputError: NLTK or WordNet is not installed, or the copy cannot be written.
    """
    try:
        import nltk
    except ModuleNotFoundError:
        raise InputError("synonyms need NLTK: pip install 'likewise[paraphrase]'") from None
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    place = _installed()
    if place is None:
        if not (system / "data.noun").is_file():
            raise InputError(MISSING)
        copy = _copied(system, _cache_folder() if cache is None else cache)
        # NLTK opens only what lies below the folders it knows. Ours comes last, so that it stands before nothing.
        nltk.data.path.append(str(copy))
        place = nltk.data.find("corpora/wordnet", [str(copy)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that there are no other languages, which nobody asked for
        reader = WordNetCorpusReader(place, None)
    # It never closes the files that it looks synsets up in, and Python would complain of each.
    weakref.finalize(reader, _close, getattr(reader, "_data_file_map", {}))
    return reader


def _close(files: Mapping[str, Any]) -> None:
    for file in files.values():
        file.close()


def _installed() -> Any:
    """Where the data of NLTK has WordNet, unpacked or not, or None."""
    import nltk

    for name in ("corpora/wordnet", "corpora/wordnet.zip/wordnet/"):
        try:
            return nltk.data.find(name)
        except LookupError:
            continue
    return None


def _copied(system: Path, cache: Path) -> Path:
    """A folder of NLTK data with a copy of the system's WordNet: NLTK follows no links and wants two files more."""
    files = sorted(path for path in system.iterdir() if path.is_file())
    told = "".join(f"{path.name} {path.stat().st_size}\n" for path in files)
    folder = cache / f"wordnet-{hashlib.sha256(told.encode()).hexdigest()[:12]}"
    if not folder.is_dir():
        with replacing_folder(folder) as beside:
            corpus = beside / "corpora" / "wordnet"
            corpus.mkdir(parents=True)
            for path in files:
                shutil.copyfile(path, corpus / path.name)
            names = [f"{kind}.{name}" for kind in ("adj", "adv", "noun", "verb") for name in LEXICOGRAPHERS[kind]]
            numbered = "".join(
                f"{number:02d}\t{name}\t{PARTS_OF_SPEECH.index(name.partition('.')[0]) + 1}\n"
                for number, name in enumerate([*names, "adj.ppl"])
            )
            (corpus / "lexnames").write_text(numbered, encoding="ascii")
            for name in (*(f"{kind}.exc" for kind in PARTS_OF_SPEECH), "cntlist.rev", "index.sense"):
                (corpus / name).touch()
    return folder


def _cache_folder() -> Path:
    given = os.environ.get("XDG_CACHE_HOME", "")
    # The standard says that a path which is not absolute is to be ignored.
    return (Path(given) if Path(given).is_absolute() else Path.home() / ".cache") / "likewise"
