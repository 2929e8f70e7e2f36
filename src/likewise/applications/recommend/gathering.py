"""Items and interactions as fitting takes them: numbers of items, and a history of each user."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from likewise.applications.recommend.choices import Choices
from likewise.applications.recommend.histories import Histories
from likewise.corpus.read import read
from likewise.errors import InputError

__all__ = ["gathered", "read_items"]


def read_items(source: Any, text: str | Sequence[str] | None, id: str | None) -> tuple[list[str], list[str]]:
    """Ids and texts of items.

    Raises:
        InputError: they cannot be read, there are none, a column is missing, or an id comes twice.
    """
    ids: list[str] = []
    texts: list[str] = []
    corpus = read(source, text=text, id=id)
    for batch in corpus:
        ids += batch.ids.to_pylist()
        texts += batch.texts.to_pylist()
    if not ids:
        raise InputError(f"{corpus.name} holds no items: rows with an id and a text are expected")
    if len(set(ids)) < len(ids):
        twice = next(each for number, each in enumerate(ids) if each in ids[:number])
        raise InputError(f"{corpus.name}: id {twice!r} comes twice: ids have to tell the items apart; mend one of them")
    return ids, texts


def gathered(choices: Choices, place: dict[str, int]) -> tuple[list[str], Histories, Histories]:
    """Users, what each liked and what each saw; an item that comes again stands where it came last.

    Args:
        choices: interactions, in the order of time.
        place: the number of each item; interactions with others are left out.

    Raises:
        InputError: nothing that was liked is among the items.
    """
    known = [each in place for each in choices.items]
    if not any(liked and there for liked, there in zip(choices.liked, known, strict=True)):
        raise InputError(_nothing_left(choices, sum(known)))
    seen: dict[str, dict[int, bool]] = {}
    for user, item, liked in zip(choices.users, choices.items, choices.liked.tolist(), strict=True):
        if item in place:
            of_user = seen.setdefault(user, {})
            of_user.pop(place[item], None)
            of_user[place[item]] = liked
    chosen = [np.array([item for item, good in each.items() if good], np.int32) for each in seen.values()]
    every = [np.array(list(each), np.int32) for each in seen.values()]
    return list(seen), Histories.of(chosen), Histories.of(every)


def _nothing_left(choices: Choices, known: int) -> str:
    if known:
        return f"of {known:,} interactions none has a rating that is high enough: give a lower least"
    return (
        f"none of {len(choices.users):,} interactions is with an item that there is, such as {choices.items[0]!r}: "
        "name the columns of both that hold the items' ids"
    )
