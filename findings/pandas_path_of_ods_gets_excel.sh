#!/usr/bin/env bash
# pandas 3.1.1: DataFrame.to_excel(Path("table.ods")) writes an Excel workbook into the file, without a
# warning, as the suffix of a Path is not looked at; to_excel("table.ods") writes an OpenDocument one.
# odfpy cannot open the former.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1 odfpy==1.4.1 openpyxl==3.1.5 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import tempfile
import warnings
import zipfile
from pathlib import Path

import pandas as pd

print("pandas", pd.__version__)
warnings.simplefilter("error")
kinds = {"content.xml": "OpenDocument", "xl/workbook.xml": "Excel"}
found = {}
with tempfile.TemporaryDirectory() as folder:
    for kind in (str, Path):
        file = kind(f"{folder}/table.ods")
        pd.DataFrame({"a": [1, 2]}).to_excel(file)
        with zipfile.ZipFile(file) as inside:
            found[kind] = [kinds[name] for name in inside.namelist() if name in kinds]
        print(f"to a {kind.__name__}: {found[kind]}")
        try:
            pd.read_excel(file, engine="odf")
        except KeyError as error:
            print("   odfpy:", error)
            assert kind is Path
        else:
            assert kind is str
assert found == {str: ["OpenDocument"], Path: ["Excel"]}
PYTHON
