"""The estimators, the advice and the command line need no package of an extra."""

import ast
import json
import pickle
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from normwise.files.errors import MissingExtraError, from_extra

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "normwise"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# modules by the package that declares them
MODULES = {
    "liac-arff": "arff",
    "odfpy": "odf",
    "pyyaml": "yaml",
    "scikit-learn": "sklearn",
    "vl-convert-python": "vl_convert",
}
# parts of a package that is declared
BROUGHT = {"llvmlite": "numba", "markupsafe": "jinja2"}
# a command, whose own plugin alone imports it
RUN = "snakemake"
# where a package of the extra may be imported; nothing that advises or fits imports these
STUDY_ROOMS = ("study", "provenance", "report")
SHARED_WITH_ADVICE = ("report/look",)
# a penalty of a study, solved by another package
EXCEPTIONS = {"fitting/penalties/mcp.py": {"skglm"}}
# where packages that read formats may be imported
READERS = "data/tables/readers/"


def modules_of(requirements: list[str]) -> set[str]:
    names = [Requirement(text).name for text in requirements]
    return {MODULES.get(name, name) for name in names}


CORE = modules_of(PROJECT["dependencies"])
STUDY = modules_of(PROJECT["optional-dependencies"]["study"])
FORMATS = modules_of(PROJECT["optional-dependencies"]["formats"])
EXTRAS = {"study": STUDY - {RUN}, "formats": FORMATS}


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def extra_asked_for(node: ast.AST) -> str | None:
    calls = [ast.unparse(item.context_expr) for item in getattr(node, "items", ())]
    return next((extra for extra in EXTRAS if calls == [f"from_extra('{extra}')"]), None)


def third_party(node: ast.AST, guarded: str | None = None) -> set[tuple[str, str | None]]:
    """Packages that a syntax tree imports, each with the extra that is named if it is missing."""
    guarded = guarded or extra_asked_for(node)
    names: list[str] = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        names = [node.module or ""]
    imported = {(name.partition(".")[0], guarded) for name in names}
    for child in ast.iter_child_nodes(node):
        if not is_for_types(child):
            imported |= third_party(child, guarded)
    return {(n, g) for n, g in imported if n not in sys.stdlib_module_names and n != "normwise"}


IMPORTS = {
    path.relative_to(SOURCE).as_posix(): third_party(ast.parse(path.read_text(encoding="utf-8")))
    for path in SOURCE.rglob("*.py")
}


def test_every_imported_package_is_declared() -> None:
    for file, imported in IMPORTS.items():
        undeclared = {BROUGHT.get(name, name) for name, _ in imported} - CORE - STUDY - FORMATS
        assert not undeclared, f"{file}: {undeclared}"


def test_every_declared_package_is_imported() -> None:
    imported = {name for names in IMPORTS.values() for name, _ in names}
    assert (CORE | STUDY | FORMATS) - imported == {RUN}


def test_what_advises_and_fits_imports_no_package_of_an_extra() -> None:
    for file, imported in IMPORTS.items():
        extra = {name for name, _ in imported} & STUDY
        in_study = file.startswith(STUDY_ROOMS) and not file.startswith(SHARED_WITH_ADVICE)
        allowed = STUDY if in_study else EXCEPTIONS.get(file, set())
        assert extra <= allowed, f"{file}: {extra}"


def test_readers_alone_import_packages_of_formats() -> None:
    importing = {file for file, names in IMPORTS.items() if {name for name, _ in names} & FORMATS}
    assert {file for file in importing if not file.startswith(READERS)} == set()
    assert len(importing) == 4


def test_a_package_of_an_extra_is_asked_for_by_the_name_of_the_extra() -> None:
    for extra, packages in EXTRAS.items():
        guarded = {n for names in IMPORTS.values() for n, g in names if g == extra}
        assert guarded == packages
        for file, imported in IMPORTS.items():
            # what is asked for once may be imported again
            asked = {name for name, guard in imported if guard == extra}
            unguarded = {name for name, guard in imported if not guard} & packages - asked
            assert not unguarded, f"{file}: {unguarded}"


def test_slurm_brings_the_study() -> None:
    assert "normwise[study]" in PROJECT["optional-dependencies"]["slurm"]


def test_a_missing_package_names_its_extra() -> None:
    with pytest.raises(MissingExtraError) as told, from_extra("study"):
        import nothing_of_that_name.part  # noqa: F401
    remedy = 'pip install "normwise[study]"'
    assert str(told.value) == f"nothing_of_that_name is not installed, which this needs: {remedy}"
    # it may come from a process of the solvers
    assert str(pickle.loads(pickle.dumps(told.value))) == str(told.value)


def test_a_missing_module_of_the_package_is_a_mistake() -> None:
    with pytest.raises(ModuleNotFoundError) as told, from_extra("study"):
        import normwise.nothing  # noqa: F401
    assert not isinstance(told.value, MissingExtraError)


def installed_with(requirements: list[str]) -> set[str]:
    """Packages that come with requirements, themselves included, without any extra."""
    waiting, found = [Requirement(text).name for text in requirements], set()
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        found.add(name)
        try:
            needed = map(Requirement, requires(name) or [])
        except PackageNotFoundError:
            # for another system, or another Python
            continue
        waiting += [r.name for r in needed if r.marker is None or r.marker.evaluate({"extra": ""})]
    return found


@pytest.fixture(scope="module")
def without_extras(tmp_path_factory) -> Path:
    """A module that hides all packages but those of an installation without extras."""
    there = installed_with(PROJECT["dependencies"]) | {"normwise"}
    hidden = [
        module
        for module, packages in packages_distributions().items()
        if not {re.sub(r"[-_.]+", "-", name).lower() for name in packages} & there
    ]
    assert set(hidden) >= STUDY | FORMATS | {"pytest"}
    assert not set(hidden) & CORE
    path = tmp_path_factory.mktemp("hidden") / "without_extras.py"
    path.write_text(f"""
import sys

HIDDEN = set({json.dumps(hidden)})


class Hider:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


sys.meta_path.insert(0, Hider())
""")
    return path.parent


def run(code: str, folder: Path, *paths: Path) -> str:
    start = f"import sys; sys.path[:0] = {[str(path) for path in paths]!r}\n"
    command = [sys.executable, "-c", start + code]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_the_estimators_run_without_extras(without_extras: Path, tmp_path: Path) -> None:
    code = """
import without_extras
import numpy as np
import normwise

X = np.random.default_rng(1).standard_normal((40, 3))
y = X[:, 0] + 0.1 * X[:, 1]
for name in normwise.__all__:
    if name != "advise":
        target = y > 0 if "Class" in name else np.round(np.exp(y)) if "Count" in name else y
        model = getattr(normwise, name)(alphas=5, cv=3).fit(X, target)
        print(name, bool(model.dual_gap_ <= 1e-6))
"""
    lines = run(code, tmp_path, without_extras).splitlines()
    assert len(lines) == 9
    assert all(line.endswith(" True") for line in lines)


def test_the_advice_runs_without_extras(without_extras: Path, tmp_path: Path) -> None:
    code = """
import without_extras
import numpy as np
import pandas as pd
from normwise.cli import main

frame = pd.DataFrame(np.random.default_rng(1).standard_normal((40, 3)), columns=list("aby"))
frame["y"] += frame["a"]
frame.to_csv("table.csv", index=False)
sys.exit(main(["advise", "table.csv", "--target", "y"]))
"""
    assert "Report: table_advice.html" in run(code, tmp_path, without_extras)
    assert "</html>" in (tmp_path / "table_advice.html").read_text(encoding="utf-8")


def test_verify_starts_without_extras(without_extras: Path, tmp_path: Path) -> None:
    code = """
import without_extras
import normwise.provenance.verify
from normwise.cli import main

print(main(["verify", "."]))
"""
    assert run(code, tmp_path, without_extras) == "2\n"


@pytest.mark.parametrize(
    ("needs", "module"),
    [
        ("from normwise.study import config", "jsonschema"),
        ("from normwise.report import charts", "altair"),
        ("from normwise.report import page", "altair"),
        ("penalty_class('mcp')().path(problem, np.ones(1), 1e-6)", "skglm"),
    ],
)
def test_what_needs_an_extra_says_so(without_extras, tmp_path, needs: str, module: str) -> None:
    code = f"""
import without_extras
import numpy as np
from normwise.fitting.names import penalty_class
from normwise.solvers import Problem

problem = Problem(np.eye(4), np.arange(4.0), "gaussian")
try:
    {needs}
except ImportError as error:
    print(error)
"""
    told = run(code, tmp_path, without_extras)
    assert told == f'{module} is not installed, which this needs: pip install "normwise[study]"\n'


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("t.xlsx", "openpyxl"),
        ("t.ods", "odf"),
        ("t.sav", "pyreadstat"),
        ("t.rds", "rdata"),
        ("t.arff", "arff"),
    ],
)
def test_a_file_that_needs_the_extra_formats_says_so(
    without_extras: Path, tmp_path: Path, name: str, module: str
) -> None:
    with zipfile.ZipFile(tmp_path / name, "w") as file:
        file.writestr("content.xml" if name == "t.ods" else "workbook.xml", "")
    code = f"""
import without_extras
from normwise.cli import main

sys.stderr = sys.stdout
print(main(["advise", "{name}", "--target", "y"]))
"""
    told = f'{module} is not installed, which this needs: pip install "normwise[formats]"'
    assert run(code, tmp_path, without_extras) == f"normwise: {told}\n2\n"


def loaded(code: str, folder: Path) -> set[str]:
    """Packages that are loaded after some code."""
    tell = "print(*{name.partition('.')[0] for name in sys.modules})"
    return set(run(f"{code}\n{tell}", folder).splitlines()[-1].split())


def test_the_package_loads_no_other_before_it_is_used(tmp_path: Path) -> None:
    assert not loaded("import normwise; dir(normwise)", tmp_path) & (CORE | STUDY | FORMATS)


def test_the_estimators_load_what_scikit_learn_loads(tmp_path: Path) -> None:
    floor = loaded("import sklearn.linear_model, sklearn.model_selection", tmp_path)
    ours = loaded("import normwise.estimators", tmp_path)
    assert (ours - floor) & (CORE | STUDY) == set()
    assert not ours & {"matplotlib", "numba", "jinja2"}


def test_the_solvers_load_numpy_and_scipy(tmp_path: Path) -> None:
    ours = loaded("import normwise.solvers", tmp_path)
    assert ours & (CORE | STUDY) <= {"numpy", "scipy", "joblib", "cloudpickle"}
