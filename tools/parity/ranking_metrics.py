"""What trec_eval (through pytrec_eval) measures of random runs, as one JSON document on stdout.

Graded and negative relevance, ties (also of scores that only differ beyond float32), queries without judgements, without results and
without anything relevant. `--queries N --documents N --seed N`; the fixture of the package is the default.
"""

import argparse
import json
import random

import pytrec_eval

CUTOFFS = [1, 3, 5, 10, 20]
FAMILIES = ["ndcg_cut", "map_cut", "recall", "P", "success"]


def make(seed, queries, documents):
    draw = random.Random(seed)
    names = [f"d{number}" for number in range(documents)] + ["é", "\uff5e", "\U0001f600", "Z", "a"]
    qrels, run = {}, {}
    for number in range(queries):
        query = f"q{number}"
        kind = draw.random()
        judged = draw.sample(names, draw.randint(1, min(20, len(names))))
        # The relevance: mostly 0 and 1, some graded, some negative (spam); now and then nothing is relevant.
        # Not below -1: trec_eval then writes out of bounds.
        grades = [0] if kind < 0.08 else [-1, 0, 0, 0, 1, 1, 2, 3]
        if kind < 0.92:
            qrels[query] = {name: draw.choice(grades) for name in judged}
        if 0.16 < kind:
            found = draw.sample(names, draw.randint(1, len(names)))
            scores = {}
            for name in found:
                score = draw.choice([draw.random() * 20 - 5, float(draw.randint(0, 4)), 1 + draw.random() * 1e-8])
                scores[name] = score
            run[query] = scores
    return qrels, run


def measure(qrels, run):
    cut = ",".join(map(str, CUTOFFS))
    measures = {"map", "ndcg", "recip_rank"} | {f"{family}.{cut}" for family in FAMILIES}
    per_query = pytrec_eval.RelevanceEvaluator(qrels, measures).evaluate(run)
    names = sorted(next(iter(per_query.values())))
    mean = {name: sum(figures[name] for figures in per_query.values()) / len(per_query) for name in names}
    # trec_eval -c: judged queries without results count 0.
    complete = {name: value * len(per_query) / len(qrels) for name, value in mean.items()}
    return {"per_query": per_query, "mean": mean, "complete": complete}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--queries", type=int, default=14)
    parser.add_argument("--documents", type=int, default=25)
    options = parser.parse_args()
    qrels, run = make(options.seed, options.queries, options.documents)
    document = {"cutoffs": CUTOFFS, "qrels": qrels, "run": run, **measure(qrels, run)}
    print(json.dumps(document, sort_keys=True, separators=(",", ":")))
