"""Compares what write-smollm2-log-probs.mjs wrote with transformers, which decodes the GGUF file itself.

    python check_smollm2.py FILE GGUF
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

TOLERANCE = 1e-3


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: check_smollm2.py FILE GGUF")
    results = json.loads(Path(sys.argv[1]).read_text())
    gguf = Path(sys.argv[2])
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32).eval()
    largest = 0.0
    others = 0
    for result in results:
        ids = result["ids"]
        others += tokenizer(result["prompt"], add_special_tokens=False)["input_ids"] != ids
        with torch.no_grad():
            log_probs = torch.log_softmax(model(torch.tensor([ids])).logits[0, :-1].double(), -1)
        expected = log_probs.gather(1, torch.tensor(ids[1:])[:, None])[:, 0]
        largest = max(largest, (expected - torch.tensor(result["logProbs"])).abs().max().item())
    print(f"{len(results)} prompts: log-probs differ by {largest:.1e} at most, {others} are split otherwise")
    sys.exit("not the same model" if largest > TOLERANCE else None)


main()
