"""Loads what write-adapter-folders.mjs wrote, the adapters in PEFT and the merged models in transformers, and compares the logits.

    python check-adapters.py WRITTEN ARCHITECTURES ADAPTERS
"""

import json
import sys
from pathlib import Path

import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM


def difference(model: torch.nn.Module, adapter: Path) -> float:
    model = model.double().eval()
    expected = load_file(adapter / "expected.safetensors")
    largest = 0.0
    for index, token_ids in enumerate(json.loads((adapter / "expected.json").read_text())["sequences"]):
        with torch.no_grad():
            logits = model(torch.tensor([token_ids])).logits[0]
        largest = max(largest, (logits - expected[f"logits.{index}"]).abs().max().item())
    return largest


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit("usage: check-adapters.py WRITTEN ARCHITECTURES ADAPTERS")
    written, architectures, adapters = map(Path, sys.argv[1:])
    failed = False
    for adapter in sorted(adapters.iterdir()):
        base = json.loads((adapter / "expected.json").read_text())["base"]
        model = AutoModelForCausalLM.from_pretrained(architectures / base)
        adapted = difference(PeftModel.from_pretrained(model, written / adapter.name / "adapter"), adapter)
        merged = difference(AutoModelForCausalLM.from_pretrained(written / adapter.name / "merged"), adapter)
        print(f"{adapter.name}: logits differ by {adapted:.1e} at most, merged by {merged:.1e}")
        failed = failed or adapted > 1e-5 or merged > 1e-4
    sys.exit("not the same adapters" if failed else None)


main()
