"""A penalty and a metric of the user's, and how a test loads them for itself alone."""

import sys
import textwrap

import pytest

from normwise.analysis import columns, goals
from normwise.analysis.measure import own_metrics
from normwise.data import generated
from normwise.fitting.names import REGISTERED
from normwise.study.extensions import PREFIX, load

HALF = """
from normwise.extensions import Penalty, penalty

@penalty
class HalfLasso(Penalty):
    name, label = "half_lasso", "half of a lasso"

    def path(self, problem, alphas, tol):
        return problem.path(alphas / 2, 1.0, tol)
"""
LARGEST = """
import numpy as np
from normwise.extensions import metric

@metric(description="Largest error of a coefficient", label="largest error", margin=0.02)
def largest_error(fitted):
    if fitted.truth is None:
        return None
    return np.abs(fitted.coef - fitted.truth.coef).max(axis=-1)
"""


@pytest.fixture
def extension(tmp_path):
    """Write and load a file; what it registers is forgotten afterwards."""
    registries = (REGISTERED, own_metrics.METRICS, generated.DATASETS, goals.GOALS)
    before = [dict(registry) for registry in registries]
    metrics = list(columns.METRICS)

    def write(text, name="mine.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        load([path])
        return path

    yield write
    for registry, names in zip(registries, before, strict=True):
        registry.clear()
        registry.update(names)
    columns.METRICS[:] = metrics
    for name in [name for name in sys.modules if name.startswith(PREFIX)]:
        del sys.modules[name]
