"""Times updates of DGPO in PyTorch for `npm run bench -w @dgpo/trainer` and prints them as JSON.

    python tools/parity/dgpo_step.py '{"work": "folder of the case", "threads": 2}'

The same weights (transformers' LlamaForCausalLM, float32, its default attention sdpa), questions, protocol and recipe as bench/trainer: rollouts of
all episodes side by side with a KV cache that lives through the turns, passages from a dictionary instead of a search, the teacher's full
distribution on the tokens of wrong episodes, values of the critic, and one epoch of PPO with exact KL in two mini-batches, fused AdamW for
policy and critic. Logits are made for scored tokens alone, micro-batches hold rows of similar length.
"""

import json
import os
import re
import resource
import sys
import time

arguments = json.loads(sys.argv[1])
os.environ["OMP_NUM_THREADS"] = str(arguments["threads"])

import torch  # noqa: E402
import transformers  # noqa: E402
from torch.nn.functional import log_softmax, pad  # noqa: E402
from transformers import DynamicCache, LlamaForCausalLM  # noqa: E402

torch.set_num_threads(arguments["threads"])
torch.manual_seed(0)

with open(os.path.join(arguments["work"], "prepared.json")) as file:
    prepared = json.load(file)
recipe = prepared["settings"]
world = recipe["environment"]
episode_count = prepared["item"]["episodes"]


def folder(name):
    return os.path.join(arguments["work"], name)


def load(name):
    return LlamaForCausalLM.from_pretrained(folder(name), dtype=torch.float32)


tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=os.path.join(folder("student"), "tokenizer.json"))
student, teacher = load("student"), load("teacher").eval()
critic = load("student").model
value_head = torch.nn.Linear(student.config.hidden_size, 1, bias=False)
torch.nn.init.zeros_(value_head.weight)
adamw = {"betas": (0.9, 0.95), "weight_decay": 0.0, "fused": True}
policy_optimizer = torch.optim.AdamW(student.parameters(), lr=recipe["learningRate"], **adamw)
critic_parameters = [*critic.parameters(), *value_head.parameters()]
critic_optimizer = torch.optim.AdamW(critic_parameters, lr=recipe["criticLearningRate"], **adamw)

ends = torch.tensor(prepared["stopIds"] + recipe["endIds"])
tail = len(tokenizer.encode(world["observationSuffix"], add_special_tokens=False))


class Episode:
    def __init__(self, prompt, golden):
        self.ids, self.mask, self.log_probs = list(prompt), [0] * len(prompt), []
        self.golden = golden
        # Not in the cache yet.
        self.pending = list(prompt)
        self.turn, self.done, self.correct = 0, False, False

    def add(self, ids, sampled):
        self.ids += ids
        self.mask += [sampled] * len(ids)

    def room(self):
        return world["maxContextTokens"] - len(self.ids)

    def turn_limit(self):
        return min(world["maxTokensPerTurn"], self.room())


action_pattern = re.compile(r"<(search|answer)>((?:(?!</?(?:search|answer)>).)*)</\1>", re.DOTALL)


def normalize(text):
    return " ".join(word for word in re.sub(r"[^\w\s]", "", text.lower()).split() if word not in ("a", "an", "the"))


def act(episode, ids):
    """The environment's answer to a turn."""
    episode.turn += 1
    episode.pending = ids[-1:]
    match = action_pattern.search(tokenizer.decode(ids))
    kind, content = (match[1], match[2].strip()) if match else ("invalid", "")
    if kind == "answer":
        episode.done = True
        episode.correct = normalize(content) in [normalize(golden) for golden in episode.golden]
        return
    if episode.turn > world["maxSearches"]:
        episode.done = True
        return
    room = episode.room() - world["maxTokensPerTurn"]
    if kind == "search" and content:
        observation = prepared["observations"].get(content, prepared["otherObservation"])
        room = min(room, world["maxObservationTokens"])
        if len(observation) > room >= tail:
            observation = observation[: room - tail] + observation[-tail:]
    else:
        observation = prepared["invalidActionMessage"]
    if len(observation) > room:
        episode.done = True
        return
    episode.add(observation, 0)
    episode.pending += observation
    episode.done = episode.turn_limit() < 1


def turn(active, cache, seen):
    """One turn of all of these episodes: reads what is new to each, then samples until every one has ended its turn."""
    width = max(len(episode.pending) for episode in active)
    ids = torch.tensor([[0] * (width - len(episode.pending)) + episode.pending for episode in active])
    fresh = torch.tensor(
        [[0] * (width - len(episode.pending)) + [1] * len(episode.pending) for episode in active], dtype=seen.dtype
    )
    limits = torch.tensor([episode.turn_limit() for episode in active])
    writing = torch.ones(len(active), dtype=torch.bool)
    sampled, log_probs = [], []
    while True:
        positions = seen.sum(1, keepdim=True) + fresh.cumsum(1) - 1
        seen = torch.cat([seen, fresh], 1)
        logits = student(
            input_ids=ids,
            attention_mask=seen,
            position_ids=positions.clamp(min=0),
            past_key_values=cache,
            logits_to_keep=1,
        ).logits[:, -1]
        distribution = log_softmax(logits, -1)
        drawn = torch.multinomial(distribution.exp(), 1)
        sampled.append(drawn.masked_fill(~writing[:, None], -1))
        log_probs.append(distribution.gather(1, drawn))
        writing = writing & ~torch.isin(drawn[:, 0], ends) & (limits > len(sampled))
        if not writing.any():
            break
        ids, fresh = drawn, writing[:, None].to(seen.dtype)
    tokens, scores = torch.cat(sampled, 1).tolist(), torch.cat(log_probs, 1).tolist()
    for episode, row, row_scores in zip(active, tokens, scores, strict=True):
        count = row.index(-1) if -1 in row else len(row)
        episode.add(row[:count], 1)
        episode.log_probs += row_scores[:count]
        act(episode, row[:count])
    return seen


@torch.inference_mode()
def rollout(prompts, golden):
    student.eval()
    episodes = [Episode(*pair) for pair in zip(prompts, golden, strict=True)]
    active, cache, seen = episodes, DynamicCache(), torch.zeros((len(episodes), 0), dtype=torch.long)
    while active:
        seen = turn(active, cache, seen)
        left = [index for index, episode in enumerate(active) if not episode.done]
        active = [active[index] for index in left]
        if active:
            cache.batch_select_indices(torch.tensor(left))
            seen = seen[left]
    return episodes


def scored_hidden(model, rows):
    """Hidden states that predict the sampled tokens of right-padded rows (causal, so padding needs no mask), and those tokens."""
    width = max(len(row.ids) for row in rows)
    ids = torch.stack([pad(torch.tensor(row.ids), (0, width - len(row.ids))) for row in rows])
    mask = torch.stack([pad(torch.tensor(row.mask, dtype=torch.bool), (0, width - len(row.ids))) for row in rows])
    hidden = model(input_ids=ids, use_cache=False).last_hidden_state
    return hidden[:, :-1][mask[:, 1:]], ids[:, 1:][mask[:, 1:]]


def batches(rows, size):
    ordered = sorted(rows, key=lambda row: -len(row.ids))
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]


def per_token(rows, name):
    return torch.cat([getattr(row, name) for row in rows])


def score_teacher(rows):
    """Log-probabilities over the vocabulary at every sampled token of gated episodes."""
    with torch.inference_mode():
        for part in batches([row for row in rows if not row.correct], 2 * recipe["microBatchSize"]):
            hidden, _ = scored_hidden(teacher.model, part)
            scores = log_softmax(teacher.lm_head(hidden), -1)
            for row, own in zip(part, scores.split([len(row.log_probs) for row in part]), strict=True):
                row.teacher = own


def score_critic(rows):
    with torch.inference_mode():
        for part in batches(rows, 2 * recipe["microBatchSize"]):
            values = value_head(scored_hidden(critic, part)[0])[:, 0]
            for row, own in zip(part, values.split([len(row.log_probs) for row in part]), strict=True):
                row.values = own.clone()


def estimate_advantages(rows):
    """With gamma and lambda 1 the return of every token is the reward of its episode."""
    for row in rows:
        row.returns = torch.full_like(row.values, float(row.correct))
        row.old = torch.tensor(row.log_probs)
    advantages = torch.cat([row.returns - row.values for row in rows])
    mean, deviation = advantages.mean(), advantages.std()
    for row in rows:
        row.advantages = (row.returns - row.values - mean) / (deviation + 1e-8)


def policy_loss(part, tokens):
    hidden, targets = scored_hidden(student.model, part)
    scores = log_softmax(student.lm_head(hidden), -1)
    probabilities = scores.exp()
    ratio = (scores.gather(1, targets[:, None])[:, 0] - per_token(part, "old")).exp()
    advantages, clip = per_token(part, "advantages"), recipe["clipRatio"]
    loss = -torch.minimum(ratio * advantages, ratio.clamp(1 - clip, 1 + clip) * advantages).sum()
    loss = loss + recipe["entropyCoefficient"] * (probabilities * scores).sum()
    gated = [row for row in part if not row.correct]
    if gated:
        open_gate = torch.cat([torch.full((len(row.log_probs),), not row.correct) for row in part])
        divergence = (probabilities[open_gate] * (scores[open_gate] - per_token(gated, "teacher"))).sum()
        loss = loss + recipe["guidance"]["beta"] * divergence
    return loss / tokens


def value_loss(part, tokens):
    values = value_head(scored_hidden(critic, part)[0])[:, 0]
    old, returns, clip = per_token(part, "values"), per_token(part, "returns"), recipe["valueClipRange"]
    clipped = old + (values - old).clamp(-clip, clip)
    return 0.5 * torch.maximum((values - returns) ** 2, (clipped - returns) ** 2).sum() / tokens


def step(optimizer, parameters, loss_of, parts, tokens):
    optimizer.zero_grad(set_to_none=True)
    for part in parts:
        loss_of(part, tokens).backward()
    torch.nn.utils.clip_grad_norm_(parameters, recipe["maxGradNorm"])
    optimizer.step()


def train(rows):
    student.train()
    estimate_advantages(rows)
    order = torch.randperm(len(rows)).tolist()
    size = recipe["miniBatchSize"]
    for start in range(0, len(rows), size):
        members = [rows[index] for index in order[start : start + size]]
        tokens = sum(len(row.log_probs) for row in members)
        parts = batches(members, recipe["microBatchSize"])
        step(policy_optimizer, list(student.parameters()), policy_loss, parts, tokens)
        step(critic_optimizer, critic_parameters, value_loss, parts, tokens)


def now():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), used.ru_utime + used.ru_stime


def spent(before, after):
    return {"seconds": after[0] - before[0], "cpuSeconds": after[1] - before[1]}


updates = []
for index in range(prepared["item"]["updates"] + 1):
    chosen = slice(index * episode_count, (index + 1) * episode_count)
    times = [now()]
    rows = rollout(prepared["prompts"][chosen], [task["goldenAnswers"] for task in prepared["tasks"][chosen]])
    times.append(now())
    score_teacher(rows)
    times.append(now())
    score_critic(rows)
    times.append(now())
    train(rows)
    times.append(now())
    phases = ["rollout", "teacher", "critic", "update"]
    updates.append(
        {
            "episodes": len(rows),
            "tokens": sum(len(row.ids) for row in rows),
            "sampledTokens": sum(len(row.log_probs) for row in rows),
            "all": spent(times[0], times[-1]),
            "phases": {name: spent(*pair) for name, pair in zip(phases, zip(times, times[1:]), strict=False)},
            "correct": sum(row.correct for row in rows),
        }
    )
print(
    json.dumps(
        {
            "updates": updates[1:],
            "peakMemoryBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        }
    )
)
