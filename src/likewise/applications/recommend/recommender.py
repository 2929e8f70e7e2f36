"""The recommender: fitted on texts of items and on interactions, it ranks items for a user and explains the ranking."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from sklearn.exceptions import NotFittedError

from likewise.applications.recommend.ease import (
    Ease,
    EaseSettings,
    TextProjection,
    choose_settings,
    encode_texts,
    factorize,
)
from likewise.applications.recommend.interactions import Histories, build_histories, read_interactions, read_items
from likewise.applications.recommend.recommendation import (
    Reason,
    Recommendation,
    Recommendations,
    WordEffect,
    word_effects,
)
from likewise.arrays import Float32, Int
from likewise.atomic import refuse_existing, refuse_other, replacing_folder
from likewise.corpus.values import id_text
from likewise.errors import InputError
from likewise.model.embedder import Identity
from likewise.model.load import load_stored, store_embedder
from likewise.notebook import table
from likewise.training.train import load_or_train

SHRINKAGE = 0.5  # added to lengths in similarities, as a share of the root mean square length of all items
TINY = 1e-12
SNIPPET = 200  # characters of the text of an item that are kept for display
RECORD, ARRAYS, IDS = "recommender.json", "recommender.safetensors", "ids.json"
FORMAT = 2


@dataclass(frozen=True)
class RecommenderState:
    """What fitting a recommender learns.

    Attributes:
        item_ids: of all items.
        snippets: the beginning of the text of each item.
        user_ids: of all users with interactions.
        histories: the items that each user liked, in order of time.
        seen: all items of each user, liked or not.
        texts: projected text vector of each item.
        projection: from vectors of the encoder to these.
        ease: the fitted model.
        settings: of the model.
    """

    item_ids: list[str]
    snippets: list[str]
    user_ids: list[str]
    histories: Histories
    seen: Histories
    texts: Float32[np.ndarray, "items text"]
    projection: TextProjection
    ease: Ease
    settings: EaseSettings


class Recommender:
    """Recommends items by their texts and by who chose them, with EASE in closed form.

    The vector of an item is a linear map of its text plus a residual, which is zero for an item that nobody chose, so
    new items are recommended by their texts. The vector of a user is a weighted sum over the items of the history,
    recent ones weighing most unless a new item is scored, so it exists for a new user after a few clicks, or for a
    sentence read as the text of an item.

    Parameters:
        model: an encoder with `encode(texts)`, or a model folder; None trains a static model on the texts of the items.
        dim: largest length of the vectors of users and items.
        seed: of all randomness.
        progress: show on standard error how the training of a model goes.

    Attributes:
        encoder_: the encoder of texts.
        state_: what was learned: ids, histories and the fitted EASE.
        item_vectors_: (items, dim), in the order of `state_.item_ids`.
        skipped_interactions_: number of interactions with unknown items, which `fit` skipped.
    """

    def __init__(
        self, model: Any = None, *, dim: int = EaseSettings.dim, seed: int = 0, progress: bool = False
    ) -> None:
        self.model = model
        self.dim = dim
        self.seed = seed
        self.progress = progress

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
        min_rating: int | float | None = None,
        **reading: Any,
    ) -> "Recommender":
        """Fit EASE on the texts of items and on interactions.

        Args:
            items: ids and texts, anything that `likewise.corpus.read` takes.
            interactions: a row for each time that a user chose an item; a file or an object as above.
            text: column of `items` with the text, or several that are joined; found if unambiguous.
            id: column of `items` with the ids; `id` if None.
            user: column of `interactions` with user ids.
            item: column of `interactions` with item ids.
            rating: column of `interactions` with ratings; `rating` if None and `min_rating` is given.
            time: column of `interactions` with numbers or dates; if None, `timestamp` or `time`, or else row order.
            min_rating: lowest rating that counts as liked; items with a lower one are only excluded.
            **reading: `encoding`, `header` and `on_error` of `likewise.corpus.read`, for both inputs.

        Raises:
            InputError: an input cannot be read, is empty, or lacks a column; an id occurs twice; no interaction is with
                a known item; or there are too few texts to train a model on.
        """
        ids, texts = read_items(items, text, id, **reading)
        read = read_interactions(
            interactions, user=user, item=item, rating=rating, time=time, min_rating=min_rating, **reading
        )
        numbers = {each: number for number, each in enumerate(ids)}
        users, histories, seen = build_histories(read, numbers)
        self.skipped_interactions_ = sum(each not in numbers for each in read.items)
        rng = np.random.default_rng([self.seed, len(ids)])
        self.encoder_ = load_or_train(
            self.model, [each for each in texts if each.strip()], seed=self.seed, progress=self.progress
        )
        vectors = encode_texts(self.encoder_, texts)
        projection = TextProjection.fit(vectors, rng)
        projected = projection.transform(vectors)
        settings = choose_settings(histories, projected, EaseSettings(dim=self.dim), rng)
        factors = factorize(histories.matrix(len(ids)), projected, settings.dim, settings.text_weight)
        snippets = [_snippet(each) for each in texts]
        self._set_state(
            RecommenderState(
                ids, snippets, users, histories, seen, projected, projection, factors.shrink(settings), settings
            )
        )
        return self

    def scores(self, histories: Sequence[Sequence[str]]) -> Float32[np.ndarray, "users items"]:
        """Score all items for users, given the ids of the items that each of them liked, the latest last.

        Raises:
            InputError: an item is unknown.
        """
        self._check_fitted()
        known = Histories.of([self._item_numbers(each) for each in histories])
        return self.state_.ease.scores(known, self.item_vectors_, self.item_vectors_, self._new)

    def recommend(
        self, user: str | int | None = None, k: int = 10, *, liked: Sequence[str] = (), text: str | None = None
    ) -> Recommendations:
        """Rank the items that a user has not seen.

        Args:
            user: id of a user with interactions.
            k: number of items.
            liked: ids of items, in addition to those of the user or instead of them; the latest last.
            text: a sentence, read as the text of an item that was just chosen.

        Raises:
            InputError: the user or an item is unknown, or neither user nor items nor text are given.
        """
        self._check_fitted()
        number = None if user is None else self._user_number(_id(user))
        if number is None and not len(liked) and not (text or "").strip():
            raise InputError('no user to recommend to: give a user, liked=[items], or text="a sentence"')
        history = self._history(number, liked)
        scores = self._scores(history, text)
        scores[history] = -np.inf
        if number is not None:
            scores[self.state_.seen[number]] = -np.inf
        return self._ranked(scores, k)

    def similar(self, item: str | int, k: int = 10) -> Recommendations:
        """Rank the items that are most similar to one, by who chose them and by their texts.

        The score is the cosine before the directions were shrunk, with lengths enlarged, so that items with few
        interactions score lower.

        Raises:
            InputError: the item is unknown.
        """
        self._check_fitted()
        number = int(self._item_numbers([item])[0])
        vectors = self.item_vectors_ * self.state_.ease.spread
        lengths = np.linalg.norm(vectors, axis=1)
        enlarged = lengths + SHRINKAGE * float(np.sqrt(np.mean(lengths**2))) + TINY
        scores = vectors @ vectors[number] / (enlarged * (lengths[number] + TINY))
        scores[number] = -np.inf
        return self._ranked(scores, k)

    def explain(
        self, user: str | int | None, item: str | int, *, liked: Sequence[str] = (), text: str | None = None
    ) -> list[Reason]:
        """Split the score of an item into the contributions of the items of the history, the largest first.

        A text counts as an item that was chosen last, as in `recommend`; its reason has no item.

        Raises:
            InputError: the user or an item is unknown, or there is neither a history nor a text.
        """
        self._check_fitted()
        target = int(self._item_numbers([item])[0])
        history = self._history(None if user is None else self._user_number(_id(user)), liked).tolist()
        rows = self._history_vectors(history, text)
        if not len(rows):
            raise InputError(
                'no history to explain by: give a user with liked items, liked=[items], or text="a sentence"'
            )
        places = Histories.of([np.arange(len(rows))])
        weights = self.state_.ease.history_weights(places, for_new=bool(self._new[target]))
        parts = weights * (rows @ self.item_vectors_[target])
        ids: list[str | None] = [*(self.state_.item_ids[at] for at in history), None]
        texts = [*(self.state_.snippets[at] for at in history), _snippet(text or "")]
        return [
            Reason(ids[at], float(parts[at]), float(weights[at] / weights.sum()), texts[at])
            for at in np.argsort(-parts, kind="stable").tolist()
        ]

    def word_effects(self, text: str, items: Sequence[str | int]) -> list[list[WordEffect]]:
        """Compute by how much the words of a text raise the score of each item, the largest effect first.

        Raises:
            InputError: an item is unknown.
        """
        self._check_fitted()
        targets = self.item_vectors_[self._item_numbers(items)]
        return word_effects(lambda texts: self._text_vectors(texts) @ targets.T, text)

    def _repr_html_(self) -> str:
        """Show itself in a notebook."""
        fitted = hasattr(self, "state_")
        sizes = {"items": len(self.state_.item_ids), "users": len(self.state_.user_ids)} if fitted else {}
        return table("Recommender", {"fitted": fitted, **sizes})

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write a folder with what was learned, and with the encoder if it can be saved.

        Raises:
            InputError: `path` exists and `overwrite` is false, or it is not a recommender.
        """
        self._check_fitted()
        path, state = Path(path), self.state_
        refuse_existing(path, overwrite=overwrite)
        refuse_other(path, RECORD, "no recommender")
        arrays = {
            "text_map": state.ease.text_map, "residuals": state.ease.residuals, "spread": state.ease.spread,
            "texts": state.texts, "mean": state.projection.mean, "components": state.projection.components,
            "liked_items": state.histories.items, "liked_offsets": state.histories.offsets,
            "seen_items": state.seen.items, "seen_offsets": state.seen.offsets,
        }  # fmt: skip
        ids = {"items": state.item_ids, "snippets": state.snippets, "users": state.user_ids}
        with replacing_folder(path, overwrite=overwrite) as folder:
            encoder = store_embedder(self.encoder_, folder).plain()
            record = {"format": FORMAT, "settings": asdict(state.settings), "encoder": encoder}
            save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / ARRAYS)
            (folder / IDS).write_text(json.dumps(ids, ensure_ascii=False), encoding="utf-8")
            (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | os.PathLike[str], model: Any = None) -> "Recommender":
        """Read a folder that `save` wrote.

        Args:
            path: the folder.
            model: the encoder, if the folder does not hold it.

        Raises:
            InputError: the folder is not a recommender or is damaged, or the model is missing or another one.
        """
        path = Path(path)
        if not (path / RECORD).is_file():
            raise InputError(f"{path} is not a recommender: create one with likewise recommend fit")
        try:
            record = json.loads((path / RECORD).read_text(encoding="utf-8"))
            if (version := record["format"]) != FORMAT:
                raise InputError(f"{path} has format {version}, this version reads format {FORMAT}: fit it again")
            ids = json.loads((path / IDS).read_text(encoding="utf-8"))
            arrays = load_file(path / ARRAYS)
            settings = EaseSettings(**record["settings"])
            state = RecommenderState(
                ids["items"], ids["snippets"], ids["users"],
                Histories(arrays["liked_items"], arrays["liked_offsets"]),
                Histories(arrays["seen_items"], arrays["seen_offsets"]),
                arrays["texts"], TextProjection(arrays["mean"], arrays["components"]),
                Ease(arrays["text_map"], arrays["residuals"], arrays["spread"], settings.recency_exponent),
                settings,
            )  # fmt: skip
            identity = Identity.of_plain(record["encoder"])
        except InputError:
            raise
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise InputError(f"{path} is damaged ({type(error).__name__}): restore it, or fit it again") from error
        loaded = cls(load_stored(path, identity, model), dim=state.settings.dim)
        loaded.encoder_ = loaded.model
        loaded._set_state(state)
        return loaded

    def _set_state(self, state: RecommenderState) -> None:
        self.state_ = state
        self.item_vectors_ = state.ease.item_vectors(state.texts)
        self._new = np.bincount(state.histories.items, minlength=len(state.item_ids)) == 0
        self._number_of_item = {each: number for number, each in enumerate(state.item_ids)}
        self._number_of_user = {each: number for number, each in enumerate(state.user_ids)}

    def _check_fitted(self) -> None:
        if not hasattr(self, "state_"):
            raise NotFittedError("this recommender is not fitted: call fit(items, interactions), or load one")

    def _scores(self, history: Int[np.ndarray, " history"], text: str | None) -> Float32[np.ndarray, " items"]:
        """Score all items for a history, with a text as an item that was chosen last."""
        rows = self._history_vectors(history.tolist(), text)
        if not len(rows):
            raise InputError('this user has not liked any item yet: give liked=[items], or text="a sentence"')
        places = Histories.of([np.arange(len(rows))])
        scores: np.ndarray = self.state_.ease.scores(places, rows, self.item_vectors_, self._new)[0]
        return scores

    def _history_vectors(self, history: list[int], text: str | None) -> Float32[np.ndarray, "history dim"]:
        """Vectors of the items of a history, and of a text behind them."""
        rows = self.item_vectors_[history]
        return np.concatenate([rows, self._text_vectors([text])]) if text is not None and text.strip() else rows

    def _text_vectors(self, texts: list[str]) -> Float32[np.ndarray, "texts dim"]:
        """Vectors of texts as those of items that nobody chose."""
        projected = self.state_.projection.transform(encode_texts(self.encoder_, texts))
        vectors: np.ndarray = projected @ self.state_.ease.text_map
        return vectors

    def _history(self, user: int | None, liked: Sequence[str]) -> Int[np.ndarray, " history"]:
        """Append items to the history of a user; an item that occurs twice keeps its latest place."""
        known = [] if user is None else self.state_.histories[user].tolist()
        both = [*known, *self._item_numbers(liked).tolist()]
        return np.array(list(dict.fromkeys(both[::-1]))[::-1], np.int64)

    def _user_number(self, user: str) -> int:
        if user not in self._number_of_user:
            raise InputError(_unknown("user", user, self.state_.user_ids) + "; a new one needs liked items or a text")
        return self._number_of_user[user]

    def _item_numbers(self, items: Sequence[str | int]) -> Int[np.ndarray, " numbers"]:
        ids = [_id(each) for each in items]
        for each in ids:
            if each not in self._number_of_item:
                raise InputError(_unknown("item", each, self.state_.item_ids))
        return np.array([self._number_of_item[each] for each in ids], np.int64)

    def _ranked(self, scores: Float32[np.ndarray, " items"], k: int) -> Recommendations:
        if k < 1:
            raise InputError(f"k is {k}, expected at least 1")
        ids, snippets = self.state_.item_ids, self.state_.snippets
        order = np.argsort(-scores, kind="stable")[:k]
        return Recommendations(
            Recommendation(rank, ids[at], float(scores[at]), snippets[at], bool(self._new[at]))
            for rank, at in enumerate(order.tolist(), 1)
            if np.isfinite(scores[at])
        )


def _id(given: str | int) -> str:
    try:
        return id_text(given)
    except ValueError as error:
        raise InputError(f"the id of a user or an item {error}") from None


def _snippet(text: str) -> str:
    return " ".join(text[: 2 * SNIPPET].split())[:SNIPPET]


def _unknown(kind: str, given: str, known: Sequence[str]) -> str:
    near = get_close_matches(given, known[:10_000], n=1)
    return f"there is no {kind} {given!r} among {len(known):,}" + (f" (did you mean {near[0]!r}?)" if near else "")
