"""What counts as a change of the code, and what a run says of itself."""

import shutil

import pytest

from normwise.provenance import code, machine
from normwise.provenance.code import code_digest
from normwise.provenance.machine import PACKAGES, describe_run


@pytest.fixture
def installed() -> str:
    """Digest of a module where it is installed."""
    return code_digest("normwise.fitting.fit_job")


@pytest.fixture
def package(installed, tmp_path, monkeypatch):
    """A copy of the package that the digests are taken from."""
    folder = tmp_path / "normwise"
    shutil.copytree(code.SOURCE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "SOURCE", folder)
    code._parsed.cache_clear()
    yield folder
    code._parsed.cache_clear()


def edit(path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    code._parsed.cache_clear()


def test_digest_is_the_same_wherever_the_package_lies(installed, package):
    assert code_digest("normwise.fitting.fit_job") == installed


def test_comments_docstrings_and_layout_do_not_count(package):
    before = code_digest("normwise.fitting.fit_job")
    path = package / "fitting/tuning.py"
    edit(path, '"""The choice of the penalty\'s strength', '"""How the strength is chosen')
    edit(path, '    """One penalty on one data set', '    """Something else')
    path = package / "fitting/solvers/problem.py"
    edit(path, "L1_DEPTH = 1e-3", "\n\n# a remark\nL1_DEPTH = (  # another\n    1e-3\n)")
    assert code_digest("normwise.fitting.fit_job") == before


def test_a_changed_constant_counts(package):
    before = code_digest("normwise.fitting.solvers.problem")
    edit(package / "fitting/solvers/problem.py", "L1_DEPTH = 1e-3", "L1_DEPTH = 1e-4")
    assert code_digest("normwise.fitting.solvers.problem") != before


FIT = "normwise.fitting.fit_job"


@pytest.mark.parametrize(
    ("module", "file", "old", "new"),
    [
        (FIT, "fitting/tuning.py", "return error, best, ", "return error, 1 + best, "),
        (FIT, "fitting/solvers/problem.py", "L1_DEPTH = 1e-3", "L1_DEPTH = 1e-4"),
        (FIT, "fitting/solvers/active_set.py", "STALE = 0.75", "STALE = 0.5"),
        (FIT, "fitting/solvers/cholesky.py", "DEPENDENT = 1e-12", "DEPENDENT = 1e-10"),
        (FIT, "fitting/solvers/separation.py", "GAIN = 1e-7", "GAIN = 1e-6"),
        (FIT, "fitting/solvers/scikit_learn.py", "MAX_ITER = 100_000", "MAX_ITER = 1"),
        ("normwise.data.simulated", "data/covariance.py", "return _shared(", "return 2 * _shared("),
        ("normwise.analysis.judge.compare", "analysis/columns.py", "RISKS = (", "RISKS = tuple("),
        ("normwise.analysis.measure.evaluate", "fitting/names.py", '"cv_min", ', ""),
        # the kind of an error decides who catches it
        (FIT, "data/file.py", "raise DataFileError(", "raise ValueError("),
    ],
)
def test_a_change_of_an_imported_module_counts(package, module, file, old, new):
    before = code_digest(module)
    edit(package / file, old, new)
    assert code_digest(module) != before


@pytest.mark.parametrize(
    ("module", "file", "old", "new"),
    [
        (
            "normwise.data.simulated",
            "fitting/solvers/problem.py",
            "L1_DEPTH = 1e-3",
            "L1_DEPTH = 1",
        ),
        (FIT, "fitting/estimators/base.py", "class ", "class Other"),
        (FIT, "analysis/columns.py", "RISKS = (", "RISKS = tuple("),
        # what people are told when a job fails
        (FIT, "files/errors.py", "the disk is full", "there is no room left"),
        (FIT, "files/arrays.py", "not a whole .npz file", "no whole .npz file"),
        (FIT, "data/file.py", "cannot be read", "is unreadable"),
        # types
        (FIT, "fitting/names.py", "if TYPE_CHECKING:\n", "if TYPE_CHECKING:\n    import ast\n"),
    ],
)
def test_a_change_elsewhere_does_not_count(package, module, file, old, new):
    before = code_digest(module)
    edit(package / file, old, new)
    assert code_digest(module) == before


@pytest.mark.parametrize("family", ["data/responses", "fitting/losses"])
def test_modules_that_are_found_by_their_presence_count(package, family):
    before = code_digest(FIT)
    edit(package / family / "binary.py", "return ", "return 1 * ")
    edited = code_digest(FIT)
    (package / family / "another.py").write_text("VALUE = 1\n", encoding="utf-8")
    code._parsed.cache_clear()
    assert len({before, edited, code_digest(FIT)}) == 3


def test_digest_covers_all_modules_asked_for(package):
    evaluate, columns = "normwise.analysis.measure.evaluate", "normwise.analysis.columns"
    both = code_digest(evaluate, columns)
    assert both == code_digest(columns, evaluate)
    edit(package / "analysis/columns.py", "class TableError", "class TablesError")
    assert code_digest(evaluate, columns) != both


def test_the_packages_of_the_study_are_on_record_and_those_of_other_extras_are_not():
    asked = {
        "numpy>=2.1": ["numpy"],
        'snakemake[reports]>=9.14; extra == "study"': ["snakemake"],
        "altair>=6 ; extra == 'study'": ["altair"],
        'snakemake-executor-plugin-slurm>=2.8; extra == "slurm"': [],
        'tomli; python_version < "3.11"': ["tomli"],
    }
    for requirement, names in asked.items():
        assert machine._needed(requirement) == names


def test_a_run_names_its_versions():
    found = describe_run()
    assert set(PACKAGES) <= set(found)
    assert all(isinstance(value, str) and value for value in found.values())
