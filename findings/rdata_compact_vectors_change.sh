#!/usr/bin/env bash
# rdata 1.1.0: R 3.5 and later save some vectors as what they were made from, and rdata makes others of
# it, without a warning. 10:1 comes back as 10:3, since a sequence that goes down ends two numbers early
# (in a data frame, it raises). Numbers that became text have the text "nan" in place of a missing value,
# so that a column of codes gets a level more, and "0.30000000000000004" in place of "0.3". The files are
# what saveRDS(x, compress = FALSE) of R 4.2.2 writes, in base64.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check rdata==1.1.0 pandas==3.1.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import base64
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path

import rdata

print("rdata", version("rdata"))
saved = {
    "10:1": (
        "WAoAAAADAAQCAgADBQAAAAAFVVRGLTgAAADuAAAAAgAAAAEABAAJAAAADmNvbXBhY3RfaW50c2VxAAAA"
        "AgAAAAEABAAJAAAABGJhc2UAAAACAAAADQAAAAEAAAANAAAA/gAAAA4AAAADQCQAAAAAAABAJAAAAAAA"
        "AL/wAAAAAAAAAAAA/g=="
    ),
    "1:10": (
        "WAoAAAADAAQCAgADBQAAAAAFVVRGLTgAAADuAAAAAgAAAAEABAAJAAAADmNvbXBhY3RfaW50c2VxAAAA"
        "AgAAAAEABAAJAAAABGJhc2UAAAACAAAADQAAAAEAAAANAAAA/gAAAA4AAAADQCQAAAAAAAA/8AAAAAAA"
        "AD/wAAAAAAAAAAAA/g=="
    ),
    "as.character(c(1, NA, 0.1 + 0.2))": (
        "WAoAAAADAAQCAgADBQAAAAAFVVRGLTgAAADuAAAAAgAAAAEABAAJAAAAD2RlZmVycmVkX3N0cmluZwAA"
        "AAIAAAABAAQACQAAAARiYXNlAAAAAgAAAA0AAAABAAAAEAAAAP4AAAACAAAADgAAAAM/8AAAAAAAAH/w"
        "AAAAAAeiP9MzMzMzMzQAAAANAAAAAQAAAAAAAAD+"
    ),
    'c("1", NA, "0.3")': (
        "WAoAAAADAAQCAgADBQAAAAAFVVRGLTgAAAAQAAAAAwAEAAkAAAABMQAAAAn/////AAQACQAAAAMwLjM="
    ),
}
read = []
with tempfile.TemporaryDirectory() as folder:
    for name, text in saved.items():
        file = Path(folder, "x.rds")
        file.write_bytes(base64.b64decode(text))
        with warnings.catch_warnings(record=True) as told:
            values = rdata.read_rds(file)
        # NumPy's own, about the missing number that it writes as nan
        assert not [warning for warning in told if "rdata" in warning.filename]
        read.append([None if value is None else str(value) for value in values])
        print(name, "is read as", read[-1])
down, up = [str(i) for i in range(10, 2, -1)], [str(i) for i in range(1, 11)]
assert read == [down, up, ["1", "nan", "0.30000000000000004"], ["1", None, "0.3"]]
PYTHON
