"""Work that is shared between threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()


def in_threads(function: Callable[..., Any], tasks: Iterable[Any], n_jobs: int | None) -> list[Any]:
    """Results of tasks, in their order.

    The linear algebra of a task has one thread, so that no result depends on the number of cores.
    """
    with _libraries().limit(limits=1, user_api="blas"):
        if n_jobs == 1:
            return [function(task) for task in tasks]
        # loaded when used
        from joblib import Parallel, delayed

        return list(
            Parallel(n_jobs=n_jobs, prefer="threads")(delayed(function)(task) for task in tasks)
        )
