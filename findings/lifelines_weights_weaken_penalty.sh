#!/usr/bin/env bash
# lifelines 0.30.3: weights_col of CoxPHFitter.fit says that "a weight of 2 means there were two
# subjects with identical observations". With a penalizer, weights of 2 halve the penalty instead, as
# if it were half as large; rows that are really there twice hardly change the fit (by Efron's ties).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check lifelines==0.30.3 numpy==2.4.6 scipy==1.17.1 pandas==2.3.3
"$folder/env/bin/python" - <<'PYTHON'
import lifelines
import numpy as np
import pandas as pd

rng = np.random.default_rng(0)
X = rng.standard_normal((200, 3))
end, censored = rng.exponential(np.exp(-X @ [1.0, 0.5, 0.0])), rng.exponential(2, 200)
once = pd.DataFrame(X, columns=["a", "b", "c"])
once["time"], once["dead"] = np.minimum(end, censored), (end <= censored).astype(int)
weighted = once.assign(weight=2)
twice = pd.concat([once, once])


def coefficients(rows, penalizer, **options):
    model = lifelines.CoxPHFitter(penalizer=penalizer)
    return model.fit(rows, "time", "dead", **options).params_.to_numpy()


print("lifelines", lifelines.__version__)
shown = {
    "each row once": coefficients(once, 0.5),
    "each row twice": coefficients(twice, 0.5),
    "weights of 2": coefficients(weighted, 0.5, weights_col="weight"),
    "each row once, half the penalizer": coefficients(once, 0.25),
}
for name, found in shown.items():
    print(f"{name}: {found.round(4)}")
first, double, weights, half = shown.values()
assert np.abs(double - first).max() < 0.02
assert np.abs(weights - half).max() < 1e-5
assert np.abs(weights - double).max() > 0.1
free = coefficients(weighted, 0.0, weights_col="weight") - coefficients(once, 0.0)
assert np.abs(free).max() < 1e-5
PYTHON
