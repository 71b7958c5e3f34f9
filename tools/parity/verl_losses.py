"""Values and gradients of verl's own losses in float64, on the inputs that trl.py stored.

    python verl_losses.py CHECKOUT COMMIT TRL.json OUT.json

Its functions run without the imports of their modules. Gradients are those to the log-probabilities of the policy, or to the values.
"""

import ast
import json
import re
import sys
import types
from pathlib import Path
from typing import Any, Optional

import torch

import trl_source


def load(checkout):
    def functions(path, wanted, **names):
        nodes = [node for node in ast.parse((checkout / path).read_text()).body if isinstance(node, ast.FunctionDef)]
        nodes = [node for node in nodes if re.fullmatch(wanted, node.name)]
        for node in nodes:
            node.decorator_list = []
        return trl_source.execute(nodes, path, trl_source.scope_of(Any=Any, Optional=Optional, **names))

    helpers = functions("verl/utils/torch_functional.py", r"masked_\w+|clip_by_value")
    return functions(
        "verl/trainer/ppo/core_algos.py",
        r"agg_loss|kl_penalty\w*|compute_value_loss|compute_policy_loss_(vanilla|gspo|cispo)",
        verl_F=types.SimpleNamespace(**helpers),
        ActorConfig=Config,
        AlgoConfig=type("AlgoConfig", (), {}),
    )


class Config(types.SimpleNamespace):
    def get(self, name, default):
        return getattr(self, name, default)


def main(checkout, commit, stored, out):
    checkout, batch = Path(checkout), json.loads(Path(stored).read_text())
    verl = load(checkout)
    tensor = lambda name: torch.tensor(batch[name], dtype=torch.float64)
    mask = tensor("mask")
    advantages = tensor("advantages").unsqueeze(1) * torch.ones_like(mask)
    plain = lambda x: [plain(y) for y in x] if isinstance(x, list) else float(f"{x:.13g}")

    def measure(name, compute):
        x = tensor(name).requires_grad_()
        result = compute(x)
        loss, metrics = result if isinstance(result, tuple) else (result, {})
        loss.backward()
        metrics = {key: plain(value) for key, value in metrics.items()} if isinstance(metrics, dict) else {}
        return {"value": plain(loss.item()), "gradient": plain(x.grad.tolist()), "metrics": metrics}

    def policy(kind, mode="token-mean", low=0.2, high=0.28, dual=3.0, scale=None):
        batch_info = {} if scale is None else {"loss_scale_factor": scale}
        config = Config(clip_ratio=0.2, clip_ratio_low=low, clip_ratio_high=high, clip_ratio_c=dual, global_batch_info=batch_info)
        run = verl[f"compute_policy_loss_{kind}"]
        return measure("logProbs", lambda x: run(tensor("oldLogProbs"), x, advantages, mask, mode, config))

    value = lambda x: verl["compute_value_loss"](x, tensor("rewards"), tensor("oldValues"), mask, 0.26)
    kl = lambda kind: measure(
        "logProbs",
        lambda x: verl["agg_loss"](verl["kl_penalty"](x, tensor("referenceLogProbs"), kind), mask, "token-mean"),
    )
    document = {
        "vanilla": {
            mode: policy("vanilla", mode, scale=8 if mode.endswith("norm") else None)
            for mode in ["token-mean", "seq-mean-token-sum", "seq-mean-token-mean", "seq-mean-token-sum-norm"]
        },
        "dualClip": policy("vanilla", dual=1.25),
        "gspo": policy("gspo", low=0.05, high=0.0625),
        "cispo": policy("cispo"),
        "value": measure("values", value),
        "kl": {kind: kl(kind) for kind in ["k1", "k2", "k3", "abs"]},
    }
    source = f"Computed by functions of verl {commit}, Copyright Bytedance Ltd. and/or its affiliates, Apache-2.0; by tools/parity/verl_losses.py."
    Path(out).write_text(json.dumps({"source": source, **document}, separators=(",", ":")) + "\n")


main(*sys.argv[1:])
