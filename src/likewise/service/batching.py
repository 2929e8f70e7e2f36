"""Micro-batching: requests that arrive while the processor is busy become one call.

Nobody waits for others to arrive: a call begins as soon as the one before has ended, with all that came meanwhile. So a
single client has no delay, and the more clients there are, the larger are the batches.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar

from likewise.service.problems import busy

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batcher(Generic[Item, Result]):
    """Collects items and processes them together, in another thread.

    Args:
        run: takes items and returns one result for each; what it raises, all of them get.
        executor: whose threads run it, one batch at a time.
        max_weight: of a batch; a heavier item is a batch by itself.
        max_waiting: items that may wait; one more is refused with 429.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Sequence[Result]],
        executor: Executor,
        *,
        max_weight: int,
        max_waiting: int,
    ) -> None:
        self._run, self._executor, self._max_weight, self._max_waiting = run, executor, max_weight, max_waiting
        self._waiting: deque[tuple[Item, int, asyncio.Future[Result]]] = deque()
        self._pump: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    async def submit(self, item: Item, weight: int = 1) -> Result:
        """Process an item.

        Args:
            item: what `run` takes.
            weight: of it, such as a number of texts.

        Raises:
            Problem: too many items are waiting.
        """
        if len(self._waiting) >= self._max_waiting:
            raise busy()
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, weight, future))
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._work())
        return await future

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while batch := self._take():
            try:
                results = await loop.run_in_executor(self._executor, self._run, [item for item, _ in batch])
                for (_, future), result in zip(batch, results, strict=True):
                    if not future.done():
                        future.set_result(result)
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)

    def _take(self) -> list[tuple[Item, asyncio.Future[Result]]]:
        """Return the next batch; items whose client has gone are left out."""
        batch: list[tuple[Item, asyncio.Future[Result]]] = []
        total = 0
        while self._waiting:
            item, weight, future = self._waiting[0]
            if batch and total + weight > self._max_weight:
                break
            self._waiting.popleft()
            if not future.done():
                batch.append((item, future))
                total += weight
        return batch
