"""Lists of dependencies and the recipe of the container are in step with the project."""

import re
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

CONDA_NAMES = {"matplotlib": "matplotlib-base", "snakemake": "snakemake-minimal"}


def extra_requirements(package: str, extra: str) -> set[str]:
    """Names of what an extra of an installed package adds."""
    found = [Requirement(text) for text in requires(package) or []]
    return {
        r.name
        for r in found
        if r.marker and r.marker.evaluate({"extra": extra}) and not r.marker.evaluate({"extra": ""})
    }


@pytest.fixture
def pyproject(root: Path) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text())


@pytest.fixture
def project(pyproject: dict) -> dict:
    return pyproject["project"]


def test_conda_environment_has_the_same_packages_and_bounds(root: Path, project: dict) -> None:
    expected = {"python": project["requires-python"], "pip": ""}
    extras = project["optional-dependencies"]
    needed = project["dependencies"] + extras["study"] + extras["formats"]
    for requirement in map(Requirement, needed):
        expected[CONDA_NAMES.get(requirement.name, requirement.name)] = str(requirement.specifier)
        for extra in requirement.extras:
            expected |= dict.fromkeys(extra_requirements(requirement.name, extra), "")

    entries = yaml.safe_load((root / "environment.yml").read_text())["dependencies"]
    listed = [Requirement(entry) for entry in entries if isinstance(entry, str)]
    assert {r.name: str(r.specifier) for r in listed} == expected
    assert [entry for entry in entries if not isinstance(entry, str)] == [{"pip": ["-e ."]}]


def test_reports_extra_is_not_empty() -> None:
    # otherwise the test above would not miss pygments
    assert extra_requirements("snakemake", "reports") == {"pygments"}


def locked(entries: list[dict]) -> set[tuple]:
    return {
        (e["name"], e.get("specifier", ""), tuple(sorted(e.get("extras", [])))) for e in entries
    }


def wanted(texts: list[str]) -> set[tuple]:
    requirements = map(Requirement, texts)
    return {(r.name, str(r.specifier), tuple(sorted(r.extras))) for r in requirements}


def test_lock_file_is_in_step(root: Path, pyproject: dict, project: dict) -> None:
    lock = tomllib.loads((root / "uv.lock").read_text())
    own = next(p for p in lock["package"] if p["name"] == project["name"])
    optional = [text for texts in project["optional-dependencies"].values() for text in texts]
    assert locked(own["metadata"]["requires-dist"]) == wanted(project["dependencies"] + optional)
    assert own["metadata"]["provides-extras"] == list(project["optional-dependencies"])
    for group, texts in pyproject["dependency-groups"].items():
        assert locked(own["metadata"]["requires-dev"][group]) == wanted(texts)
    assert lock["requires-python"] == project["requires-python"]


def test_container_copies_what_its_context_lets_through(root: Path) -> None:
    recipe = (root / "Dockerfile").read_text()
    copied = [
        name
        for line in re.findall(r"^COPY (?!--from)(.+)$", recipe, re.MULTILINE)
        for name in line.split()[:-1]
    ]
    let_through = re.findall(r"^!(.+)$", (root / ".dockerignore").read_text(), re.MULTILINE)
    assert sorted(copied) == sorted(let_through)
    assert [name for name in copied if not (root / name).exists()] == []


def test_page_mounts_the_folder_that_the_container_works_in(root: Path) -> None:
    page = (root / "docs" / "tutorials" / "cluster.md").read_text(encoding="utf-8")
    folder = re.findall(r"^WORKDIR (.+)$", (root / "Dockerfile").read_text(), re.MULTILINE)[-1]
    assert set(re.findall(r'-v "\$PWD:([^"]+)"', page)) == {folder}
