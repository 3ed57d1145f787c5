"""When does an L1 penalty beat an L2 penalty? A benchmark that shows its proofs."""

from importlib import import_module
from typing import Any

__all__ = [
    "ElasticNetClassifierCV",
    "ElasticNetCountRegressorCV",
    "ElasticNetRegressorCV",
    "L1ClassifierCV",
    "L1CountRegressorCV",
    "L1RegressorCV",
    "L2ClassifierCV",
    "L2CountRegressorCV",
    "L2RegressorCV",
    "advise",
]


def __getattr__(name: str) -> Any:
    # loaded when used: the estimators and the advice import scikit-learn
    if name in __all__:
        module = "normwise.advice" if name == "advise" else "normwise.estimators"
        return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
