"""The data file: the one contract between whatever makes data and everything after it.

``results/data/<dataset>/<chunk>.npz`` holds plain arrays. A file written by any rule is a data
set if it has ``X`` of shape (n_replicates, n_samples, n_features) and ``y`` of shape
(n_replicates, n_samples), and either ``X_test`` and ``y_test`` of the same shapes (held-out
rows), or the truth: ``coef`` (n_features,), and optionally ``intercept``, ``noise_var`` (1 if
absent), and the law of the features, either as ``population`` (n_rows, n_features), rows of equal
probability, or as ``covariance`` (n_features, n_features; identity if absent) and ``mean``
(n_features,; zero if absent). A ``y`` of zeros and ones is a binary response; ``response`` names
another kind: ``multinomial``, with ``y`` the numbers of the classes from zero on and ``coef`` of
shape (n_classes, n_features), or ``poisson``, with ``dispersion`` (0 if absent).
Optional ``groups`` and ``time`` (n_replicates, n_samples) say which rows the folds keep together,
and that they test on what follows; ``weights``, of the same shape, and with held-out rows
``weights_test``, of that of ``y_test``, are positive weights of the rows in every fit and every
error. Simulated files
hold several scenarios, their arrays named ``X.0``, ``X.1``, …, and the scenarios themselves as
JSON, from which the truth is rebuilt. In place of these arrays a simulated file may hold their
*recipe*: the range of replicates, and for each scenario the digests of its replicates,
``digest.0``, ``digest.1``, …, by which whoever draws the arrays again knows that they are the same.
"""
