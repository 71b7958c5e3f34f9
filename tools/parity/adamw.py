"""Writes what torch.optim.AdamW makes of given gradients in float64, for the tests of @dgpo/lm.

    python adamw.py FILE

Two groups, of which one decays; six updates at falling learning rates; eps 1e-8; the first three gradients are clipped to a global norm of
1, the others are shorter.
"""

import json
import sys
from pathlib import Path

import torch

SIZES = [24, 11]
OPTIONS = {"beta1": 0.9, "beta2": 0.95, "epsilon": 1e-8, "weightDecay": 0.1, "maxGradNorm": 1.0}


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: adamw.py FILE")
    generator = torch.Generator().manual_seed(7)

    def draw(scale: float) -> torch.Tensor:
        return (scale * torch.randn(sum(SIZES), generator=generator)).double()

    initial = draw(1.0)
    parameters = [part.clone().requires_grad_() for part in initial.split(SIZES)]
    optimizer = torch.optim.AdamW(
        [
            {"params": [parameters[0]], "weight_decay": OPTIONS["weightDecay"]},
            {"params": [parameters[1]], "weight_decay": 0.0},
        ],
        betas=(OPTIONS["beta1"], OPTIONS["beta2"]),
        eps=OPTIONS["epsilon"],
    )
    updates = []
    for step in range(1, 7):
        gradients = draw(2.0 if step <= 3 else 1e-4)
        for parameter, gradient in zip(parameters, gradients.split(SIZES)):
            parameter.grad = gradient.clone()
        norm = torch.nn.utils.clip_grad_norm_(parameters, OPTIONS["maxGradNorm"])
        learning_rate = 0.03 / step
        for group in optimizer.param_groups:
            group["lr"] = learning_rate
        optimizer.step()
        updates.append(
            {
                "learningRate": learning_rate,
                "gradients": gradients.tolist(),
                "gradientNorm": norm.item(),
                "parameters": torch.cat([parameter.detach() for parameter in parameters]).tolist(),
            }
        )
    result = {"torch": torch.__version__, "sizes": SIZES, **OPTIONS, "initial": initial.tolist(), "updates": updates}
    Path(sys.argv[1]).write_text(json.dumps(result) + "\n")


main()
