"""Loads what write-architecture-folders.mjs wrote in transformers and compares the logits with those of the originals.

    python check-architectures.py WRITTEN ORIGINALS
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM


def check(written: Path, original: Path) -> float:
    model, report = AutoModelForCausalLM.from_pretrained(written, output_loading_info=True)
    for problem in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if report[problem]:
            sys.exit(f"{written}: {problem}: {report[problem]}")
    model = model.double().eval()
    expected = load_file(original / "expected.safetensors")
    sequences = json.loads((original / "expected.json").read_text())["sequences"]
    largest = 0.0
    for index, token_ids in enumerate(sequences):
        with torch.no_grad():
            logits = model(torch.tensor([token_ids])).logits[0]
        largest = max(largest, (logits - expected[f"logits.{index}"]).abs().max().item())
    return largest


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: check-architectures.py WRITTEN ORIGINALS")
    failed = False
    for original in sorted(Path(sys.argv[2]).iterdir()):
        difference = check(Path(sys.argv[1]) / original.name, original)
        print(f"{original.name}: logits differ by {difference:.1e} at most")
        failed = failed or difference > 1e-5
    sys.exit("not the same models" if failed else None)


main()
