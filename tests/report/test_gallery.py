"""The gallery: which figures a config calls for, found without a drawing library."""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml
from studies.small import CONFIG

from normwise.report import figures
from normwise.report.figures.drawing import is_placed
from normwise.report.figures.gallery import ORDER, gallery
from normwise.study.config import check_config

# by config: names of the figures in their order
CALLED_FOR = {
    "config": """geometry rule rule_scores goals at_a_glance winner_map winner_map_collinear
        anatomy_paths anatomy_bias_variance dimensionality sparsity collinearity opposing_signs
        signal_strength confounded classification classification_collinear counts several_classes
        selection stability case_recommender case_sensors calibration fair_grid replications
        published_grid published_ratio""",
    "atlas": "geometry rule rule_scores goals fair_grid published_grid published_ratio",
    "quick": """geometry rule rule_scores goals at_a_glance winner_map anatomy_paths
        anatomy_bias_variance collinearity classification counts several_classes selection
        stability calibration fair_grid replications published_grid published_ratio""",
    "real": "geometry own_data published_grid published_ratio",
    "small": """geometry rule rule_scores goals at_a_glance grid close_paths close_bias_variance
        related one_axis labels visits species selection stability case_wide calibration fair_grid
        replications published_grid published_ratio""",
}
FIGURES = "normwise.report.figures"
TEXT = "{http://www.w3.org/2000/svg}text"
NUMBER = r"(-?[\d.]+)"


def checked(config: dict, schema_file: Path) -> dict:
    return check_config(config, schema_file, "test")


def shipped(root: Path, name: str) -> dict:
    """A config laid over the default one, as Snakemake does it."""
    if name == "small":
        return CONFIG
    config, own = (
        yaml.safe_load((root / "config" / f"{each}.yaml").read_text()) for each in ("config", name)
    )
    for key, value in own.items():
        config[key] = {**config.get(key, {}), **value} if isinstance(value, dict) else value
    return config


@pytest.mark.parametrize("name", CALLED_FOR)
def test_a_config_calls_for_figures_in_the_order_of_the_report(root, schema_file, name):
    entries = gallery(checked(shipped(root, name), schema_file))
    assert list(entries) == CALLED_FOR[name].split()


def test_an_entry_says_what_is_drawn_and_by_which_module(schema_file):
    entries = gallery(checked(CONFIG, schema_file))
    assert entries["geometry"] == {
        "module": f"{FIGURES}.geometry",
        "datasets": [],
        "titles": [],
        "axes": [],
        "margin": 0.05,
    }
    grid = {
        "module": f"{FIGURES}.winner_map",
        "datasets": ["grid"],
        "titles": ["grid"],
        "axes": ["n_nonzero", "snr"],
        "margin": 0.05,
    }
    assert entries["grid"] == grid
    assert entries["at_a_glance"] == grid | {"compact": True}
    assert entries["related"]["axes"] == ["correlation", "nonzero_share"]
    assert entries["case_wide"]["titles"] == ["Many more columns than rows"]
    assert entries["selection"]["datasets"] == [
        "related", "one_axis", "labels", "visits", "species",
    ]  # fmt: skip
    assert entries["stability"]["datasets"] == ["related"]


def test_two_looks_at_a_data_set_stand_together(schema_file):
    close = next(d for d in CONFIG["datasets"] if d["figure"] == "anatomy")
    config = CONFIG | {"datasets": [{**close, "name": name} for name in ("first", "second")]}
    names = [n for n, e in gallery(checked(config, schema_file)).items() if e["datasets"]]
    assert names == ["first_paths", "first_bias_variance", "second_paths", "second_bias_variance"]


def test_figures_with_a_section_of_their_own_are_not_among_the_others(schema_file):
    entries = gallery(checked(CONFIG, schema_file))
    placed = [name for name, entry in entries.items() if is_placed(entry)]
    assert placed == [
        *("geometry", "rule", "rule_scores", "goals", "at_a_glance"),
        *("case_wide", "calibration", "fair_grid", "replications"),
        *("published_grid", "published_ratio"),
    ]


def test_every_figure_module_has_its_place_in_the_order():
    listed = [name for row in ORDER for name in row]
    drawing = [
        f.stem for f in Path(figures.__file__).parent.glob("*.py") if "\ndef draw(" in f.read_text()
    ]
    assert sorted(listed) == sorted(drawing)


def test_to_ask_for_the_figures_loads_no_drawing_library():
    asked = f"""
import sys
from {FIGURES}.gallery import gallery
gallery({{"datasets": [], "comparison": {{"margin": 0.05}}, "calibration": {{"replicates": 1}},
         "replications": {{}}}})
print(*{{"matplotlib", "seaborn", "scipy", "sklearn"}} & set(sys.modules))
"""
    answer = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True)
    assert (answer.stdout.strip(), answer.stderr) == ("", "")


def place_of(text: ET.Element) -> tuple[float, float]:
    """Where a text of a drawing starts, or is centred, or ends."""
    if "x" in text.attrib:
        return float(text.attrib["x"]), float(text.attrib["y"])
    at = re.match(rf"translate\({NUMBER} {NUMBER}\)", text.attrib["transform"])
    return float(at[1]), float(at[2])


def test_figures_say_it_briefly_and_fit_a_phone(small_figures):
    """Words that are read at a glance, and drawings that no text leaves."""
    entries, folder = small_figures
    widths = {}
    for name in entries:
        words = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        assert len(words["caption"].split()) <= 40, (name, words["caption"])
        assert len(words["title"].split()) <= 20, (name, words["title"])
        for kind in ("", "-narrow"):
            svg = ET.parse(folder / f"{name}{kind}.svg").getroot()
            _, _, width, height = (float(v) for v in svg.attrib["viewBox"].split())
            assert svg.attrib["width"] == f"{width:.2f}pt"
            for text in svg.iter(TEXT):
                x, y = place_of(text)
                assert 0 <= x <= width and 0 <= y <= height, (name, kind, "".join(text.itertext()))
            widths[name + kind] = width
    assert not {n: w for n, w in widths.items() if n.endswith("-narrow") and w > 300}
