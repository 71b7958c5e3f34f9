"""Makes adapters of tiny models with PEFT, and what the adapted models compute, for the tests of @dgpo/lm.

    python adapters.py ARCHITECTURES DIRECTORY

reads checkpoints that `architectures.py` made and writes for each case a folder
  adapter_config.json, adapter_model.safetensors  as PEFT writes them, the former with the base's name and its list sorted
  expected.safetensors  `logits.N`, the logits of sequence N, and `gradient.NAME` of every matrix of the adapters
  expected.json         name of the checkpoint, the loss (mean negative log-likelihood), versions
"""

import json
import sys
from pathlib import Path

import peft
import torch
import transformers
from architectures import SEQUENCES, loss_of
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

CASES = {
    "llama": ("llama-llama3", {"target_modules": ["q_proj", "v_proj", "o_proj", "up_proj"]}),
    "qwen3": ("qwen3-untied", {"target_modules": "all-linear", "use_rslora": True}),
    "gpt2": ("gpt2", {"target_modules": ["c_attn", "mlp.c_proj"], "fan_in_fan_out": True}),
}


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: adapters.py ARCHITECTURES DIRECTORY")
    torch.set_num_threads(1)
    for seed, (name, (base, options)) in enumerate(CASES.items()):
        model = AutoModelForCausalLM.from_pretrained(Path(sys.argv[1]) / base, attn_implementation="eager")
        model = get_peft_model(model, LoraConfig(r=3, lora_alpha=5, task_type="CAUSAL_LM", **options))
        generator = torch.Generator().manual_seed(seed)
        adapters = {key: value for key, value in model.named_parameters() if value.requires_grad}
        with torch.no_grad():
            for parameter in adapters.values():
                parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
        directory = Path(sys.argv[2]) / name
        model.save_pretrained(directory)
        (directory / "README.md").unlink(missing_ok=True)
        config_file = directory / "adapter_config.json"
        config = json.loads(config_file.read_text())
        # Neither a path of this machine nor the order of a set.
        config["base_model_name_or_path"] = base
        config["target_modules"].sort()
        config_file.write_text(json.dumps(config, indent=2, sort_keys=True))
        model = model.double().eval()
        tensors = {}
        for index, token_ids in enumerate(SEQUENCES):
            tensors[f"logits.{index}"] = model(torch.tensor([token_ids])).logits[0].detach().float()
        loss = loss_of(model)
        loss.backward()
        for key, parameter in model.named_parameters():
            if parameter.requires_grad:
                file_name = key.replace(".default.", ".").removeprefix("base_model.model.")
                tensors[f"gradient.{file_name}"] = parameter.grad.float().contiguous()
        save_file(tensors, directory / "expected.safetensors")
        versions = {"peft": peft.__version__, "transformers": transformers.__version__, "torch": torch.__version__}
        expected = {"base": base, "versions": versions, "loss": loss.item(), "sequences": SEQUENCES}
        (directory / "expected.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    main()
