"""What several test modules share."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# the same examples in every run; compilation makes the first ones slow
settings.register_profile("normwise", deadline=None, derandomize=True, database=None)
settings.load_profile("normwise")


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
