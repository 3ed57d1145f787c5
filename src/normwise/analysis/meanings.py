"""What columns and metrics mean, for the pages that show tables.

Nothing that computes imports this module, so that other words make no rule run again.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from normwise.analysis.measure.own_metrics import METRICS

MEANINGS = Path(__file__).with_name("columns.yaml")


@cache
def _shipped() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(MEANINGS.read_text(encoding="utf-8"))
    return read


def described_tables() -> tuple[str, ...]:
    """Tables by name, in the order in which a reader meets them."""
    return tuple(_shipped()["tables"])


def column_meanings(table: str) -> dict[str, str]:
    """What the columns of a table mean, by name."""
    return dict(_shipped()["tables"][table])


def metric_meanings() -> dict[str, str]:
    """What the metrics mean, by name; those of the user's come last."""
    of_user = {name: metric.description for name, metric in METRICS.items()}
    return dict(_shipped()["metrics"]) | of_user


def meanings_digest() -> str:
    """Digest of the file of meanings, for rules whose output shows them."""
    return hashlib.sha256(MEANINGS.read_bytes()).hexdigest()[:16]
