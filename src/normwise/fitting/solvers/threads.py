"""Work that is shared between threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

# numbers in a chunk of rows, which stays in a cache, and the fewest rows that make a product worth
# its while
CHUNK = 2**17
FEWEST = 512


@cache
def _libraries() -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def in_threads(function: Callable[..., Any], tasks: Iterable[Any], n_jobs: int | None) -> list[Any]:
    """Results of tasks, in their order.

    The linear algebra of a task has one thread, so that no result depends on the number of cores.
    """
    with _libraries().limit(limits=1, user_api="blas"):
        if n_jobs == 1:
            return [function(task) for task in tasks]
        # loaded when used
        from concurrent.futures import ThreadPoolExecutor

        from joblib import effective_n_jobs

        # a task can be as short as a tenth of a millisecond, which is what `joblib.Parallel` takes
        # to hand it out
        with ThreadPoolExecutor(effective_n_jobs(n_jobs)) as pool:
            return list(pool.map(function, tasks))


def chunks(n_rows: int, n_columns: int) -> list[slice]:
    """Rows in parts that fit into a cache."""
    size = max(CHUNK // n_columns, FEWEST)
    return [slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size)]
