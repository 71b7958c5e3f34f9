"""Makes tiny random checkpoints of every architecture with transformers, and what they compute, for the tests of @dgpo/lm.

    python architectures.py DIRECTORY

writes for each case a folder
  config.json           as transformers writes it
  model.safetensors     float32 weights
  expected.safetensors  `logits.N`, the logits of sequence N, and `gradient.NAME`, those of the loss
  expected.json         the sequences, the loss (mean negative log-likelihood of every token after the first of its sequence), versions,
                        and the losses before each of ten updates of AdamW
  trained.safetensors   weights after the ten updates: decay of matrices alone, gradients clipped to a global norm of 1
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

VOCABULARY = 80
SEQUENCES = [
    [5, 37, 3, 50, 41, 41, 2, 60, 66, 12, 71, 18],
    [20, 4, 77],
    [(7 * index + 3) % VOCABULARY for index in range(40)],
]
# No pad_token_id: PyTorch would leave the inputs of that token out of the gradient of the embeddings.
SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "bos_token_id": 1,
    "eos_token_id": 1,
}
GPT2 = {
    "vocab_size": VOCABULARY,
    "n_embd": 16,
    "n_layer": 2,
    "n_head": 4,
    "n_positions": 64,
    "bos_token_id": 1,
    "eos_token_id": 1,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 50.0,
    "factor": 4.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}


def rope(theta: float) -> dict:
    return {"rope_type": "default", "rope_theta": theta}


# A base of 50 and 32 positions put the frequencies of eight dimensions on both sides of the band of llama3 scaling and inside it.
CASES = {
    "llama-llama3": (
        LlamaForCausalLM,
        LlamaConfig(**SIZES, head_dim=8, rope_parameters=LLAMA3, tie_word_embeddings=True),
    ),
    "llama-linear-untied": (
        LlamaForCausalLM,
        LlamaConfig(**SIZES, rope_parameters={"rope_type": "linear", "rope_theta": 100.0, "factor": 2.5}),
    ),
    "qwen2": (
        Qwen2ForCausalLM,
        Qwen2Config(**SIZES, rope_parameters=rope(1000.0), sliding_window=16, tie_word_embeddings=True),
    ),
    "qwen2-untied": (Qwen2ForCausalLM, Qwen2Config(**SIZES, rope_parameters=rope(1000.0))),
    "qwen3": (
        Qwen3ForCausalLM,
        Qwen3Config(**SIZES, head_dim=8, rope_parameters=rope(1000.0), tie_word_embeddings=True),
    ),
    "qwen3-untied": (Qwen3ForCausalLM, Qwen3Config(**SIZES, head_dim=8, rope_parameters=rope(1000.0))),
    "gpt2": (GPT2LMHeadModel, GPT2Config(**GPT2)),
    "gpt2-gelu": (GPT2LMHeadModel, GPT2Config(**GPT2, n_inner=24, activation_function="gelu", tie_word_embeddings=False)),
}


def fill(model: torch.nn.Module, seed: int) -> None:
    """Weights so large that every part of the model shows in the logits; norms about 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = 0.3 * torch.randn(parameter.shape, generator=generator)
            is_norm = parameter.dim() == 1 and name.endswith("weight")
            parameter.copy_(values + 1 if is_norm else values)


# A tiny eps would turn rounding noise in gradients near 0 into full steps.
ADAMW = {"lr": 1e-2, "betas": (0.9, 0.95), "eps": 1e-3}
WEIGHT_DECAY = 0.1


def loss_of(model: torch.nn.Module) -> torch.Tensor:
    loss = 0
    scored = sum(len(token_ids) - 1 for token_ids in SEQUENCES)
    for token_ids in SEQUENCES:
        log_probs = torch.log_softmax(model(torch.tensor([token_ids])).logits[0][:-1], -1)
        loss = loss - log_probs.gather(1, torch.tensor(token_ids[1:])[:, None]).sum() / scored
    return loss


def train(model: torch.nn.Module) -> list[float]:
    parameters = list(model.parameters())
    matrices = [parameter for parameter in parameters if parameter.dim() == 2]
    vectors = [parameter for parameter in parameters if parameter.dim() != 2]
    groups = [{"params": matrices, "weight_decay": WEIGHT_DECAY}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, **ADAMW)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = loss_of(model)
        losses.append(loss.item())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    return losses


def write_case(directory: Path, model: torch.nn.Module) -> None:
    model.save_pretrained(directory)
    (directory / "generation_config.json").unlink(missing_ok=True)
    model = model.double().eval()
    tensors = {}
    for index, token_ids in enumerate(SEQUENCES):
        tensors[f"logits.{index}"] = model(torch.tensor([token_ids])).logits[0].detach().float()
    loss = loss_of(model)
    loss.backward()
    for name, parameter in model.named_parameters():
        tensors[f"gradient.{name}"] = parameter.grad.float().contiguous()
    save_file(tensors, directory / "expected.safetensors")
    versions = {"transformers": transformers.__version__, "torch": torch.__version__}
    losses = train(model)
    trained = {name: parameter.detach().float().contiguous() for name, parameter in model.named_parameters()}
    save_file(trained, directory / "trained.safetensors")
    expected = {"versions": versions, "loss": loss.item(), "losses": losses, "sequences": SEQUENCES}
    (directory / "expected.json").write_text(json.dumps(expected) + "\n")


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: architectures.py DIRECTORY")
    torch.set_num_threads(1)
    for seed, (name, (model_class, config)) in enumerate(CASES.items()):
        config._attn_implementation = "eager"
        model = model_class(config)
        fill(model, seed)
        write_case(Path(sys.argv[1]) / name, model)


if __name__ == "__main__":
    main()
