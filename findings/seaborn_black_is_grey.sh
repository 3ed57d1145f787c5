#!/usr/bin/env bash
# seaborn 0.13.2: after set_theme(), matplotlib's color="k" is no longer black but a dark grey, in
# every later figure of the process; color="black" stays black.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check seaborn==0.13.2 matplotlib==3.11.2
MPLBACKEND=Agg "$folder/env/bin/python" - <<'PYTHON'
import matplotlib
import seaborn
from matplotlib.colors import to_hex

before = {name: to_hex(name) for name in ("k", "black")}
seaborn.set_theme()
after = {name: to_hex(name) for name in ("k", "black")}
print("seaborn", seaborn.__version__, "matplotlib", matplotlib.__version__)
print("before", before, "after", after)
assert before == {"k": "#000000", "black": "#000000"}
assert after == {"k": "#1a1a1a", "black": "#000000"}
PYTHON
