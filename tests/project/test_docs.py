"""Pages and examples agree with the code, and the site needs no network."""

import importlib.util
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from snakemake.utils import update_config

import normwise.estimators
from normwise.analysis.measure.own_metrics import METRICS
from normwise.data.generated import DATASETS
from normwise.extensions import Penalty
from normwise.fitting.names import REGISTERED
from normwise.study.config import check_config, read_schema

ROOT = Path(__file__).parents[2]
CONFIGS = sorted(path.name for path in (ROOT / "config").glob("*.yaml"))


def load(name: str) -> ModuleType:
    """A file of docs/ that writes pages; none of them is part of the package."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATED = load("pages")
PAGES = GENERATED.pages()


@pytest.mark.parametrize("path", sorted(PAGES))
def test_generated_page_is_current(root: Path, path: str) -> None:
    assert (root / path).read_text(encoding="utf-8") == PAGES[path], "run `make docs`"


def test_every_key_of_the_schema_is_described(schema_file: Path) -> None:
    schema = read_schema(schema_file)
    rows = re.findall(r"^\| `([^`]+)` \|", GENERATED.describe_schema(schema), flags=re.MULTILINE)
    expected = set(schema["properties"])
    for outer, part in schema["properties"].items():
        expected |= {f"{outer}.{key}" for key in part.get("properties", ())}
    items = schema["properties"]["datasets"]["items"]["properties"]
    expected |= {f"datasets[].{key}" for key in items}
    design = items["design"]["properties"]
    expected |= {f"datasets[].design.{key}" for key in design}
    expected |= {f"datasets[].design.aspect_ratio.{end}" for end in ("low", "high")}
    assert len(rows) == len(set(rows))
    assert set(rows) == expected


def test_a_row_tells_values_and_default() -> None:
    schema = {
        "required": ["names"],
        "$defs": {"count": {"type": "integer", "minimum": 1}},
        "properties": {
            "gap": {
                "type": "number",
                "exclusiveMinimum": 0,
                "maximum": 1,
                "default": 1e-6,
                "description": "Small | large.",
            },
            "names": {"type": "array", "items": {"enum": ["a", "b"]}, "description": "Names."},
            "sizes": {"type": "array", "items": {"$ref": "#/$defs/count"}, "description": "Sizes."},
        },
    }
    rows = GENERATED.describe_schema(schema).splitlines()[-3:]
    assert rows == [
        r"| `gap` | number above 0, at most 1 | `1.0e-06` | Small \| large. |",
        "| `names` | list of `a`, `b` | required | Names. |",
        "| `sizes` | list of whole numbers at least 1 |  | Sizes. |",
    ]


@pytest.mark.parametrize("name", CONFIGS)
def test_shipped_config_is_valid(root: Path, schema_file: Path, name: str) -> None:
    config = yaml.safe_load((root / "config" / "config.yaml").read_text())
    # as --configfile does
    update_config(config, yaml.safe_load((root / "config" / name).read_text()))
    assert check_config(config, schema_file, name)["datasets"]


def test_examples_are_valid(root: Path, schema_file: Path, monkeypatch) -> None:
    # what the files under `extensions` in the README would register
    monkeypatch.setitem(DATASETS, "waves", None)
    monkeypatch.setitem(METRICS, "wrong_signs", None)
    monkeypatch.setitem(REGISTERED, "mine", Penalty)
    checked = set()
    for file in (root / "README.md", root / "config" / "README.md", *(root / "docs").rglob("*.md")):
        text = file.read_text(encoding="utf-8")
        for example in re.findall(r"^```yaml\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
            part = yaml.safe_load(example)
            config = {"datasets": part} if isinstance(part, list) else part
            config.setdefault("datasets", [{"name": "mine", "source": "rule"}])
            assert check_config(config, schema_file, str(file))
            checked.add(file.relative_to(root).as_posix())
    assert {"README.md", "config/README.md"} <= checked


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    answer = subprocess.run(
        [*command, "--config-file", root / "mkdocs.yml", "--site-dir", folder],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return folder


def test_site_has_every_page_and_every_formula(root: Path, site: Path) -> None:
    for page in (root / "docs").rglob("*.md"):
        built = site / page.relative_to(root / "docs").with_suffix(".html")
        text = built.read_text(encoding="utf-8")
        assert "<h1" in text
        assert not re.search(r":math:|\.\. math::|```", text), built
    estimators = (site / "reference" / "estimators.html").read_text(encoding="utf-8")
    assert "L1RegressorCV" in estimators
    assert '<svg role="img" aria-label="\\lambda"' in estimators
    for name in normwise.estimators.__all__:
        start = estimators.index(f'id="normwise.estimators.{name}"')
        section = estimators[start : estimators.index(f'id="normwise.estimators.{name}.fit"')]
        parameters = inspect.signature(getattr(normwise, name)).parameters
        assert len(parameters) > 5
        for parameter in (*parameters, "coef_path_", "dual_gap_"):
            assert f">{parameter}<" in section, f"{name}: {parameter}"
    architecture = (site / "architecture.html").read_text(encoding="utf-8")
    # an arrow of its flowchart
    assert re.search(
        r"<td>tables/\*.parquet, \*.csv</td>\s*<td>–</td>\s*<td>report.html, evidence.html</td>",
        architecture,
    )


def test_site_asks_the_network_for_nothing(site: Path) -> None:
    loads = r"<(?:script|img|iframe|source)[^>]+src=\W?https?:|<link[^>]+href=\W?https?:"
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(loads, text), page
        # Material's script loads a library for flowcharts of this class
        assert not re.search(r'class="[^"]*mermaid', text)
    for style in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)[\s\"']*(?:https?:)?//", style.read_text("utf-8"))


def test_navigation_names_every_page(root: Path) -> None:
    listed = set(re.findall(r": (\S+\.md)$", (root / "mkdocs.yml").read_text(), re.MULTILINE))
    there = {p.relative_to(root / "docs").as_posix() for p in (root / "docs").rglob("*.md")}
    assert listed == there


# the example to look at


def test_an_example_comes_without_tables_and_says_so(small_page):
    example = load("example")
    whole = small_page[0].with_name("evidence.html").read_text(encoding="utf-8")
    text = example.without_tables(whole)
    assert len(text) < len(whole)
    assert "download=" in whole and "download=" not in text
    assert '<script type="application/json" id="page-files">{}</script>' in text
    assert text.count(example.NOTE) == 1
    # all else is what it was
    assert text.count("<figure") == whole.count("<figure")
    assert text.count("<tr") == whole.count("<tr")


def test_a_study_that_is_not_the_default_one_is_no_example(tmp_path):
    example = load("example")
    assert not example.is_default(tmp_path)
    (tmp_path / "config.yaml").write_text((ROOT / "config" / "quick.yaml").read_text())
    assert not example.is_default(tmp_path)
    (tmp_path / "config.yaml").write_text((ROOT / "config" / "config.yaml").read_text())
    assert example.is_default(tmp_path)


@pytest.mark.parametrize("name", ["report.html", "evidence.html", "advice.html"])
def test_pages_to_look_at_lie_in_the_docs(name):
    text = (ROOT / "docs" / "example" / name).read_text(encoding="utf-8")
    assert text.startswith(("<!doctype html>", "\n<!doctype html>"))
    # small enough for a repository
    assert len(text) < 6e6
