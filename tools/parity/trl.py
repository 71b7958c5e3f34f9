"""Values and gradients of TRL's own losses, advantages and corrections on stored inputs, in float64.

    python trl.py RL.json DISTILL.json --ppo CHECKOUT [--trl CHECKOUT]

A checkout is a folder that holds the package `trl` (a repository, or an unpacked wheel); without `--trl` it is the installed one.
`--ppo` is a version that still has a PPO trainer. Methods run on stubs of their trainer; what stands in the middle of a long method is
cut out of it. Gradients are those to the log-probabilities of the policy, unless said otherwise.
"""

import argparse
import json
import random
import types
from collections import defaultdict

import torch

import trl_source

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("rl")
parser.add_argument("distill")
parser.add_argument("--ppo", required=True)
parser.add_argument("--trl")
options = parser.parse_args()
folder, ppo = trl_source.locate(options.trl), trl_source.locate(options.ppo)
GRPO, RLOO, PPO = "trainer/grpo_trainer.py", "trainer/rloo_trainer.py", "trainer/ppo_trainer.py"
GKD = "experimental/gkd/gkd_trainer.py"
SERVER = "experimental/server_distillation/server_distillation_trainer.py"
IW_OPD = "experimental/iw_opd/iw_opd_trainer.py"

draw = random.Random(11)
# Multiples of 1/64 are exact in float32 too.
number = lambda low, high: draw.randint(round(low * 64), round(high * 64)) / 64
tensor = lambda values: torch.tensor(values, dtype=torch.float64)


def plain(value):
    """Of a tensor, to 13 digits."""
    if isinstance(value, torch.Tensor):
        value = value.tolist()
    return [plain(x) for x in value] if isinstance(value, list) else float(f"{value:.13g}")


def measure(variable, compute):
    variable = tensor(variable).requires_grad_()
    loss = compute(variable)
    loss.backward()
    return {"value": plain(loss), "gradient": plain(variable.grad)}


ROWS, TIME, VOCABULARY = 6, 6, 5
grid = lambda low, high: [[number(low, high) for _ in range(TIME)] for _ in range(ROWS)]
shifted = lambda base, by: [[x + number(-by, by) for x in row] for row in base]
lengths = [6, 3, 5, 1, 4, 6]
completion_mask = [[int(t < length) for t in range(TIME)] for length in lengths]
tool_mask = [[1] * TIME for _ in lengths]
tool_mask[0][2] = tool_mask[0][3] = tool_mask[4][1] = 0
mask = [[a * b for a, b in zip(*rows)] for rows in zip(completion_mask, tool_mask)]
log_probs = grid(-3, -1)
batch = {
    "mask": mask,
    "completionMask": completion_mask,
    "logProbs": log_probs,
    "oldLogProbs": shifted(log_probs, 0.6),
    "referenceLogProbs": shifted(log_probs, 0.8),
    "samplerLogProbs": shifted(log_probs, 0.5),
    "entropy": grid(0, 1.5),
    "advantages": [1.25, -0.75, 0.5, -1.5, 2, -0.25],
    "scores": [1, 0.25, -0.5, 0.75, 0.75, 0.75],
    "values": grid(-1, 1),
    "oldValues": grid(-1, 1),
    "rewards": grid(-1, 1),
    "tokenIds": [[draw.randrange(VOCABULARY) for _ in range(TIME)] for _ in range(ROWS)],
    "logits": [[[number(-2, 2) for _ in range(VOCABULARY)] for _ in range(TIME)] for _ in range(ROWS)],
}


def accelerator():
    return types.SimpleNamespace(gather=lambda x: x, reduce=lambda x, reduction: x, num_processes=1, sync_gradients=True)


GRPO_DEFAULTS = dict(
    loss_type="grpo",
    importance_sampling_level="token",
    beta=0.0,
    epsilon_low=0.2,
    epsilon_high=0.28,
    max_completion_length=8,
    entropy_coef=0.0,
    use_vllm=False,
)
nan_extremes = {name: trl_source.function(folder, "trainer/utils.py", name) for name in ["nanmin", "nanmax"]}
compute_grpo = trl_source.function(folder, GRPO, "GRPOTrainer._compute_loss", **nan_extremes)


def grpo(log_probs, *, entropies=None, advantages=None, ratio=None, rows_mask=None, bias_correction=False, delta=None, **settings):
    """`_compute_loss` of a trainer that finds these log-probabilities, and the metrics that it logs."""
    settings = {**GRPO_DEFAULTS, **settings}
    entropies = tensor(batch["entropy"]) if entropies is None else entropies
    args = types.SimpleNamespace(use_bias_correction_kl=bias_correction, delta=delta, steps_per_generation=1)
    trainer = types.SimpleNamespace(
        **settings,
        args=args,
        model=types.SimpleNamespace(training=True),
        accelerator=accelerator(),
        aux_loss_enabled=False,
        top_entropy_quantile=1.0,
        off_policy_mask_threshold=None,
        vllm_importance_sampling_correction=True,
        use_adaptive_entropy=False,
        current_gradient_accumulation_steps=1,
        _entropy_bonus_enabled=settings["entropy_coef"] != 0,
        _metrics={"train": defaultdict(list)},
        _get_per_token_logps_and_entropies=lambda *_, **__: (log_probs, entropies, None),
    )
    tokens = tensor(mask if rows_mask is None else rows_mask)
    ids = torch.tensor(batch["tokenIds"])
    inputs = {
        "prompt_ids": ids[:, :1],
        "prompt_mask": torch.ones_like(ids[:, :1]),
        "completion_ids": ids,
        "completion_mask": tensor(completion_mask),
        "tool_mask": tokens,
        "advantages": tensor(batch["advantages"] if advantages is None else advantages),
        "old_per_token_logps": tensor(batch["oldLogProbs"]),
        "ref_per_token_logps": tensor(batch["referenceLogProbs"]),
        "importance_sampling_ratio": ratio,
        "num_items_in_batch": tokens.sum(),
    }
    loss = compute_grpo(trainer, trainer.model, inputs)
    return loss, {name: plain(values[-1]) for name, values in trainer._metrics["train"].items()}


def grpo_case(**settings):
    logged = grpo(tensor(batch["logProbs"]), **settings)[1]
    case = measure(batch["logProbs"], lambda x: grpo(x, **settings)[0])
    wanted = ["clip_ratio/region_mean", "kl", "entropy"]
    return {**case, "metrics": {name: logged[name] for name in wanted if name in logged}}


def vllm_ratio(mode, low=None, high=1.25):
    trainer = types.SimpleNamespace(
        vllm_importance_sampling_mode=mode,
        vllm_importance_sampling_clip_min=low,
        vllm_importance_sampling_clip_max=high,
    )
    return trl_source.statements(
        folder,
        GRPO,
        "GRPOTrainer._generate_and_score_completions",
        "mask = completion_mask if tool_mask is None",
        "if self.vllm_importance_sampling_mode in ['sequence_truncate'",
        self=trainer,
        completion_mask=tensor(completion_mask),
        tool_mask=tensor(tool_mask),
        old_per_token_logps=tensor(batch["logProbs"]),
        sampling_per_token_logps=tensor(batch["samplerLogProbs"]),
    ).vllm_importance_sampling_ratio


def from_logits(x):
    """Log-probabilities and entropies by TRL's functions, then its loss with an entropy bonus."""
    helpers = {}
    for name in ["selective_log_softmax", "entropy_from_logits", "selective_log_softmax_and_entropy"]:
        helpers[name] = trl_source.function(folder, "trainer/utils.py", name, **helpers)
    both = helpers["selective_log_softmax_and_entropy"]
    log_probs, entropies = both(x, torch.tensor(batch["tokenIds"]), temperature=0.5)
    return grpo(log_probs, entropies=entropies, loss_type="dapo", entropy_coef=0.125)[0]


def grpo_advantages(scale):
    nanstd = trl_source.function(folder, "trainer/utils.py", "nanstd")
    left = trl_source.statements(
        folder,
        GRPO,
        "GRPOTrainer._generate_and_score_completions",
        "if self.multi_objective_aggregation ==",
        "advantages = torch.nan_to_num",
        self=types.SimpleNamespace(
            multi_objective_aggregation="sum_then_normalize", scale_rewards=scale, reward_weights=torch.ones(1)
        ),
        rewards_per_func=tensor(batch["scores"]).unsqueeze(1),
        unscorable_mask=torch.zeros(ROWS, dtype=torch.bool),
        num_generations=3,
        device="cpu",
        nanstd=nanstd,
    )
    return {"advantages": plain(left.advantages), "fracRewardZeroStd": plain(left.is_std_zero.double().mean())}


def rloo_advantages(beta):
    return plain(
        trl_source.statements(
            folder,
            RLOO,
            "RLOOTrainer._generate_and_score_completions",
            "if self.beta != 0.0:\n    per_token_kl",
            "advantages = torch.nan_to_num",
            self=types.SimpleNamespace(beta=beta, normalize_advantages=False),
            old_per_token_logps=tensor(batch["oldLogProbs"]),
            ref_per_token_logps=tensor(batch["referenceLogProbs"]),
            completion_mask=tensor(mask),
            rewards=tensor(batch["scores"]),
            num_generations=3,
            gather=lambda x: x,
            nanstd=trl_source.function(folder, "trainer/utils.py", "nanstd"),
        ).advantages
    )


def rloo_loss(log_probs):
    """At the first update, where the policy is the one that sampled."""
    trainer = types.SimpleNamespace(
        _get_per_token_logps_and_entropies=lambda *_, **__: (log_probs, tensor(batch["entropy"]), None),
        epsilon_low=0.2,
        epsilon_high=0.28,
        aux_loss_enabled=False,
        model=types.SimpleNamespace(training=True),
        accelerator=accelerator(),
        _metrics={"train": defaultdict(list)},
    )
    ids = torch.tensor(batch["tokenIds"])
    inputs = {
        "prompt_ids": ids,
        "prompt_mask": ids,
        "completion_ids": ids,
        "completion_mask": tensor(mask),
        "old_logps": (log_probs.detach() * tensor(mask)).sum(1),
        "advantages": tensor(batch["advantages"]),
    }
    return trl_source.function(folder, RLOO, "RLOOTrainer._compute_loss", **nan_extremes)(trainer, None, inputs)


def ppo_train(first, last, **variables):
    helpers = {}
    for name in ["masked_mean", "masked_var", "masked_whiten"]:
        helpers[name] = trl_source.function(ppo, "core.py", name, **helpers, Optional=None)
    padding = tensor(completion_mask) == 0
    # TRL lets the value after the last token count; here both of its masks end with the episode.
    common = {
        "padding_mask": padding,
        "padding_mask_p1": padding,
        "micro_batch_inds": slice(None),
        "args": types.SimpleNamespace(
            gamma=0.875, lam=0.75, cliprange=0.2, cliprange_value=0.26, vf_coef=0.5, kl_coef=0.125, kl_estimator="k3"
        ),
    }
    return trl_source.statements(ppo, PPO, "PPOTrainer.train", first, last, **{**common, **helpers, **variables})


def ppo_cases():
    kept = tensor(completion_mask)
    left = ppo_train(
        "lastgaelam = 0",
        "advantages = torch.masked_fill",
        values=tensor(batch["oldValues"]) * kept,
        rewards=tensor(batch["rewards"]) * kept,
        responses=tensor(batch["tokenIds"]),
    )
    whitened, returns = left.advantages, left.returns * kept
    losses = lambda log_probs, values: ppo_train(
        "vpredclipped = torch.clamp",
        "loss = pg_loss +",
        new_logprobs=log_probs,
        mb_logprobs=tensor(batch["oldLogProbs"]),
        mb_advantage=whitened,
        vpred=values,
        mb_values=tensor(batch["oldValues"]),
        mb_return=returns,
    )
    penalty = lambda estimator: ppo_train(
        "logr = ref_logprobs - logprobs",
        "non_score_reward =",
        logprobs=tensor(batch["oldLogProbs"]),
        ref_logprobs=tensor(batch["referenceLogProbs"]),
        args=types.SimpleNamespace(kl_coef=0.125, kl_estimator=estimator),
    ).non_score_reward * kept
    rewards = tensor(batch["rewards"])
    return {
        "whitenedAdvantages": plain(whitened),
        "returns": plain(returns),
        "scaledRewards": plain(left.masked_whiten(rewards, kept, shift_mean=False) * kept),
        "penalty": {estimator: plain(penalty(estimator)) for estimator in ["k1", "k3"]},
        "policy": measure(batch["logProbs"], lambda x: losses(x, tensor(batch["oldValues"])).pg_loss),
        "value": measure(batch["values"], lambda x: losses(tensor(batch["oldLogProbs"]), x).vf_loss),
    }


def top_k_cases(student, teacher):
    """Divergences over a teacher's top k and a tail bucket, averaged over tokens; gradients to the log-probabilities of the k tokens."""
    tail = trl_source.function(folder, SERVER, "_add_tail_bucket")
    names = {"_add_tail_bucket": tail, "_jsd_divergence": trl_source.function(folder, SERVER, "_jsd_divergence")}
    reduce = trl_source.function(folder, SERVER, "ServerDistillationTrainer._reduce_divergence_loss")
    trainer = types.SimpleNamespace(beta=1, loss_add_tail=True, _reduce_divergence_loss=reduce)
    forward = trl_source.function(folder, SERVER, "ServerDistillationTrainer._compute_server_forward_kl_loss", **names)
    name = "ServerDistillationTrainer._compute_sparse_top_1_divergence_loss"
    reverse = trl_source.function(folder, SERVER, name, **names)
    labels = torch.zeros(1, len(student), dtype=torch.long)
    log_student, log_teacher = (torch.log_softmax(tensor([x]), -1) for x in (student, teacher))
    at, cases = log_student.tolist(), {}
    for k in [1, 2, 3]:
        top = log_teacher.topk(k, -1)
        result = {"topk_logprobs": top.values, "topk_token_ids": top.indices}
        case = {"tokenIds": top.indices[0].tolist(), **measure(at, lambda x: forward(trainer, result, x, labels))}
        cases[f"forward {k}"] = case
    best = log_teacher.max(-1)
    run = lambda x: reverse(trainer, x, best.indices, best.values, best.indices, best.values, labels)
    cases["reverse 1"] = {"tokenIds": [[i] for i in best.indices[0].tolist()], **measure(at, run)}
    return cases


def write(path, document):
    source = f"Computed by functions of TRL {trl_source.version(folder)}"
    source += f" (PPO: {trl_source.version(ppo)}), Copyright The HuggingFace Team, Apache-2.0; inputs made by tools/parity/trl.py."
    with open(path, "w") as file:
        json.dump({"source": source, **document}, file, separators=(",", ":"))
        file.write("\n")


def main():
    empty_row = [*mask[:3], [0] * TIME, *mask[4:]]
    token_ratio, sequence_ratio = vllm_ratio("token_truncate"), vllm_ratio("sequence_truncate")
    no_advantage = {"advantages": [0.0] * ROWS, "beta": 0.5}
    on_policy = tensor(batch["logProbs"])
    student = [row[:4] for row in batch["logits"][0]]
    teacher = [row[:4] for row in batch["logits"][1]]
    gkd = trl_source.function(folder, GKD, "GKDTrainer.generalized_jsd_loss")
    write(
        options.rl,
        {
            **batch,
            "grpo": {
                "grpo": grpo_case(),
                "grpo with a row without tokens": grpo_case(rows_mask=empty_row),
                "bnpo": grpo_case(loss_type="bnpo"),
                "dapo": grpo_case(loss_type="dapo"),
                "dr_grpo": grpo_case(loss_type="dr_grpo"),
                "delta": grpo_case(loss_type="dapo", delta=1.5),
                "gspo": grpo_case(importance_sampling_level="sequence", epsilon_low=0.05, epsilon_high=0.0625),
                "gspo dapo": grpo_case(importance_sampling_level="sequence", loss_type="dapo"),
                "luspo": grpo_case(importance_sampling_level="sequence", loss_type="luspo"),
                "cispo": grpo_case(loss_type="cispo", epsilon_high=1.25),
                "k3": grpo_case(loss_type="dapo", **no_advantage),
                "k3 bias-corrected": grpo_case(loss_type="dapo", bias_correction=True, **no_advantage),
                "token ratios": grpo_case(loss_type="dapo", use_vllm=True, ratio=token_ratio),
                "sequence ratios": grpo_case(loss_type="dapo", use_vllm=True, ratio=sequence_ratio),
                "entropy": grpo_case(loss_type="grpo", entropy_coef=0.125),
            },
            "fromLogits": measure(batch["logits"], from_logits),
            "entropyGradient": measure(
                batch["entropy"],
                lambda x: grpo(on_policy, entropies=x, entropy_coef=0.125, advantages=[0.0] * ROWS)[0],
            ),
            "ratios": {
                mode: plain(vllm_ratio(mode).expand(ROWS, TIME))
                for mode in ["token_truncate", "token_mask", "sequence_truncate", "sequence_mask"]
            },
            "advantagesOf": {
                "group": grpo_advantages("group"),
                "none": grpo_advantages("none"),
                "rloo": rloo_advantages(0.0),
                "rloo with k1": rloo_advantages(0.125),
            },
            "rlooLoss": measure(batch["logProbs"], rloo_loss),
            "ppo": ppo_cases(),
            "distributions": {
                "student": student,
                "teacher": teacher,
                "forward": measure([student], lambda x: gkd(x, tensor([teacher]), beta=0, reduction="sum")),
                "reverse": measure([student], lambda x: gkd(x, tensor([teacher]), beta=1, reduction="sum")),
                "topK": top_k_cases(student, teacher),
            },
        },
    )

    tokens, vocabulary = 5, 6
    make = lambda: [[number(-4, 4) for _ in range(vocabulary)] for _ in range(tokens)]
    student, teacher, kept = make(), make(), [0, 1, 1, 0, 1]
    labels = torch.tensor([[1 if keep else -100 for keep in kept]])
    settings = [{"beta": beta, "temperature": t} for beta in [0, 0.125, 0.5, 0.875, 1] for t in [1, 2]]
    run = lambda x, **chosen: gkd(x.unsqueeze(0), tensor([teacher]), labels=labels, **chosen)
    ids = [draw.randrange(vocabulary) for _ in range(tokens)]
    rollout, scored = ([number(-3, -0.25) for _ in range(tokens)] for _ in range(2))
    opd = trl_source.function(folder, IW_OPD, "IWOPDTrainer._compute_iw_opd_loss")
    trainer = types.SimpleNamespace(
        temperature=1.0,
        iw_opd_gamma=0.0,
        iw_opd_epsilon=1e-8,
        model=types.SimpleNamespace(training=True),
        _metrics={"train": defaultdict(list)},
    )
    on_policy = lambda x: opd(
        trainer, x.unsqueeze(0), torch.tensor([ids]), labels, tensor([scored]), rollout_logprobs=tensor([rollout])
    )
    write(
        options.distill,
        {
            "student": student,
            "teacher": teacher,
            "mask": kept,
            "gkd": [{**chosen, **measure(student, lambda x: run(x, **chosen))} for chosen in settings],
            "gkdOfMoreTokens": {"tokens": 8, **measure(student, lambda x: run(x, beta=0.5, num_items_in_batch=8))},
            "onPolicy": {
                "tokenIds": ids,
                "studentLogProbs": rollout,
                "teacherLogProbs": scored,
                **measure(student, on_policy),
            },
        },
    )


main()
