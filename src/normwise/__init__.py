"""When does an L1 penalty beat an L2 penalty? A benchmark that shows its proofs."""

from importlib import import_module
from typing import Any

__all__ = [
    "ElasticNetRegressorCV",
    "L1ClassifierCV",
    "L1RegressorCV",
    "L2ClassifierCV",
    "L2RegressorCV",
]


def __getattr__(name: str) -> Any:
    # loaded when used: the estimators import scikit-learn
    if name in __all__:
        return getattr(import_module("normwise.estimators"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
