"""The interactive pictures: valid, complete, and fed by the page's script with what they name."""

import re

import altair as alt
import jsonschema
import pytest
import vl_convert

from normwise.report.charts import charts

CHARTS = charts()
BRACKETS = {"{": "}", "[": "]", "(": ")"}


def walk(value):
    """Every mapping inside a specification."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from walk(inner)


def texts(value):
    """Every text inside a specification, but for its schema."""
    for part in walk(value):
        for key, inner in part.items():
            for text in inner if isinstance(inner, list) else [inner]:
                if isinstance(text, str) and key != "$schema":
                    yield text


def data_sets(spec):
    """Names of the data sets that a specification does not bring along."""
    given = set(spec.get("datasets", {}))
    return {
        part["data"]["name"] for part in walk(spec) if "name" in (part.get("data") or {})
    } - given


def keys_of(script, start):
    """Keys of the object of a script that begins at a brace."""
    depth, keys, part = 0, [], ""
    for letter in script[start:]:
        depth += (letter in BRACKETS) - (letter in BRACKETS.values())
        if depth == 0 or (letter == "," and depth == 1):
            keys.append(re.match(r"\W*(\w*)", part)[1])
            part = ""
        else:
            part += letter
        if depth == 0:
            return {key for key in keys if key}
    raise AssertionError("an object without an end")


@pytest.fixture(scope="module")
def fed(root):
    """What the page's script gives to each chart: data sets and parameters."""
    folder = root / "src/normwise/report/templates"
    parts = (folder / f"{name}.js" for name in ("explorer", "explained"))
    script = "".join(part.read_text(encoding="utf-8") for part in parts)
    starts = list(re.finditer(r"drawers(?:\.(\w+)|\[`(\w+)_\$\{penalty\}`\]) = ", script))
    ends = [start.start() for start in starts[1:]] + [len(script)]
    found = {}
    for start, end in zip(starts, ends, strict=True):
        body = script[start.end() : end]
        objects = (re.search(rf"\b{key}: \{{", body) for key in ("data", "signals"))
        both = tuple(keys_of(body, at.end() - 1) if at else set() for at in objects)
        names = [start[1]] if start[1] else [f"{start[2]}_{penalty}" for penalty in ("l1", "l2")]
        found |= dict.fromkeys(names, both)
    return found


def test_every_chart_has_a_place_where_it_is_fed(fed):
    assert set(CHARTS) == set(fed)


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_names_the_data_and_parameters_that_the_script_sets(name, fed):
    data, signals = fed[name]
    spec = CHARTS[name]
    assert data_sets(spec) == data
    assert data
    assert {param["name"] for param in spec.get("params", [])} == signals


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_keeps_to_the_schema(name):
    chart = alt.Chart.from_dict(CHARTS[name])
    assert chart.to_dict(validate=True)["layer"]
    broken = CHARTS[name] | {"width": {"nonsense": 1}}
    with pytest.raises(jsonschema.ValidationError):
        alt.Chart.from_dict(broken)


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_compiles_to_vega(name):
    vega = vl_convert.vegalite_to_vega(CHARTS[name])
    sources = {data["name"] for data in vega["data"]}
    assert data_sets(CHARTS[name]) <= sources
    signals = {signal["name"] for signal in vega.get("signals", [])}
    assert {param["name"] for param in CHARTS[name].get("params", [])} <= signals
    assert vega["marks"]


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_loads_nothing(name):
    assert not [text for text in texts(CHARTS[name]) if re.search(r"(^|\w:|\W)//", text)]
    assert not any("url" in (part.get("data") or {}) for part in walk(CHARTS[name]))


def test_a_map_is_drawn_from_its_data():
    """An orange cell where L1 wins and a blue one where L2 does."""
    cells = [
        {"share": 0.1, "snr": 1, "shade": -1, "strong": True, "text": "L1\n−50 %", "tip": "a"},
        {"share": 1.0, "snr": 1, "shade": 1, "strong": True, "text": "L2\n−50 %", "tip": "b"},
    ]
    spec = CHARTS["map"] | {"width": 200}
    spec["datasets"] = spec.get("datasets", {}) | {"cells": cells, "here": [cells[0]]}
    svg = vl_convert.vegalite_to_svg(spec)
    assert "L1" in svg and "L2" in svg
    fills = re.findall(r'fill="(?:rgb\((\d+), ?(\d+), ?(\d+)\)|#(\w{6}))"', svg)
    colours = {
        tuple(int(hexed[i : i + 2], 16) for i in (0, 2, 4)) if hexed else (int(r), int(g), int(b))
        for r, g, b, hexed in fills
    }
    assert any(r > b + 80 for r, _, b in colours)
    assert any(b > r + 80 for r, _, b in colours)


@pytest.mark.parametrize("name", [name for name in CHARTS if name != "map"])
def test_empty_charts_draw_without_an_error(name):
    spec = CHARTS[name]
    empty = {key: [] for key in data_sets(spec)}
    spec = spec | {"width": 200, "datasets": spec.get("datasets", {}) | empty}
    assert vl_convert.vegalite_to_svg(spec).startswith("<svg")
