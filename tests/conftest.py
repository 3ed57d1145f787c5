"""What several test modules share."""

from pathlib import Path

import numpy as np
import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "workflow: runs the whole workflow; minutes, not seconds")


@pytest.fixture(scope="session")
def root() -> Path:
    """Folder of the repository."""
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def schema_file(root: Path) -> Path:
    return root / "workflow" / "schemas" / "config.schema.yaml"


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261123)
