#!/usr/bin/env bash
# pyspark 4.3.0: GeneralizedLinearRegression multiplies regParam by the mean weight of its last
# least-squares step. With counts that is their mean: for counts ten times as large the same regParam
# is ten times the L2 penalty, and the documented objective, the mean of the loss with
# regParam/2 |b|^2, is not what is minimised. With two classes the factor is the mean of p(1-p), so
# that the same ridge by LogisticRegression is another model. Nothing says so.
# It needs Java 17 or later.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check pyspark==4.3.0 numpy==2.4.6 pandas==2.3.3 scipy==1.17.1 setuptools==80.9.0
"$folder/env/bin/python" - <<'PYTHON' 2>/dev/null
import numpy as np
import pyspark
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.functions import array_to_vector
from pyspark.ml.regression import GeneralizedLinearRegression
from pyspark.sql import SparkSession
from scipy.optimize import minimize
import pandas as pd

spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", False).getOrCreate()
rng = np.random.default_rng(0)
X = rng.standard_normal((200, 3))
X = (X - X.mean(0)) / X.std(0)


def frame(y):
    rows = pd.DataFrame({"label": y.astype(float), "values": X.tolist()})
    return spark.createDataFrame(rows).withColumn("features", array_to_vector("values"))


def counts(y, strength):
    def objective(b):
        eta = b[0] + X @ b[1:]
        slope = np.exp(eta) - y
        value = (np.exp(eta) - y * eta).mean() + strength / 2 * b[1:] @ b[1:]
        return value, np.r_[slope.mean(), X.T @ slope / len(y) + strength * b[1:]]

    start = np.r_[np.log(y.mean()), np.zeros(3)]
    return minimize(objective, start, jac=True, method="BFGS", options={"gtol": 1e-9}).x[1:]


print("pyspark", pyspark.__version__)
for size in (1.0, 10.0):
    y = rng.poisson(size * np.exp(X @ [0.5, -0.4, 0.2])).astype(float)
    model = GeneralizedLinearRegression(family="poisson", regParam=0.3, tol=1e-12, maxIter=200)
    found = model.fit(frame(y)).coefficients.toArray()
    asked, other = counts(y, 0.3), counts(y, 0.3 * y.mean())
    print(f"mean count {y.mean():.2f}: found {found.round(4)}")
    print(f"    minimum at regParam {asked.round(4)}, at regParam times the mean {other.round(4)}")
    assert np.abs(found - other).max() < 1e-6
    assert np.abs(found - asked).max() > 0.02
y = (X @ [1.0, -1.0, 0.5] + rng.logistic(size=200) > 0).astype(float)
ridge = GeneralizedLinearRegression(family="binomial", regParam=0.3, tol=1e-12, maxIter=200)
fit = ridge.fit(frame(y))
first = fit.coefficients.toArray()
p = 1 / (1 + np.exp(-(fit.intercept + X @ first)))
logistic = {
    strength: LogisticRegression(regParam=strength, standardization=False, tol=1e-12, maxIter=1000)
    .fit(frame(y)).coefficients.toArray()
    for strength in (0.3, float(0.3 * (p * (1 - p)).mean()))
}
print("two classes:", first.round(4))
for strength, found in logistic.items():
    print(f"    LogisticRegression at {strength:.4f}: {found.round(4)}")
same, scaled = logistic.values()
assert np.abs(first - same).max() > 0.1
assert np.abs(first - scaled).max() < 1e-4
spark.stop()
PYTHON
