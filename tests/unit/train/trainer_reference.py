#!/usr/bin/env python3
"""Writes trainer_reference.h: the wine data and what scikit-learn 1.9 makes of it, tol 1e-12.

Features are standardised with the population deviation. "few" keeps the first three features, which
do not separate class 1 from the rest.
"""
import warnings
import numpy as np
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")
raw, y = load_wine(return_X_y=True)
X = StandardScaler().fit_transform(raw)
few, yes = X[:, :3], (y == 1).astype(int)
weights = (np.arange(len(y)) % 5) * 0.5


def numbers(values):
    return ", ".join(repr(float(v)) for v in np.ravel(values))


def logistic(name, x, target, sample_weight=None, **settings):
    settings = {"tol": 1e-12, "max_iter": 1000000, **settings}
    model = LogisticRegression(**settings).fit(x, target, sample_weight=sample_weight)
    coefficients = np.array(model.coef_)
    intercepts = np.array(model.intercept_)
    if len(intercepts) > 1:
        intercepts = intercepts - intercepts.mean()
    print(f"static const double {name}[] = {{ {numbers(np.c_[coefficients, intercepts])} }};")


print("/* Written by trainer_reference.py. Do not edit.")
print(" * Wine: https://archive.ics.uci.edu/dataset/109/wine, CC BY 4.0. */")
print("enum { WINE_ROWS = %d, WINE_FEATURES = %d };" % raw.shape)
print("static const double wine_raw[WINE_ROWS][WINE_FEATURES] = {")
for row in raw:
    print("\t{ %s }," % ", ".join("%.17g" % v if float("%g" % v) != v else "%g" % v for v in row))
print("};")
print("static const unsigned int wine_classes[WINE_ROWS] = { %s };" % ", ".join(map(str, y)))
print("/* each: coefficients of an output, then its intercept */")
logistic("softmax_l2", X, y)
logistic("softmax_l2_weak", X, y, C=0.05, class_weight="balanced")
logistic("softmax_weighted", X, y, sample_weight=weights)
logistic("softmax_l1", X, y, l1_ratio=1, C=0.5, solver="saga")
logistic("softmax_elastic", X, y, l1_ratio=0.3, C=0.2, solver="saga")
logistic("binary_l2", few, yes, solver="newton-cholesky")
logistic("binary_none", few, yes, C=np.inf, solver="newton-cholesky")
logistic("binary_balanced", few, yes, C=0.3, class_weight="balanced", solver="newton-cholesky")
logistic("binary_weighted", few, yes, sample_weight=weights, solver="newton-cholesky")
logistic("binary_l1", X, yes, l1_ratio=1, C=0.3, solver="saga")
logistic("binary_elastic", X, yes, l1_ratio=0.5, C=0.3, solver="saga")
logistic("binary_bare", few, yes, fit_intercept=False, solver="newton-cholesky")
ridge = Ridge(alpha=3.0, solver="svd").fit(X[:, 1:], raw[:, 0], sample_weight=weights)
print(f"static const double ridge_weighted[] = {{ {numbers(ridge.coef_)}, {numbers(ridge.intercept_)} }};")
