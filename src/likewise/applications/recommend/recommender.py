"""Users and items in one space: fitted on texts and choices, asked for what a user may like next, and why."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Int

from likewise.applications.recommend.interactions import Histories, Pooling, gathered, pooling, read_choices, read_items
from likewise.applications.recommend.recommendations import Reason, Recommendation, TextSpace, encoded
from likewise.applications.recommend.towers import Towers
from likewise.applications.recommend.training import Settings, chosen_settings, trained
from likewise.errors import InputError
from likewise.training.train import load_or_train

__all__ = ["Fitted", "Recommender"]

SHRINK = 0.5  # of the root mean square length of items, in similarities
TINY = 1e-12
LABEL = 200  # characters of an item's text that are kept to be shown


@dataclass(frozen=True)
class Fitted:
    """What fitting leaves.

    Attributes:
        items: ids.
        labels: how their texts begin.
        users: ids of those who have a history.
        histories: what each of them liked, in the order of time.
        seen: what each of them had to do with, liked or not.
        texts: the vector of each item's text.
        space: from an encoder's vectors to these.
        towers: what was learned.
        settings: what it was learned with.
    """

    items: list[str]
    labels: list[str]
    users: list[str]
    histories: Histories
    seen: Histories
    texts: Float32[np.ndarray, "items text"]
    space: TextSpace
    towers: Towers
    settings: Settings


@dataclass
class Recommender:
    """Recommends items by what their texts say and by who chose them.

    An item's vector is a map of its text and a residual of its own, which is zero as long as nobody chose it; so an
    item that is new is recommended by its text. A user's vector is pooled from the items of the history, the latest
    weighing most, so it can be made of a few clicks, or of a sentence that is read as an item's text.

    Attributes:
        model: anything with `encode`, or a folder; None to train one on the items' texts.
        dim: length of the vectors of users and items, at most.
        seed: of everything random.
        progress: show on standard error how the training of a model goes.
        left_out: interactions of items without a text, which fitting left out.
    """

    model: Any = None
    dim: int = Settings.dim
    seed: int = 0
    progress: bool = False
    left_out: int = field(default=0, init=False)
    _fitted: Fitted | None = field(default=None, init=False, repr=False)

    def fit(
        self,
        items: Any,
        interactions: Any,
        *,
        text: str | Sequence[str] | None = None,
        id: str | None = None,
        user: str = "user",
        item: str = "item",
        rating: str | None = None,
        time: str | None = None,
        least: int | float | None = None,
    ) -> "Recommender":
        """Learn the space.

        Args:
            items: their texts and ids, whatever `likewise.corpus.read` takes.
            interactions: a row for each time that a user chose an item; a file or an object as above.
            text: the column of `items` with the text, or several that are joined; found if there is no doubt.
            id: the column of `items` with the ids; `id` if None.
            user: the column of `interactions` that names the user.
            item: the one that names the item.
            rating: that of a number.
            time: that of a number or a date; `timestamp` or `time` if None, or else rows are in the order of time.
            least: the rating from which on an item counts as liked; one with a lower rating is seen and no more.

        Raises:
            InputError: one of them cannot be read, is empty, or lacks a column; an id comes twice; no interaction is
                with an item that there is; or the texts are too few to train a model on.
        """
        ids, words = read_items(items, text, id)
        choices = read_choices(interactions, user=user, item=item, rating=rating, time=time, least=least)
        place = {each: number for number, each in enumerate(ids)}
        users, histories, seen = gathered(choices, place)
        self.left_out = sum(each not in place for each in choices.items)
        rng = np.random.default_rng([self.seed, len(ids)])
        self.model = load_or_train(self.model, [each for each in words if each.strip()], seed=self.seed,
                                 progress=self.progress)  # fmt: skip
        vectors = encoded(self.model, words)
        space = TextSpace.of(vectors, rng)
        texts = space(vectors)
        settings = chosen_settings(histories, texts, rng, Settings(dim=self.dim))
        towers = trained(histories, texts, settings, rng)
        labels = [" ".join(each[: 2 * LABEL].split())[:LABEL] for each in words]
        self._fitted = Fitted(ids, labels, users, histories, seen, texts, space, towers, settings)
        self._prepare()
        return self

    @property
    def fitted(self) -> Fitted:
        """What fitting left; an `InputError` before."""
        if self._fitted is None:
            raise InputError("this recommender knows nothing yet: call fit(items, interactions), or load one")
        return self._fitted

    @property
    def vectors(self) -> Float32[np.ndarray, "items dim"]:
        """The vectors of all items, in the order of `fitted.items`."""
        self.fitted  # noqa: B018  says so where there is none
        return self._vectors

    def user_vectors(self, histories: Sequence[Sequence[str]]) -> Float32[np.ndarray, "users dim"]:
        """The vectors of users who liked these items, each from the first to the latest; a product is a score.

        Raises:
            InputError: there is no such item.
        """
        known = Histories.of([self._numbers(each) for each in histories])
        pooled = pooling(known, np.arange(len(known)))
        scaled: np.ndarray = self.fitted.towers.users(pooled, self.vectors) / self.fitted.towers.temperature
        return scaled

    def recommend(
        self, user: str | int | None = None, k: int = 10, *, liked: Sequence[str] = (), text: str | None = None
    ) -> list[Recommendation]:
        """What they may like next, without what they have seen.

        Args:
            user: one that was there when the recommender was fitted.
            k: how many.
            liked: items, beside those of the user or instead: the latest last.
            text: a sentence that says what is looked for; read like the text of an item that was just chosen.

        Raises:
            InputError: the user or an item is unknown, or there is neither user, nor items, nor text.
        """
        number = None if user is None else self._user(str(user))
        if number is None and not len(liked) and not (text or "").strip():
            raise InputError("nobody to recommend to: give a user, or liked=[items], or text='what is looked for'")
        vector, history = self._asked(number, liked, text)
        scores = self.vectors @ vector / self.fitted.towers.temperature
        scores[history] = -np.inf
        if number is not None:
            scores[self.fitted.seen[number]] = -np.inf
        return self._ranked(scores, k)

    def similar(self, item: str | int, k: int = 10) -> list[Recommendation]:
        """The items nearest to one, by who chose them and by their texts.

        The cosine, less where little is known, in the space before all directions in which items differ count alike.

        Raises:
            InputError: there is no such item.
        """
        number = int(self._numbers([str(item)])[0])
        spread = self.fitted.towers.spread
        vectors = self.vectors if spread is None else self.vectors * spread
        lengths = np.linalg.norm(vectors, axis=1)
        shrunk = lengths + SHRINK * float(np.sqrt(np.mean(lengths**2))) + TINY
        scores = vectors @ vectors[number] / (shrunk * (lengths[number] + TINY))
        scores[number] = -np.inf
        return self._ranked(scores, k)

    def explain(self, user: str | int | None, item: str | int, *, liked: Sequence[str] = ()) -> list[Reason]:
        """Which items of the history pulled an item up, the strongest first; the parts add up to its score.

        Raises:
            InputError: the user or an item is unknown, or there is no history.
        """
        target = int(self._numbers([str(item)])[0])
        history = self._history(None if user is None else self._user(str(user)), liked)
        if not len(history):
            raise InputError("there is no history to explain by: give a user who chose something, or liked=[items]")
        pooled, towers = _one(history), self.fitted.towers
        weights, root = towers.pooled_weights(pooled)
        parts = weights * (self.vectors[pooled.items] @ self.vectors[target]) / (root[0] * towers.temperature)
        return [
            Reason(self.fitted.items[pooled.items[at]], float(parts[at]), float(weights[at] / weights.sum()),
                   self.fitted.labels[pooled.items[at]])
            for at in np.argsort(-parts, kind="stable")
        ]  # fmt: skip

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write a folder: what was fitted, and the model where it is one that can be kept.

        Raises:
            InputError: nothing was fitted, or `path` exists and `overwrite` is false.
        """
        from likewise.applications.recommend.folder import write

        write(self.fitted, self.model, self.dim, Path(path), overwrite=overwrite)

    @classmethod
    def load(cls, path: str | os.PathLike[str], model: Any = None) -> "Recommender":
        """Read a folder that `save` wrote.

        Args:
            path: the folder.
            model: what it was fitted with, where it does not hold it.

        Raises:
            InputError: it is no such folder, it is damaged, or the model is another one.
        """
        from likewise.applications.recommend.folder import read_folder

        fitted, found, dim = read_folder(Path(path), model)
        loaded = cls(found, dim)
        loaded._fitted = fitted
        loaded._prepare()
        return loaded

    def _prepare(self) -> None:
        fitted = self.fitted
        self._vectors = fitted.towers.items(fitted.texts)
        self._new = np.bincount(fitted.histories.items, minlength=len(fitted.items)) == 0
        self._item_numbers = {each: number for number, each in enumerate(fitted.items)}
        self._user_numbers = {each: number for number, each in enumerate(fitted.users)}

    def _asked(
        self, user: int | None, liked: Sequence[str], text: str | None
    ) -> tuple[Float32[np.ndarray, " dim"], Int[np.ndarray, " chosen"]]:
        """The vector of whoever asks, and what they chose."""
        history, towers = self._history(user, liked), self.fitted.towers
        if text is None or not text.strip():
            if not len(history):
                raise InputError("this user liked nothing so far: give liked=[items], or text='what is looked for'")
            return towers.users(_one(history), self.vectors)[0], history
        said = self.fitted.space(encoded(self.model, [text])) @ towers.texts_map
        # The sentence stands at the end of the history, as an item that nobody else chose.
        longer = np.append(history, len(self.fitted.items))
        return towers.users(_one(longer), np.concatenate([self.vectors, said]))[0], history

    def _history(self, user: int | None, liked: Sequence[str]) -> Int[np.ndarray, " chosen"]:
        """What a user chose and what is added; what comes twice stands where it came last."""
        own = np.zeros(0, np.int64) if user is None else self.fitted.histories[user].astype(np.int64)
        both = np.concatenate([own, self._numbers(liked)])
        return np.array(list(dict.fromkeys(both[::-1].tolist()))[::-1], np.int64)

    def _user(self, user: str) -> int:
        self.fitted  # noqa: B018  says so where there is none
        if user not in self._user_numbers:
            raise InputError(_unknown("user", user, self.fitted.users) + "; a new one needs liked items or a text")
        return self._user_numbers[user]

    def _numbers(self, items: Sequence[str]) -> Int[np.ndarray, " chosen"]:
        self.fitted  # noqa: B018  says so where there is none
        for each in items:
            if str(each) not in self._item_numbers:
                raise InputError(_unknown("item", str(each), self.fitted.items))
        return np.array([self._item_numbers[str(each)] for each in items], np.int64)

    def _ranked(self, scores: Float32[np.ndarray, " items"], k: int) -> list[Recommendation]:
        if k < 1:
            raise InputError(f"k is {k}, expected a number of items from 1 on")
        order = np.argsort(-scores, kind="stable")[:k]
        fitted = self.fitted
        return [
            Recommendation(rank, fitted.items[at], float(scores[at]), fitted.labels[at], bool(self._new[at]))
            for rank, at in enumerate(order.tolist(), 1)
            if np.isfinite(scores[at])
        ]


def _one(history: Int[np.ndarray, " chosen"]) -> Pooling:
    return pooling(Histories.of([history]), np.zeros(1, np.int64))


def _unknown(what: str, given: str, known: Sequence[str]) -> str:
    near = get_close_matches(given, known[:10_000], n=1)
    return f"there is no {what} {given!r} among {len(known):,}" + (f" (did you mean {near[0]!r}?)" if near else "")
