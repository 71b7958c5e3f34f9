"""Holds what `folder-log-probs.mjs` wrote against transformers, in float32.

    python tools/parity/check-folder.py OUT.json FOLDER              a folder that transformers loads
    python tools/parity/check-folder.py OUT.json FOLDER --adapter A  the folder with a PEFT adapter
    python tools/parity/check-folder.py OUT.json FILE.gguf           transformers' own GGUF loader, dequantised

Token ids must be equal, log-probabilities agree within 1e-3, and greedy tokens be equal up to the first step at which the two most probable
tokens lie within 2e-3 of each other.
"""

import argparse
import json
import os

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

parser = argparse.ArgumentParser()
parser.add_argument("results")
parser.add_argument("model")
parser.add_argument("--adapter")
arguments = parser.parse_args()

if arguments.model.endswith(".gguf"):
    folder, name = os.path.split(os.path.abspath(arguments.model))
    where = {"pretrained_model_name_or_path": folder, "gguf_file": name}
else:
    where = {"pretrained_model_name_or_path": arguments.model}
tokenizer = AutoTokenizer.from_pretrained(**where)
model = AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32)
if arguments.adapter:
    from peft import PeftModel

    model = PeftModel.from_pretrained(model, arguments.adapter)
model.eval()

results = json.load(open(arguments.results, encoding="utf8"))["results"]
worst = 0.0
close_calls = 0
failures = []
with torch.inference_mode():
    for result in results:
        ids = tokenizer.encode(result["prompt"], add_special_tokens=False)
        if ids != result["tokenIds"]:
            failures.append(f"token ids of {result['prompt']!r}: {ids} and {result['tokenIds']}")
            continue
        greedy = result["greedy"]
        logits = model(torch.tensor([ids + greedy])).logits[0].double()
        log_probs = torch.log_softmax(logits, dim=-1)
        for index, (token, ours) in enumerate(zip(ids[1:], result["logProbs"], strict=True)):
            difference = abs(log_probs[index, token].item() - ours)
            worst = max(worst, difference)
        for index, token in enumerate(greedy):
            top = torch.topk(logits[len(ids) - 1 + index], 2)
            if (top.values[0] - top.values[1]).item() < 2e-3:
                close_calls += 1
                break
            if top.indices[0].item() != token:
                failures.append(f"greedy token {index} of {result['prompt']!r}: {top.indices[0].item()} and {token}")
                break
if worst > 1e-3:
    failures.append(f"log-probabilities differ by {worst:.2e}")
print(f"{len(results)} prompts, largest difference of a log-probability {worst:.2e}, {close_calls} greedy texts cut at a close call")
for failure in failures:
    print("FAILED:", failure)
raise SystemExit(1 if failures else 0)
