#!/usr/bin/env python3
"""Writes special_reference.h: values to 40 digits by mpmath, rounded to double, with tolerances.

Arguments are exact doubles. The last number of a row is the relative error allowed, in units of
2^-52; it stands near what is measured and only ever shrinks.
"""
import mpmath as mp

mp.mp.dps = 40
f = mp.mpf


def beta(a, b, x, upper):
    a, b, x = f(a), f(b), f(x)
    if upper:
        return mp.betainc(b, a, 0, 1 - x, regularized=True)
    return mp.betainc(a, b, 0, x, regularized=True)


def gamma(a, x, upper):
    return mp.gammainc(f(a), f(x), mp.inf, regularized=True) if upper else \
        mp.gammainc(f(a), 0, f(x), regularized=True)


def normal(x, upper):
    return mp.erfc((f(x) if upper else -f(x)) / mp.sqrt(2)) / 2


def student(t, v, upper):
    t, v = f(t), f(v)
    near = beta(v / 2, f(1) / 2, v / (v + t * t), False) / 2
    return near if (t > 0) == upper else 1 - near


def fisher(x, a, b, upper):
    x, a, b = f(x), f(a), f(b)
    s = a * x / (a * x + b)
    return beta(a / 2, b / 2, s, upper)


def binomial(k, n, p, upper):
    p = f(p)
    js = range(k + 1, n + 1) if upper else range(0, k + 1)
    return sum(mp.binomial(n, j) * p**j * (1 - p)**(n - j) for j in js)


def kolmogorov(x, upper):
    s = 2 * sum((-1)**(k - 1) * mp.exp(-2 * k * k * f(x)**2) for k in range(1, 61))
    return s if upper else 1 - s


rows = []


def row(function, value, tolerance, *arguments):
    a = [repr(float(x)) for x in arguments] + ["0"] * (4 - len(arguments))
    rows.append(f"\t{{ {function}, {{ {', '.join(a)} }}, {mp.nstr(value, 17)}, {tolerance} }},")


for x in (1e-10, 0.1, 0.5, 0.999, 1.5, 2.75, 10, 171.5, 1e5, 1e15):
    row("LOG_GAMMA", mp.loggamma(f(x)), 8, x)
for a, b in ((0.1, 0.2), (1, 3), (5, 12), (0.5, 1e6), (20, 30), (1e5, 1e5), (1e8, 12), (9.5, 1e10)):
    row("LOG_BETA", mp.log(mp.beta(f(a), f(b))), 16, a, b)
for a, x in ((0.5, 0.1), (0.5, 8), (1, 1), (3, 0.001), (3, 20), (10, 10), (50, 20), (50, 100),
             (500, 500), (500, 430), (1e4, 1.02e4)):
    for upper in (0, 1):
        row("GAMMA", gamma(a, x, upper), 64, a, x, upper)
for a, b, x in ((0.5, 0.5, 0.1), (1, 1, 0.25), (2, 3, 0.6), (0.5, 20, 0.01), (5, 0.5, 0.99),
                (30, 40, 0.5), (300, 400, 0.43), (2000, 2000, 0.5), (4000, 20, 0.998),
                (12.5, 0.5, 0.2), (3, 100, 0.3)):
    for upper in (0, 1):
        row("BETA", beta(a, b, x, upper), 128, a, b, x, upper)
for x in (-1, -0.75, -0.3, -1e-8, 1e-300, 0.1, 0.5, 0.9, 0.999, 1 - 2**-40):
    if abs(x) < 1:
        row("ERF_INVERSE", mp.erfinv(f(x)), 8, x)
for x in (-38, -12.5, -5, -1.2, -0.1, 0, 0.3, 2, 6, 20):
    for upper in (0, 1):
        row("NORMAL", normal(x, upper), 8, x, upper)
for x in (-1e10, -300, -38.5, -10, -9.99, -1, 0, 3, 8, 12):
    row("NORMAL_LOG", mp.log1p(-normal(x, 1)) if x > 0 else mp.log(normal(x, 0)) if x > -1000 else
        -f(x)**2 / 2 - mp.log(-f(x)) - mp.log(2 * mp.pi) / 2, 8, x, 0)
for p in (1e-300, 1e-20, 1e-5, 0.025, 0.3, 0.5, 0.7, 0.975, 1 - 2**-40):
    q = mp.sqrt(2) * mp.erfinv(2 * f(p) - 1) if p > 1e-15 else \
        mp.findroot(lambda x: mp.log(normal(x, 0)) - mp.log(f(p)), -mp.sqrt(-2 * mp.log(f(p))))
    row("NORMAL_QUANTILE", q, 8, p, 0)
for t, v in ((0.5, 1), (-2, 3), (2.5, 10), (12, 10), (1e-3, 5), (1e5, 2), (3, 1000), (30, 30)):
    for upper in (0, 1):
        row("STUDENT", student(t, v, upper), 128, t, v, upper)
for x, a, b in ((1, 1, 1), (3.5, 2, 10), (0.2, 10, 4), (40, 5, 60), (1.1, 500, 700), (1e-4, 3, 3)):
    for upper in (0, 1):
        row("FISHER", fisher(x, a, b, upper), 128, x, a, b, upper)
for x, v in ((0.1, 1), (3.84, 1), (10, 5), (100, 20), (0.001, 4), (1000, 1000)):
    for upper in (0, 1):
        row("CHI_SQUARE", gamma(f(v) / 2, f(x) / 2, upper), 64, x, v, upper)
for k, n, p in ((0, 10, 0.1), (3, 10, 0.5), (9, 10, 0.99), (40, 100, 0.2), (500, 1000, 0.5),
                (2, 1000, 0.01)):
    for upper in (0, 1):
        row("BINOMIAL", binomial(k, n, p, upper), 128, k, n, p, upper)
    row("BINOMIAL_PMF", mp.binomial(n, k) * f(p)**k * (1 - f(p))**(n - k), 64, k, n, p)
for x in (0.2, 0.5, 0.99, 1.0, 1.36, 2, 5):
    for upper in (0, 1):
        row("KOLMOGOROV", kolmogorov(x, upper), 64, x, upper)
for p, v in ((0.025, 9), (1e-10, 3), (0.4, 1), (0.975, 200)):
    guess = {(0.025, 9): 2.26, (1e-10, 3): 1000, (0.4, 1): 0.3, (0.975, 200): -1.97}[(p, v)]
    row("STUDENT_QUANTILE", mp.findroot(lambda t: mp.log(student(t, v, True) / f(p)), guess), 64, p, v, 1)
for p, v, guess in ((0.05, 1, 3.84), (0.95, 10, 3.9), (1e-8, 4, 42), (0.5, 1000, 999)):
    row("CHI_SQUARE_QUANTILE", mp.findroot(lambda x: mp.log(gamma(f(v) / 2, x / 2, 1) / f(p)), guess), 64, p, v, 1)
for p, a, b, guess in ((0.025, 8, 3, (0.4, 0.5)), (0.5, 0.5, 0.5, (0.4, 0.7)),
                         (0.975, 500, 20, (0.97, 0.98))):
    row("BETA_QUANTILE", mp.findroot(lambda x: mp.log(beta(a, b, x, 0) / f(p)), guess, solver="anderson"), 64, p, a, b, 0)

print("/* Written by special_reference.py (mpmath, 40 digits). Do not edit. */")
print("static const struct reference references[] = {")
print("\n".join(rows))
print("};")
