"""Scenarios in which the right verdict is known."""

from __future__ import annotations

from normwise.data.scenario import Scenario

# small enough for thousands of fits, on both sides of the boundary between the penalties
CELLS = {
    "none_matters": Scenario(n_samples=40, n_features=20, n_nonzero=0),
    "one_matters": Scenario(n_samples=40, n_features=20, n_nonzero=1, snr=1.0),
    "some_matter": Scenario(n_samples=40, n_features=20, n_nonzero=3, snr=1.0),
    "all_matter": Scenario(n_samples=40, n_features=20, n_nonzero=20, snr=1.0),
}
