"""What scipy makes of given values, for packages/arc/src/statistics/scipy-parity.test.ts.

Percentile bootstrap of one and of paired samples, the exact and the sampled paired permutation test, and the binomial test behind McNemar's.

    python arc_statistics.py packages/arc/src/statistics/__fixtures__/scipy.json
"""

import json
import platform
import sys

import numpy as np
import scipy
from scipy import stats

RESAMPLES = 200_000


def interval(data, confidence, paired=False):
    statistic = (lambda a, b, axis: np.mean(b - a, axis=axis)) if paired else (lambda a, axis: np.mean(a, axis=axis))
    result = stats.bootstrap(
        data, statistic, method="percentile", n_resamples=RESAMPLES, confidence_level=confidence, paired=paired,
        vectorized=True, batch=2000, rng=np.random.default_rng(1),
    )
    return {
        "confidence": confidence,
        "low": float(result.confidence_interval.low),
        "high": float(result.confidence_interval.high),
        "standardError": float(result.standard_error),
    }


def permutation(baseline, candidate, resamples):
    result = stats.permutation_test(
        (candidate, baseline), lambda x, y, axis: np.mean(x - y, axis=axis), permutation_type="samples",
        vectorized=True, n_resamples=resamples, batch=5000, alternative="two-sided", rng=np.random.default_rng(2),
    )
    return {"meanDifference": float(result.statistic), "pValue": float(result.pvalue)}


def rounded(values):
    return [round(float(value), 3) for value in values]


def main(path):
    rng = np.random.default_rng(0)
    samples = {
        "right and wrong": rounded(rng.random(200) < 0.3),
        "word overlap": rounded(np.where(rng.random(120) < 0.4, 1.0, rng.beta(0.5, 2, 120))),
        "searches": rounded(rng.poisson(1.8, 80)),
        "tokens": rounded(rng.lognormal(5, 1, 60)),
        "few": rounded(rng.normal(0, 1, 8)),
    }
    pairs = {}
    for name, count in {"small": 7, "ties": 12, "largest enumerated": 16, "sampled": 60}.items():
        baseline = rng.random(count)
        candidate = baseline + rng.normal(0.15, 0.4, count)
        if name == "ties":
            baseline, candidate = np.round(baseline * 2) / 2, np.round(np.clip(candidate, 0, 1) * 2) / 2
        pairs[name] = (rounded(baseline), rounded(candidate))

    result = {
        "madeWith": f"scipy {scipy.__version__}, numpy {np.__version__}, Python {platform.python_version()}",
        "resamples": RESAMPLES,
        "bootstrap": [
            {"name": name, "values": values, "mean": float(np.mean(values)),
             "intervals": [interval((values,), confidence) for confidence in (0.95, 0.8)]}
            for name, values in samples.items()
        ],
        "paired": [
            {"name": name, "baseline": baseline, "candidate": candidate,
             "interval": interval((np.array(baseline), np.array(candidate)), 0.95, paired=True),
             # scipy enumerates all sign patterns where there are no more than it may draw
             **permutation(np.array(baseline), np.array(candidate), RESAMPLES)}
            for name, (baseline, candidate) in pairs.items()
        ],
        "mcnemar": [
            {"baselineOnly": b, "candidateOnly": c, "pValue": float(stats.binomtest(b, b + c, 0.5).pvalue)}
            for b, c in [(0, 1), (0, 9), (1, 5), (3, 4), (12, 30), (100, 141), (250, 249), (1200, 1350), (40_000, 40_600)]
        ],
        "quantiles": [
            {"values": sorted(values), "probability": p, "quantile": float(np.quantile(values, p))}
            for values in (samples["few"], samples["searches"]) for p in (0.0, 0.025, 0.1, 0.5, 0.975, 1.0)
        ],
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(result, file)
        file.write("\n")


main(sys.argv[1])
