#!/usr/bin/env bash
# pandas 3.1.1 with pyarrow 26.0.1: a categorical column whose categories are numbers, truth values or
# dates comes back from Parquet as a plain column of these, ordered or not, so that codes of kinds are
# quantities from then on. From Feather, and with categories of text, it comes back as it was.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1 pyarrow==26.0.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import tempfile
import warnings
from pathlib import Path

import pandas as pd
import pyarrow

print("pandas", pd.__version__, "pyarrow", pyarrow.__version__)
kinds = {
    "text": ["b", "a", "b"],
    "whole numbers": [30, 10, 30],
    "whole numbers, one missing": [30, None, 30],
    "truth values": [True, False, True],
    "dates": pd.to_datetime(["2026-02-01", "2026-01-01", "2026-02-01"]),
}
warnings.simplefilter("error")
for kind, values in kinds.items():
    for ordered in (False, True):
        column = pd.Series(pd.Categorical(values, ordered=ordered), name="kind")
        read = {}
        with tempfile.TemporaryDirectory() as folder:
            for form in ("parquet", "feather"):
                file = Path(folder, f"table.{form}")
                getattr(column.to_frame(), f"to_{form}")(file)
                read[form] = getattr(pd, f"read_{form}")(file)["kind"]
        print(f"{kind}, ordered={ordered}:", {form: str(read[form].dtype) for form in read})
        assert read["feather"].dtype == column.dtype
        same = isinstance(read["parquet"].dtype, pd.CategoricalDtype)
        assert same == (kind == "text")
PYTHON
