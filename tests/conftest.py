"""What several test modules share."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from studies.extension import extension  # noqa: F401, a fixture
from studies.published import Published, publish
from studies.small import draw_all, run_study, write_page
from studies.third_response import counts  # noqa: F401, a fixture

# the same examples in every run; compilation makes the first ones slow
settings.register_profile("normwise", deadline=None, derandomize=True, database=None)
settings.load_profile("normwise")


# files that take minutes, the longest first: the processes that share the tests then end together
LONGEST = ("test_workflow", "test_faults", "test_slurm", "test_verify")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with what takes longest."""

    def rank(item: pytest.Item) -> int:
        names = [*LONGEST, item.path.stem]
        return names.index(item.path.stem) + ("workflow" not in item.keywords)

    items.sort(key=rank)


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


@pytest.fixture(scope="session")
def small_study(tmp_path_factory):
    """A study with every kind of figure, made without Snakemake."""
    return run_study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="session")
def small_figures(small_study, tmp_path_factory):
    """The entries of its figures by name, and the folder in which they lie."""
    folder = tmp_path_factory.mktemp("drawn")
    return draw_all(small_study, folder), folder


@pytest.fixture(scope="session")
def small_page(small_study, small_figures) -> tuple[Path, Path]:
    """Its page, and the folder of the tables that lies beside it."""
    tables = small_study.tables[0].parent
    output = tables.with_name("report.html")
    write_page(small_study, *small_figures, output)
    return output, tables


@pytest.fixture(scope="session")
def published(tmp_path_factory) -> Published:
    """A study run by Snakemake to its provenance."""
    return publish(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="session")
def browser():
    """Chromium, one for all tests that open a page."""
    playwright = pytest.importorskip("playwright.sync_api")
    names = ("chromium", "chromium-browser", "chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("no Chromium: install Debian's package chromium")
    quiet = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=path, args=list(quiet))
        yield browser
        browser.close()
