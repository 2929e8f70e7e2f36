"""Where settings are tried: one corpus, tokenised once for each size of the vocabulary, under any settings."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from likewise.atomic import replacing_file
from likewise.errors import InputError
from likewise.tokens.vocabulary import vocabulary_size
from likewise.training.candidates import open_settings
from likewise.training.dataset import Examples
from likewise.training.prepare import Prepared, tokenised
from likewise.training.progress import silent, unwatched
from likewise.training.reading import Reading
from likewise.training.recipe import Recipe, Settings, derived
from likewise.training.rewriting import ProgressBar, with_rewritten
from likewise.training.tune import Tuned, tune

__all__ = ["Bench"]

BEGUN, CHOSEN = "settings.json", "tuning.json"


class Bench:
    """A corpus that was read, and what is made of it on the way to a model.

    Args:
        reading: the corpus.
        work: a folder for its ids, and for what was chosen.
        recipe: what the user asked for.
        log: told of each stage.
        progress_bar: shows how far the rewriting of texts is.
        resume: go on with what an earlier run left in `work`.
    """

    def __init__(
        self,
        reading: Reading,
        work: Path,
        recipe: Recipe,
        log: Callable[[str], None],
        *,
        progress_bar: ProgressBar = unwatched,
        resume: bool = False,
    ) -> None:
        self._reading, self._work, self._recipe, self._tell, self._resume = reading, work, recipe, log, resume
        self._meter = progress_bar
        self._size = recipe.vocabulary or vocabulary_size(reading.kept)
        self._prepared: dict[int, Prepared] = {}
        self._examples: dict[int, Examples] = {}

    def prepared(self, vocabulary: int) -> Prepared:
        """The corpus as ids of a vocabulary of at most so many pieces."""
        if vocabulary not in self._prepared:
            first = vocabulary == self._size
            place = self._work if first else self._work / f"vocabulary-{vocabulary}"
            log = self._tell if first else silent
            prepared = tokenised(self._reading, place, vocabulary, log=log, resume=self._resume)
            self._prepared[vocabulary] = with_rewritten(
                prepared, self._reading, self._recipe.views, work=self._work, ids=place, seed=self._recipe.seed,
                progress_bar=self._meter, resume=self._resume,
            )  # fmt: skip
        return self._prepared[vocabulary]

    def examples(self, settings: Settings) -> Examples:
        """The corpus under some settings."""
        if settings.vocabulary not in self._examples:
            self._examples[settings.vocabulary] = Examples(self.prepared(settings.vocabulary), settings)
        return self._examples[settings.vocabulary].under(settings)

    def under(self, settings: Settings) -> tuple[Prepared, Examples]:
        """Both, and the end of trying: the texts themselves are no longer needed."""
        both = self.prepared(settings.vocabulary), self.examples(settings)
        self._reading.close()
        return both

    def chosen(self, effort: str | None) -> Tuned:
        """The settings to train with: derived from the corpus, and tuned.

        Args:
            effort: how much is tried, None for nothing.

        Raises:
            InputError: a run is to go on under other settings than it began with.
        """
        first = self.prepared(self._size)
        start = derived(self._recipe, first.facts.texts, paired=first.pairs is not None)
        start = replace(start, vocabulary=self._size)
        self._agree({**asdict(start), "effort": effort})
        kept = self._work / CHOSEN
        if self._resume and kept.exists():
            before = json.loads(kept.read_text(encoding="utf-8"))
            return Tuned(Settings(**before["settings"]), before["record"])
        names = open_settings(asdict(self._recipe)) if effort else []
        tuned = tune(start, names, self.examples, effort, self._tell) if effort and names else Tuned(start, {})
        with replacing_file(kept) as temporary:
            temporary.write_text(json.dumps(asdict(tuned)), encoding="utf-8")
        return tuned

    def _agree(self, now: dict[str, object]) -> None:
        """A run goes on under the settings that it began with."""
        kept = self._work / BEGUN
        if self._resume and kept.exists():
            before = json.loads(kept.read_text(encoding="utf-8"))
            changed = [
                f"{name} was {before.get(name)}, now {value}"
                for name, value in now.items()
                if before.get(name) != value
            ]
            if changed:
                raise InputError(f"the run to resume had other settings ({'; '.join(changed)}): resume with those")
        with replacing_file(kept) as temporary:
            temporary.write_text(json.dumps(now), encoding="utf-8")
