"""Penalties, metrics and data sets from Python files of the user's.

The config lists the files under ``extensions``; what they register by the decorators here is then
known by its name, like what the package ships.
"""

from __future__ import annotations

from normwise.analysis.measure.own_metrics import Fitted, metric
from normwise.data.generated import dataset
from normwise.fitting.names import register as penalty
from normwise.fitting.penalty import Penalty

__all__ = ["Fitted", "Penalty", "dataset", "metric", "penalty"]
