"""The code that is written is run as a user would run it, and its own check is believed."""

import os
import re
import runpy
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from normwise import L1ClassifierCV
from normwise.data.errors import InputError
from normwise.elsewhere import code_for, model_at, model_of, model_of_table, read_tools, write_code
from normwise.elsewhere.source import Prepared, Recipe
from normwise.tabular import as_table, read_table

SAID = re.compile(r"by at most (\S+) of the largest one, and the objective lies (\S+) of the null")
TOOLS = read_tools()
STRENGTHS = {"l1": (0.08, 0.0), "l2": (0.0, 0.3), "elastic_net": (0.05, 0.2)}


def r_has(package):
    if not shutil.which("Rscript"):
        return False
    command = ["Rscript", "--vanilla", "-e", f"library({package})"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def run(path, folder=None):
    """What a file of code prints, in its own process."""
    command = ["Rscript", "--vanilla"] if path.suffix == ".R" else [sys.executable]
    done = subprocess.run(
        [*command, str(path)],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_same(said, limit=1e-6):
    difference, above = map(float, SAID.search(said).groups())
    assert difference <= limit and abs(above) <= limit
    assert "this is the same model." in said


def draw(response, n=90, p=5):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((n, p)) * np.geomspace(0.01, 100, p) - 4
    signal = (X + 4) @ (np.r_[1.0, -1.0, 0.5, 0, 0] / np.geomspace(0.01, 100, p))
    y = {
        "gaussian": 300 + 40 * (signal + rng.standard_normal(n)),
        "binary": (signal + rng.logistic(size=n) > 0).astype(float),
        "poisson": rng.poisson(np.exp(signal / 2)).astype(float),
        "multinomial": (
            (np.column_stack([signal, -signal, 0 * signal]) + rng.gumbel(size=(n, 3)))
            .argmax(axis=1)
            .astype(float)
        ),
    }[response]
    return X, y


@pytest.mark.parametrize(("response", "penalty"), list(TOOLS["scikit-learn"].calls))
@pytest.mark.parametrize("variant", ["plain", "weights", "sparse", "raw", "no intercept"])
def test_scikit_learn_fits_the_same_model(tmp_path, capsys, response, penalty, variant):
    X, y = draw(response)
    l1, l2 = STRENGTHS[penalty]
    options = {
        "plain": {},
        "sparse": {},
        "weights": {"sample_weight": np.arange(len(y)) % 4 + 0.0},
        "raw": {"standardize": False},
        "no intercept": {"fit_intercept": False},
    }[variant]
    if variant == "sparse":
        X = sparse.csr_matrix(np.where(np.abs(X + 4) < 1, 0, X))
    if variant == "raw":
        X = X / np.geomspace(0.01, 100, 5)
    unit = 40 if response == "gaussian" else 1
    model = model_at(X, y, response, l1 * unit, l2, **options)
    written = write_code(model, "scikit-learn", tmp_path / "fit.py")
    assert [path.name for path in written] == ["fit.py", "fit_data.csv"]
    # in this process, as starting one takes a second
    runpy.run_path(str(written[0]))
    assert_same(capsys.readouterr().out)


@pytest.mark.parametrize(("response", "penalty"), list(TOOLS["skglm"].calls))
def test_skglm_fits_the_same_model(tmp_path, capsys, response, penalty):
    pytest.importorskip("skglm")
    X, y = draw(response)
    model = model_at(X, y, response, *STRENGTHS[penalty])
    write_code(model, "skglm", tmp_path / "fit.py")
    runpy.run_path(str(tmp_path / "fit.py"))
    assert_same(capsys.readouterr().out)


@pytest.mark.skipif(not r_has("glmnet"), reason="R has no package glmnet")
@pytest.mark.parametrize(("response", "penalty"), list(TOOLS["glmnet"].calls))
def test_glmnet_fits_the_same_model(tmp_path, response, penalty):
    X, y = draw(response)
    model = model_at(X, y, response, *STRENGTHS[penalty])
    assert_same(run(write_code(model, "glmnet", tmp_path / "fit.R")[0]))


@pytest.mark.skipif(not r_has("MASS"), reason="R has no package MASS")
def test_mass_fits_the_same_model(tmp_path):
    model = model_at(*draw("gaussian"), "gaussian", 0.0, 0.3)
    assert_same(run(write_code(model, "MASS", tmp_path / "fit.R")[0]))


def test_the_check_fails_where_the_model_is_another(tmp_path, capsys):
    model = model_at(*draw("gaussian"), "gaussian", 4.0)
    code = code_for(model, "scikit-learn", str(tmp_path / "fit_data.csv"))
    write_code(model, "scikit-learn", tmp_path / "fit.py")
    wrong = re.sub(r"(?m)^alpha = .*", "alpha = 4.001", code)
    assert wrong != code
    exec(compile(wrong, "wrong", "exec"), {})
    said = capsys.readouterr().out
    assert "this is NOT the same model." in said
    assert 1e-6 < float(SAID.search(said)[1]) < 1e-2


AWKWARD = 'vil"la\\, 50 % \'old\' """ é #1'


@pytest.fixture
def houses(tmp_path):
    """A table with text, gaps, truth values and names that need quoting."""
    rng = np.random.default_rng(0)
    n = 120
    frame = pd.DataFrame(
        {
            "size (m²)": rng.normal(100, 30, n).round(2),
            "age": rng.integers(1, 80, n).astype(float),
            "kind, \"of\" 'house'": rng.choice(["flat", "house", AWKWARD], n, p=[0.5, 0.3, 0.2]),
            "sold": rng.choice([True, False], n),
            "weight": rng.integers(0, 4, n),
        }
    )
    kind = frame.iloc[:, 2]
    price = 2000 * frame.iloc[:, 0] - 500 * frame["age"] + 40_000 * (kind == "house")
    frame["price"] = (price + rng.normal(0, 2e4, n)).round(0)
    frame["dear"] = np.where(price + rng.normal(0, 4e4, n) > price.median(), "yes", "no")
    frame.loc[:9, "age"] = np.nan
    frame.loc[3:5, frame.columns[2]] = None
    frame.loc[7, ["price", "dear"]] = [np.nan, None]
    path = tmp_path / "houses.csv"
    frame.to_csv(path, index=False)
    return path


TABLES = [
    {"target": "price", "drop": "dear,weight"},
    {"target": "dear", "drop": "price,weight"},
    {"target": "dear", "drop": "price,weight", "positive": "no"},
    {"target": "price", "drop": "dear", "weights": "weight"},
]


@pytest.mark.parametrize("options", TABLES)
@pytest.mark.parametrize("tool", ["scikit-learn", "glmnet"])
def test_a_table_is_made_into_the_same_numbers(tmp_path, houses, options, tool):
    if tool == "glmnet" and not r_has("glmnet"):
        pytest.skip("R has no package glmnet")
    table = read_table(houses, **options)
    unit = 1e4 if options["target"] == "price" else 1
    model = model_of_table(table, None, 0.05 * unit, 0.1)
    assert isinstance(model.source, Recipe)
    path = tmp_path / f"fit{'.R' if tool == 'glmnet' else '.py'}"
    assert write_code(model, tool, path) == [path]
    assert_same(run(path))


def test_the_class_that_is_one_is_the_users(houses):
    yes, no = (
        model_of_table(
            read_table(houses, target="dear", drop="price,weight", positive=one), None, 0.0, 0.1
        )
        for one in ("yes", "no")
    )
    assert yes.classes == ("no", "yes") and no.classes == ("yes", "no")
    assert yes.coef == pytest.approx(-no.coef, rel=1e-6)
    assert "'yes': 1.0" in code_for(yes, "scikit-learn")
    assert "'yes': 0.0" in code_for(no, "scikit-learn")


def test_what_the_code_could_not_make_itself_is_written_beside_it(tmp_path, houses):
    frame = pd.read_csv(houses)
    frame["since"] = [f"2020-01-{1 + day % 28:02d}" for day in range(len(frame))]
    frame.to_csv(houses, index=False)
    table = read_table(houses, "price", drop="dear,weight")
    model = model_of_table(table, None, 500.0)
    assert isinstance(model.source, Prepared)
    with pytest.raises(InputError, match="write it to a file"):
        code_for(model, "scikit-learn")
    written = write_code(model, "scikit-learn", tmp_path / "fit.py")
    assert len(written) == 2
    assert_same(run(written[0]))


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix])
@pytest.mark.parametrize("tool", ["scikit-learn", "glmnet"])
def test_offsets_are_carried_with_weights(tmp_path, tool, form):
    if tool == "glmnet" and not r_has("glmnet"):
        pytest.skip("R has no package glmnet")
    X, _ = draw("poisson")
    X = np.where(np.abs(X + 4) < 1, 0, X)
    rng = np.random.default_rng(5)
    offset, weight = rng.uniform(-2, 2, len(X)), rng.integers(0, 3, len(X)).astype(float)
    y = rng.poisson(np.exp(offset)).astype(float)
    model = model_at(form(X), y, "poisson", 0.0, 0.2, offset=offset, sample_weight=weight)
    path = tmp_path / f"fit{'.R' if tool == 'glmnet' else '.py'}"
    assert_same(run(write_code(model, tool, path)[0]))


@pytest.mark.parametrize("role", ["exposure", "offset"])
@pytest.mark.parametrize("tool", ["scikit-learn", "glmnet"])
def test_a_column_of_exposures_is_read_from_the_users_table(tmp_path, role, tool):
    if tool == "glmnet" and not r_has("glmnet"):
        pytest.skip("R has no package glmnet")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((90, 3)), columns=list("abc"))
    years = rng.uniform(0.2, 5, 90)
    frame["claims"] = rng.poisson(years * np.exp(frame["a"] / 2))
    frame["time"] = years if role == "exposure" else np.log(years)
    frame["weight"] = rng.integers(0, 3, 90)
    frame.to_csv(tmp_path / "claims.csv", index=False)
    table = read_table(tmp_path / "claims.csv", "claims", weights="weight", **{role: "time"})
    model = model_of_table(table, "l2")
    assert isinstance(model.source, Recipe) and model.source.offset == "time"
    path = tmp_path / f"fit{'.R' if tool == 'glmnet' else '.py'}"
    assert write_code(model, tool, path) == [path]
    assert_same(run(path))


@pytest.mark.skipif(not r_has("glmnet"), reason="R has no package glmnet")
def test_r_reads_sparse_columns_and_weights(tmp_path):
    X, y = draw("binary")
    X = sparse.csr_matrix(np.where(np.abs(X + 4) < 1, 0, X))
    model = model_at(X, y, "binary", 0.02, 0.1, sample_weight=np.arange(len(y)) % 3 + 1.0)
    code = write_code(model, "glmnet", tmp_path / "fit.R")[0]
    assert "sparseMatrix" in code.read_text() and "weights = weights" in code.read_text()
    assert_same(run(code))


def test_cross_validation_chooses_the_strength_where_none_is_given(houses):
    table = read_table(houses, "dear", drop="price,weight")
    model = model_of_table(table, "l1")
    fitted = L1ClassifierCV().fit(table.X, table.y)
    assert model.l1 == pytest.approx(fitted.alpha_) and model.l2 == 0
    again = model_of(fitted, table.X, table.y, names=table.names)
    assert again.coef == pytest.approx(model.coef)
    with pytest.raises(InputError, match="give a penalty"):
        model_of_table(table)
    with pytest.raises(InputError, match="penalty 'l0' is unknown: give l1 or l2 or elastic_net"):
        model_of_table(table, "l0")


def test_a_tool_that_cannot_do_it_says_so():
    X, y = draw("gaussian")
    weighted = model_at(X, y, "gaussian", 1.0, sample_weight=np.arange(len(y)) + 1.0)
    with pytest.raises(InputError, match="sortedl1 is not given weights of rows here: its fit"):
        code_for(weighted, "sortedl1", "data.csv")
    X, count = draw("poisson")
    rated = model_at(X, count, "poisson", 0.1, offset=np.linspace(0, 1, len(count)))
    with pytest.raises(InputError, match="skglm is not given offsets of rows here: its loss for"):
        code_for(rated, "skglm", "data.csv")
    with pytest.raises(InputError, match="river cannot fit L1 with counts: it learns row by row"):
        code_for(rated, "river", "data.csv")
    through_zero = model_at(X, y, "gaussian", 1.0, fit_intercept=False)
    with pytest.raises(InputError, match=r"xgboost.* is only used with an intercept"):
        code_for(through_zero, "xgboost", "data.csv")
    raw = model_at(X, y, "gaussian", 0.0, 1.0, standardize=False)
    with pytest.raises(InputError, match=r"MASS lm\.ridge \(R\) always scales the columns"):
        code_for(raw, "MASS", "data.csv")
    with pytest.raises(InputError, match="celer cannot fit L2 with squared error: it refuses"):
        code_for(model_at(X, y, "gaussian", 0.0, 1.0), "celer", "data.csv")


def test_a_file_does_not_hide_the_package_that_it_imports(tmp_path):
    model = model_at(*draw("gaussian"), "gaussian", 1.0)
    with pytest.raises(InputError, match=r"glum\.py: Python would take this file for the package"):
        write_code(model, "glum", tmp_path / "glum.py")
    assert not list(tmp_path.iterdir())


def test_a_data_frame_in_memory_is_written_down(tmp_path, capsys):
    X, y = draw("gaussian")
    frame = pd.DataFrame(X, columns=list("abcde")).assign(kind=["u", "v", "w"] * 30)
    table = as_table(frame, y)
    write_code(model_of_table(table, None, 1.0), "scikit-learn", tmp_path / "fit.py")
    runpy.run_path(str(tmp_path / "fit.py"))
    assert_same(capsys.readouterr().out)
