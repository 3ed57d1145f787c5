"""The worked cases seen closely: the very draws and coefficients of the study."""

import numpy as np
import pytest

from normwise.analysis.columns import check_table
from normwise.analysis.measure.worked_case import REPLICATES, ROWS, illustrate
from normwise.data.population import draw, population
from normwise.data.scenario import expand_grid
from normwise.data.simulated import write_simulated
from normwise.files.arrays import load_arrays, save_arrays
from normwise.fitting.fit_job import FitOptions, fit_file
from normwise.study.config import check_config

SEED, COUNT, FIRST = 11, 14, 5
PENALTIES = ("none", "l1", "l2")
OPTIONS = FitOptions(seed=SEED, n_folds=3, n_alphas=12, l1_ratio=0.5, tolerance=1e-6)
CONFIG = {
    "replicates": COUNT,
    "datasets": [
        # more rows than are shown in one scenario, fewer in the other
        {"name": "wide", "n_samples": [40, 80], "n_features": 12, "n_nonzero": 3, "snr": 2.0}
    ],
}


@pytest.fixture(scope="module")
def case(tmp_path_factory, schema_file):
    """A data set in two chunks, its fits, and what is seen of them."""
    folder = tmp_path_factory.mktemp("case")
    (dataset,) = check_config(CONFIG, schema_file, "test")["datasets"]
    fits = {penalty: [] for penalty in PENALTIES}
    for i, (start, stop) in enumerate([(0, FIRST), (FIRST, COUNT)]):
        data = folder / f"{i}.npz"
        write_simulated(data, expand_grid(dataset), start, stop, SEED)
        for penalty in PENALTIES:
            fits[penalty].append(folder / f"{penalty}_{i}.npz")
            fit_file(data, fits[penalty][-1], "wide", penalty, OPTIONS, 1)
    return dataset, fits, illustrate(dataset, fits, SEED)


def test_tables_are_as_described(case):
    _, _, tables = case
    assert set(tables) == {"draws", "examples"}
    for name, frame in tables.items():
        check_table(frame, name)


def test_draws_are_the_first_data_set_of_each_scenario(case):
    dataset, _, tables = case
    scenarios = expand_grid(dataset)
    assert len(scenarios) == 2
    for scenario in scenarios:
        own = tables["draws"].query("scenario == @scenario.id")
        X = draw(scenario, SEED, 0)[0]
        shown = own.pivot(index="row", columns="feature", values="value")
        assert shown.shape == (min(ROWS, scenario.n_samples), 12)
        np.testing.assert_array_equal(shown.to_numpy(), X[:ROWS].astype(float))
    assert np.abs(tables["draws"]["value"]).max() > 1


def test_examples_are_the_coefficients_of_the_fits(case):
    dataset, fits, tables = case
    examples = tables["examples"]
    assert set(examples["penalty"]) == {"l1", "l2"}
    for i, scenario in enumerate(expand_grid(dataset)):
        truth = population(scenario, SEED)
        for penalty in ("l1", "l2"):
            # cv_min comes first of the choices
            stored = []
            for path in fits[penalty]:
                with np.load(path) as file:
                    assert not file[f"failed.{i}"].any()
                    stored.append(file[f"coef.{i}"][:, 0])
            own = examples.query("scenario == @scenario.id and penalty == @penalty")
            shown = own.pivot(index="replicate", columns="feature", values="coef")
            assert shown.index.tolist() == list(range(REPLICATES))
            np.testing.assert_array_equal(shown.to_numpy(), np.concatenate(stored)[:REPLICATES])
            true = own.pivot(index="replicate", columns="feature", values="true_coef").to_numpy()
            np.testing.assert_allclose(true, np.tile(truth.coef, (REPLICATES, 1)))
    zeros = examples.assign(zero=examples["coef"] == 0).groupby("penalty")["zero"].mean()
    assert zeros["l1"] > 0 == zeros["l2"]


def test_a_failed_fit_is_no_example(case, tmp_path):
    dataset, fits, tables = case
    before = tables["examples"].query("penalty == 'l1'")
    with load_arrays(fits["l1"][0]) as file:
        arrays = dict(file)
    arrays["failed.0"] = arrays["failed.0"].copy()
    arrays["failed.0"][2] = 1
    broken = tmp_path / "broken.npz"
    save_arrays(broken, arrays)
    changed = fits | {"l1": [broken, fits["l1"][1]]}
    after = illustrate(dataset, changed, SEED)["examples"].query("penalty == 'l1'")
    own = after[after["scenario"] == expand_grid(dataset)[0].id]
    numbers = own["replicate"].unique().tolist()
    assert numbers == [0, 1, *range(3, REPLICATES + 1)]
    keys = ["scenario", "replicate", "feature"]
    both = before.merge(after, on=keys, suffixes=("", "_after"))
    assert len(both) == len(before) - 12
    np.testing.assert_array_equal(both["coef"], both["coef_after"])
