"""Loads a folder written by saveModel in transformers and writes what it computes, for the tests of @dgpo/lm.

    python llama-parity.py DIRECTORY

adds to the folder
  logits.json               token ids, and for each sequence the log-probability of every token after the first and the last logits
  transformers-config.json  config.json as transformers writes it back
"""

import json
import sys
from pathlib import Path

import torch
import transformers

SEQUENCES = [[5, 97, 3, 250, 41, 41, 2, 130, 66, 12, 201, 18], [200, 4, 77], list(range(3, 43))]


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: llama-parity.py DIRECTORY")
    directory = Path(sys.argv[1])
    model, report = transformers.LlamaForCausalLM.from_pretrained(directory, output_loading_info=True)
    for problem in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if report[problem]:
            sys.exit(f"{problem}: {report[problem]}")
    model = model.double().eval()
    sequences = []
    for token_ids in SEQUENCES:
        with torch.no_grad():
            logits = model(torch.tensor([token_ids])).logits[0]
        log_probs = torch.log_softmax(logits, -1)[:-1].gather(1, torch.tensor(token_ids[1:])[:, None])[:, 0]
        sequences.append(
            {
                "tokenIds": token_ids,
                "logProbs": [round(value, 7) for value in log_probs.tolist()],
                "lastLogits": [round(value, 7) for value in logits[-1].tolist()],
            }
        )
    versions = {"transformers": transformers.__version__, "torch": torch.__version__}
    (directory / "logits.json").write_text(json.dumps({"versions": versions, "sequences": sequences}, indent=2) + "\n")
    written = {key: value for key, value in json.loads(model.config.to_json_string()).items() if key != "_name_or_path"}
    (directory / "transformers-config.json").write_text(json.dumps(written, indent=2) + "\n")


main()
