#!/usr/bin/env bash
# liac-arff 2.5.0: an attribute of type integer loses its decimals, 2.9 becomes 2, without a warning. In
# Weka, whose format ARFF is, integer, real and numeric are the same, and scipy reads it so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check liac-arff==2.5.0 scipy==1.17.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import io
import warnings
from importlib.metadata import version

import arff
from scipy.io.arff import loadarff

print("liac-arff", version("liac-arff"), "scipy", version("scipy"))
warnings.simplefilter("error")
values = [0.4, 2.9, -1.5]
read = {}
for kind in ("integer", "real"):
    text = f"@relation t\n@attribute x {kind}\n@data\n" + "\n".join(map(str, values)) + "\n"
    read[kind] = [row[0] for row in arff.loads(text)["data"]]
    by_scipy = loadarff(io.StringIO(text))[0]["x"].tolist()
    print(f"{kind}: liac-arff {read[kind]}, scipy {by_scipy}")
    assert by_scipy == values
assert read == {"integer": [0, 2, -1], "real": values}
PYTHON
