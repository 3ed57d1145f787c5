"""Pages and examples agree with the code."""

import re
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from normwise.config import check_config
from normwise.docs import describe_schema, pages

CONFIGS = sorted(path.name for path in (Path(__file__).parents[1] / "config").glob("*.yaml"))


@pytest.mark.parametrize("path", ["config/README.md", "results/README.md"])
def test_generated_page_is_current(root: Path, path: str) -> None:
    assert (root / path).read_text(encoding="utf-8") == pages()[path], "run `make docs`"


def test_every_key_of_the_schema_is_described(schema_file: Path) -> None:
    schema = yaml.safe_load(schema_file.read_text())
    rows = re.findall(r"^\| `([^`]+)` \|", describe_schema(schema), flags=re.MULTILINE)
    expected = set(schema["properties"])
    for outer, part in schema["properties"].items():
        expected |= {f"{outer}.{key}" for key in part.get("properties", ())}
    items = schema["properties"]["datasets"]["items"]["properties"]
    expected |= {f"datasets[].{key}" for key in items}
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
    rows = describe_schema(schema).splitlines()[-3:]
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


def test_examples_of_the_readme_are_valid(root: Path, schema_file: Path) -> None:
    examples = re.findall(r"```yaml\n(.*?)```", (root / "README.md").read_text(), flags=re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        check_config({"datasets": yaml.safe_load(example)}, schema_file, "README.md")
