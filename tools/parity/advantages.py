"""Advantages of a batch by their published formulas, in float64, as one JSON document on stdout.

Ragged groups whose rows are interleaved, a group of one, a group of equal scores, observations between policy tokens, a row without
policy tokens. `--verl CHECKOUT` holds the same figures against the functions of a verl checkout (needs torch and numpy) and prints the
largest difference instead; `--seed N` makes another batch.
"""

import argparse
import ast
import json
import math
import random
import re
from pathlib import Path

GAMMA, LAMBDA = 0.875, 0.75


def make(seed):
    draw = random.Random(seed)
    # Multiples of 1/64 are exact in float32 too.
    number = lambda: draw.randint(-128, 128) / 64
    names = ["a", "b", "c", "a", "d", "b", "e", "a", "c", "d", "b", "c"]
    time = 14
    kinds = []
    for row in range(len(names)):
        prompt, end = draw.randint(1, 3), draw.randint(8, time)
        row_kinds = ["prompt" if t < prompt else "padding" if t >= end else "policy" for t in range(time)]
        start = draw.randint(prompt + 1, 6)
        for t in range(start, start + draw.randint(0, 2)):
            row_kinds[t] = "observation"
        kinds.append(row_kinds)
    kinds[5] = ["prompt" if kind == "policy" else kind for kind in kinds[5]]
    policy = [[int(kind == "policy") for kind in row] for row in kinds]
    response = [[int(kind in ("policy", "observation")) for kind in row] for row in kinds]
    scores = [0.5 if name == "c" else number() for name in names]
    rewards = [[number() / 8 if flag else 0 for flag in row] for row in policy]
    values = [[number() for _ in row] for row in policy]
    baselines = {name: number() for name in sorted(set(names))}
    return {
        "gamma": GAMMA,
        "lambda": LAMBDA,
        "groups": names,
        "scores": scores,
        "rewards": rewards,
        "values": values,
        "policyMask": policy,
        "mask": response,
        "baselines": baselines,
    }


def mean(numbers):
    return math.fsum(numbers) / len(numbers)


def deviation(numbers):
    center = mean(numbers)
    return math.sqrt(math.fsum((x - center) ** 2 for x in numbers) / (len(numbers) - 1))


def over(mask, per_token):
    """A grid from a function of a row and the position of the token among those of the mask."""
    grid = [[0.0] * len(row) for row in mask]
    for i, row in enumerate(mask):
        steps = [t for t, flag in enumerate(row) if flag]
        for k, t in enumerate(steps):
            grid[i][t] = per_token(i, k, steps)
    return grid


def gae(batch, mask):
    """Every advantage by its definition: the sum of the discounted temporal differences that follow."""

    def advantage(i, k, steps):
        at = lambda n: batch["values"][i][steps[n]] if n < len(steps) else 0.0
        delta = [batch["rewards"][i][t] + GAMMA * at(n + 1) - at(n) for n, t in enumerate(steps)]
        return math.fsum((GAMMA * LAMBDA) ** (n - k) * delta[n] for n in range(k, len(steps)))

    advantages = over(mask, advantage)
    returns = over(mask, lambda i, k, steps: advantages[i][steps[k]] + batch["values"][i][steps[k]])
    return {"advantages": advantages, "returns": returns}


def to_go(batch, gamma):
    reward = lambda i, t: batch["rewards"][i][t]
    return over(
        batch["policyMask"],
        lambda i, k, steps: math.fsum(gamma ** (n - k) * reward(i, steps[n]) for n in range(k, len(steps))),
    )


def whiten(grid, mask):
    chosen = [x for row, flags in zip(grid, mask) for x, flag in zip(row, flags) if flag]
    center, scale = mean(chosen), math.sqrt(deviation(chosen) ** 2 + 1e-8)
    return over(mask, lambda i, k, steps: (grid[i][steps[k]] - center) / scale)


def measure(batch):
    scores, names, policy = batch["scores"], batch["groups"], batch["policyMask"]
    members = {name: [i for i, other in enumerate(names) if other == name] for name in names}
    dr_grpo, grpo, rloo = [], [], []
    for i, name in enumerate(names):
        own = [scores[j] for j in members[name]]
        others = [scores[j] for j in members[name] if j != i]
        alone = not others
        dr_grpo.append(scores[i] if alone else scores[i] - mean(own))
        grpo.append(dr_grpo[i] / ((1.0 if alone else deviation(own)) + 1e-6))
        rloo.append(scores[i] if alone else scores[i] - mean(others))
    return {
        "gaeSkipObservations": gae(batch, policy),
        "gaeLegacy": gae(batch, batch["mask"]),
        "grpo": grpo,
        "drGrpo": dr_grpo,
        "rloo": rloo,
        "reinforcePlusPlus": {"advantages": whiten(to_go(batch, GAMMA), policy), "returns": to_go(batch, GAMMA)},
        "reinforcePlusPlusBaseline": whiten(over(policy, lambda i, k, steps: dr_grpo[i]), policy),
        "remax": over(
            policy, lambda i, k, steps: to_go(batch, 1.0)[i][steps[k]] - batch["baselines"][batch["groups"][i]]
        ),
    }


def load_verl(checkout):
    """The functions alone, without the imports of their modules."""
    import types
    from collections import defaultdict
    from typing import Any, Optional

    import numpy
    import torch

    def functions(path, wanted, scope):
        for node in ast.parse((Path(checkout) / path).read_text()).body:
            if isinstance(node, ast.FunctionDef) and re.fullmatch(wanted, node.name):
                node.decorator_list = []
                exec(compile(ast.Module([node], []), path, "exec"), scope)
        return scope

    helpers = functions("verl/utils/torch_functional.py", r"masked_\w+", {"torch": torch})
    scope = {"torch": torch, "np": numpy, "defaultdict": defaultdict, "Optional": Optional, "Any": Any, "AlgoConfig": Any}
    scope["verl_F"] = types.SimpleNamespace(**{key: value for key, value in helpers.items() if "masked" in key})
    return functions("verl/trainer/ppo/core_algos.py", r"compute_\w+_(advantage|advantage_return)", scope)


def compare(batch, measured, checkout):
    import numpy
    import torch

    verl = load_verl(checkout)
    tensor = lambda grid: torch.tensor(grid, dtype=torch.float64)
    mask = tensor(batch["policyMask"])
    index = numpy.array(batch["groups"], dtype=object)
    # Outcome estimators take the sum of a row as its score.
    outcome = torch.zeros_like(mask)
    outcome[:, 0] = tensor(batch["scores"])
    # verl starts the return of REINFORCE++ anew at a masked token: without observations in between both are the same.
    compact = lambda grid: tensor(
        [
            [x for x, flag in zip(row, flags) if flag] + [0] * (len(flags) - sum(flags))
            for row, flags in zip(grid, batch["policyMask"])
        ]
    )
    spread = lambda rows: (tensor(rows).unsqueeze(-1) * mask)
    baselines = tensor([batch["baselines"][name] for name in batch["groups"]])
    config = type("Config", (), {"gamma": GAMMA})()
    rewards = tensor(batch["rewards"])
    expected = {
        "gaeSkipObservations": (
            verl["compute_gae_advantage_return"](rewards, tensor(batch["values"]), mask, GAMMA, LAMBDA)[0] * mask,
            tensor(whiten(measured["gaeSkipObservations"]["advantages"], batch["policyMask"])),
        ),
        "grpo": (
            verl["compute_grpo_outcome_advantage"](outcome.clone(), mask, index)[0],
            spread(measured["grpo"]),
        ),
        "drGrpo": (
            verl["compute_grpo_outcome_advantage"](outcome.clone(), mask, index, norm_adv_by_std_in_grpo=False)[0],
            spread(measured["drGrpo"]),
        ),
        "rloo": (verl["compute_rloo_outcome_advantage"](outcome.clone(), mask, index)[0], spread(measured["rloo"])),
        "reinforcePlusPlus": (
            verl["compute_reinforce_plus_plus_outcome_advantage"](
                compact(batch["rewards"]), compact(batch["policyMask"]), config
            )[0],
            compact(measured["reinforcePlusPlus"]["advantages"]),
        ),
        "reinforcePlusPlusBaseline": (
            verl["compute_reinforce_plus_plus_baseline_outcome_advantage"](outcome.clone(), mask, index)[0],
            tensor(measured["reinforcePlusPlusBaseline"]),
        ),
        "remax": (
            verl["compute_remax_outcome_advantage"](rewards, baselines, mask)[0] * mask,
            tensor(measured["remax"]),
        ),
    }
    for name, (theirs, ours) in expected.items():
        print(f"{name}: {(theirs - ours).abs().max().item():.1e}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--verl", metavar="CHECKOUT")
    options = parser.parse_args()
    made = make(options.seed)
    results = measure(made)
    if options.verl:
        compare(made, results, options.verl)
    else:
        print(json.dumps({**made, "expected": results}, separators=(",", ":")))
