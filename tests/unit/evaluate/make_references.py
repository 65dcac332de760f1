#!/usr/bin/python3
"""Writes tests/data/evaluate_references.txt: random cases and what scikit-learn makes of them.

Made with scikit-learn 1.2.1, SciPy 1.10, NumPy 1.24 (Debian 12). DeLong's variance and the
influences of average precision come from plain loops over their definitions below.

One case: `case NAME TASK ROWS CLASSES WEIGHTED`, a line a row (target, weight, probabilities or
prediction), lines `metric NAME VALUE`, `end`. Probabilities are multiples of 1/1000, so the file is
short and there are many ties; rows of each case are exactly 0 and 1.
"""
import sys
import warnings

import numpy as np
from scipy import stats
from sklearn import metrics as m

warnings.filterwarnings("ignore")
rng = np.random.default_rng(20261124)
out = open(sys.argv[1], "w", encoding="ascii")
Z = stats.norm.ppf(0.975)


def put(name, value):
    out.write(f"metric {name} {float(value)!r}\n")


def delong_variance(score, positive):
    """DeLong, DeLong and Clarke-Pearson 1988, equations 4 to 6, by comparing all pairs."""
    x, y = score[positive], score[~positive]
    psi = (x[:, None] > y[None, :]) + 0.5 * (x[:, None] == y[None, :])
    v10, v01 = psi.mean(axis=1), psi.mean(axis=0)
    return v10.var(ddof=1) / len(x) + v01.var(ddof=1) / len(y)


def influence_variance(function, classes, weights):
    """Variance from numerical derivatives of a statistic by each row's weight."""
    total, h = 0.0, 1e-5
    for c in np.unique(classes):
        d = []
        for i in np.flatnonzero((classes == c) & (weights > 0)):
            up, down = weights.copy(), weights.copy()
            up[i] *= 1 + h
            down[i] *= 1 - h
            d.append((function(up) - function(down)) / (2 * h))
        if len(d) < 2:
            return float("nan")
        total += np.var(d, ddof=1) * len(d)
    return total


def wilson(part, whole, n):
    p = part / whole
    middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * np.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return middle - half, middle + half


def kish(w):
    return w.sum() ** 2 / (w ** 2).sum()


def calibration(p, hit, w):
    bins = np.minimum((p * 10).astype(int), 9)
    gaps, sizes = [], []
    for b in range(10):
        rows = bins == b
        if w[rows].sum() > 0:
            gaps.append(abs(np.average(p[rows], weights=w[rows])
                            - np.average(hit[rows], weights=w[rows])))
            sizes.append(w[rows].sum())
    return np.dot(gaps, sizes) / np.sum(sizes), max(gaps)


def labels_and_averages(t, l, w):
    put("accuracy", m.accuracy_score(t, l, sample_weight=w))
    put("balanced_accuracy", m.balanced_accuracy_score(t, l, sample_weight=w))
    put("mcc", m.matthews_corrcoef(t, l, sample_weight=w))
    put("cohen_kappa", m.cohen_kappa_score(t, l, sample_weight=w))
    for average in ("macro", "weighted", "micro"):
        for name, f in (("precision", m.precision_score), ("recall", m.recall_score),
                        ("f1", m.f1_score)):
            put(f"{name}_{average}", f(t, l, average=average, sample_weight=w, zero_division=0))
    for average in ("macro", "weighted"):
        put(f"jaccard_{average}",
            m.jaccard_score(t, l, average=average, sample_weight=w, zero_division=0))


def binary_intervals(t, l, p, w, weighted, area, average):
    low, high = wilson(w[t == l].sum(), w.sum(), kish(w))
    put("accuracy.low", low)
    put("accuracy.high", high)
    union = (t == 1) | (l == 1)
    low, high = wilson(w[(t == 1) & (l == 1)].sum(), w[union].sum(), kish(w[union]))
    put("f1.low", 2 * low / (1 + low))
    put("f1.high", 2 * high / (1 + high))
    if weighted:
        variance = influence_variance(lambda v: m.roc_auc_score(t, p, sample_weight=v), t, w)
    else:
        variance = delong_variance(p, t == 1)
    if variance > 1e-9:
        put("roc_auc.low", max(0, area - Z * np.sqrt(variance)))
        put("roc_auc.high", min(1, area + Z * np.sqrt(variance)))
    variance = influence_variance(
        lambda v: m.average_precision_score(t, p, sample_weight=v), t, w)
    if average < 1:
        logit = np.log(average / (1 - average))
        half = Z * np.sqrt(variance) / (average * (1 - average))
        put("average_precision.low", 1 / (1 + np.exp(half - logit)))
        put("average_precision.high", 1 / (1 + np.exp(-half - logit)))


def binary(index):
    n = int(rng.integers(4, 70))
    t = rng.integers(0, 2, n)
    t[:4] = [0, 0, 1, 1]
    p = 0.5 + 0.25 * (2 * t - 1) * rng.random() + 0.3 * rng.normal(size=n)
    p = np.clip(np.round(p, 3 if index % 3 else 1), 0, 1)
    p[0], p[-1] = 1.0, 0.0
    weighted = index % 2
    w = rng.integers(0, 5, n) / (1 if index % 4 == 1 else 4) if weighted else np.ones(n)
    w[:4] = np.maximum(w[:4], 0.5)
    out.write(f"case binary_{index} binary {n} 2 {weighted}\n")
    for i in range(n):
        out.write(f"{t[i]} {float(w[i])!r} {round(1 - p[i], 3)!r} {float(p[i])!r}\n")
    l = (p >= 0.5).astype(int)
    labels_and_averages(t, l, w)
    put("precision", m.precision_score(t, l, sample_weight=w, zero_division=0))
    put("recall", m.recall_score(t, l, sample_weight=w, zero_division=0))
    put("f1", m.f1_score(t, l, sample_weight=w, zero_division=0))
    put("f0_5", m.fbeta_score(t, l, beta=0.5, sample_weight=w, zero_division=0))
    put("f2", m.fbeta_score(t, l, beta=2, sample_weight=w, zero_division=0))
    put("jaccard", m.jaccard_score(t, l, sample_weight=w, zero_division=0))
    specificity = m.recall_score(t, l, pos_label=0, sample_weight=w, zero_division=0)
    put("specificity", specificity)
    put("negative_predictive_value",
        m.precision_score(t, l, pos_label=0, sample_weight=w, zero_division=0))
    put("false_positive_rate", 1 - specificity)
    put("false_negative_rate", 1 - m.recall_score(t, l, sample_weight=w))
    put("informedness", m.balanced_accuracy_score(t, l, sample_weight=w, adjusted=True))
    ratios = m.class_likelihood_ratios(t, l, sample_weight=w)
    put("likelihood_ratio_positive", ratios[0])
    put("likelihood_ratio_negative", ratios[1])
    area = m.roc_auc_score(t, p, sample_weight=w)
    average = m.average_precision_score(t, p, sample_weight=w)
    put("roc_auc", area)
    put("gini", 2 * area - 1)
    put("average_precision", average)
    fpr, tpr, _ = m.roc_curve(t, p, sample_weight=w, drop_intermediate=False)
    put("ks_statistic", np.max(np.abs(tpr - fpr)))
    put("log_loss", m.log_loss(t, np.c_[1 - p, p], sample_weight=w))
    put("brier_score", m.brier_score_loss(t, p, sample_weight=w))
    ece, mce = calibration(p, t, w)
    put("expected_calibration_error", ece)
    put("maximum_calibration_error", mce)
    binary_intervals(t, l, p, w, weighted, area, average)
    out.write("end\n")


def multiclass_probabilities(t, n, k):
    z = rng.normal(size=(n, k))
    z[np.arange(n), t] += 2 * rng.random()
    p = np.round(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True), 3)
    p[:, -1] = np.abs(np.round(1 - p[:, :-1].sum(axis=1), 3))
    for i in range(n):  # no ties within a row: top-k and argmax break them differently
        if len(np.unique(p[i])) < k:
            p[i] = np.round(np.roll(np.arange(1, k + 1) / (k * (k + 1) / 2), i), 3)
            p[i, -1] = np.round(1 - p[i, :-1].sum(), 3)
    p[0] = np.eye(k)[1]
    return p


def multiclass(index):
    k = int(rng.integers(3, 7))
    n = int(rng.integers(3 * k, 90))
    t = np.r_[np.arange(k), np.arange(k), rng.integers(0, k, n - 2 * k)]
    p = multiclass_probabilities(t, n, k)
    weighted = index % 2
    w = rng.integers(1, 5, n) / 2 if weighted else np.ones(n)
    out.write(f"case multiclass_{index} multiclass {n} {k} {weighted}\n")
    for i in range(n):
        out.write(f"{t[i]} {float(w[i])!r} " + " ".join(repr(float(v)) for v in p[i]) + "\n")
    l = p.argmax(axis=1)
    labels_and_averages(t, l, w)
    put("cohen_kappa_linear", m.cohen_kappa_score(t, l, weights="linear", sample_weight=w))
    put("cohen_kappa_quadratic",
        m.cohen_kappa_score(t, l, weights="quadratic", sample_weight=w))
    put("log_loss", m.log_loss(t, p, sample_weight=w))
    put("brier_score", np.average(((p - np.eye(k)[t]) ** 2).sum(axis=1), weights=w))
    top = m.top_k_accuracy_score(t[1:], p[1:], k=2, sample_weight=w[1:], labels=range(k),
                                 normalize=False)
    put("top_2_accuracy", (top + w[0]) / w.sum())  # the first row, 0 of 0 1 0 …, by hand

    def areas(v):
        return [m.roc_auc_score(t == c, p[:, c], sample_weight=v) for c in range(k)]

    put("roc_auc", np.mean(areas(w)))
    put("roc_auc_ovr_weighted", np.average(areas(w), weights=[w[t == c].sum() for c in range(k)]))
    put("average_precision", np.mean([m.average_precision_score(t == c, p[:, c], sample_weight=w)
                                      for c in range(k)]))
    if not weighted:
        put("roc_auc_ovo", m.roc_auc_score(t, p, multi_class="ovo"))
        put("roc_auc_ovo_weighted", m.roc_auc_score(t, p, multi_class="ovo", average="weighted"))
    ece, mce = calibration(p.max(axis=1), (t == l).astype(float), w)
    put("expected_calibration_error", ece)
    put("maximum_calibration_error", mce)
    variance = influence_variance(lambda v: np.mean(areas(v)), t, w)
    put("roc_auc.low", max(0, np.mean(areas(w)) - Z * np.sqrt(variance)))
    out.write("end\n")


def regression_rows(index, n):
    scale = 10.0 ** int(rng.integers(-2, 5))
    if index % 3 == 0:  # positive: for logarithms and deviances
        y = np.round(rng.gamma(2, 1, n) + 0.01, 3) * scale
        p = np.round(np.abs(y / scale + 0.3 * rng.normal(size=n)) + 0.01, 3) * scale
    else:  # far from 0 at times
        y = (np.round(rng.normal(size=n), 3) + int(rng.integers(0, 3)) * 50) * scale
        p = np.round(y / scale + 0.4 * rng.normal(size=n) + 0.1, 3) * scale
    return y, p


def regression(index):
    n = int(rng.integers(5, 80))
    y, p = regression_rows(index, n)
    weighted = index % 2
    w = rng.integers(1, 5, n) / 2 if weighted else np.ones(n)
    out.write(f"case regression_{index} regression {n} 0 {weighted}\n")
    for i in range(n):
        out.write(f"{float(y[i])!r} {float(w[i])!r} {float(p[i])!r}\n")
    put("mae", m.mean_absolute_error(y, p, sample_weight=w))
    put("mse", m.mean_squared_error(y, p, sample_weight=w))
    put("rmse", m.mean_squared_error(y, p, sample_weight=w, squared=False))
    put("r2", m.r2_score(y, p, sample_weight=w))
    put("explained_variance", m.explained_variance_score(y, p, sample_weight=w))
    put("bias", np.average(p - y, weights=w))
    put("max_error", m.max_error(y, p))
    if np.all(y != 0):
        put("mape", m.mean_absolute_percentage_error(y, p, sample_weight=w))
    else:
        put("mape", float("nan"))
    put("wape", np.dot(w, abs(p - y)) / np.dot(w, abs(y)))
    put("smape", np.average(2 * abs(p - y) / (abs(y) + abs(p)), weights=w))
    put("pinball", m.mean_pinball_loss(y, p, sample_weight=w, alpha=0.5))
    put("pinball_10", m.mean_pinball_loss(y, p, sample_weight=w, alpha=0.1))
    put("pinball_90", m.mean_pinball_loss(y, p, sample_weight=w, alpha=0.9))
    repeated = np.repeat(np.arange(n), (2 * w).astype(int))  # weights are multiples of a half
    put("median_absolute_error", np.median(abs(p - y)[repeated]))
    put("pearson", stats.pearsonr(y[repeated], p[repeated])[0])
    put("spearman", stats.spearmanr(y[repeated], p[repeated])[0])
    if index % 3 == 0:
        put("msle", m.mean_squared_log_error(y, p, sample_weight=w))
        put("rmsle", np.sqrt(m.mean_squared_log_error(y, p, sample_weight=w)))
        put("poisson_deviance", m.mean_poisson_deviance(y, p, sample_weight=w))
        put("gamma_deviance", m.mean_gamma_deviance(y, p, sample_weight=w))
    out.write("end\n")


for i in range(50):
    binary(i)
for i in range(40):
    multiclass(i)
for i in range(50):
    regression(i)
