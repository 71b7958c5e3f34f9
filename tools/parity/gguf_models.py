"""Writes the tiny checkpoints of architectures.py as GGUF files, as llama.cpp's convert_hf_to_gguf.py does, for the tests of @dgpo/lm.

    python gguf_models.py CHECKPOINTS DIRECTORY

The vocabulary is filled up to the 256 bytes, one pair and an end of text, so that a tokenizer fits; the rows added are zero.
"""

import json
import math
import sys
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import load_file

# What a GGUF file cannot say is left out: the exact GELU.
CASES = ["gpt2", "llama-linear-untied", "llama-llama3", "qwen2", "qwen2-untied", "qwen3", "qwen3-untied"]
ARCHITECTURES = {
    "gpt2": gguf.MODEL_ARCH.GPT2,
    "llama": gguf.MODEL_ARCH.LLAMA,
    "qwen2": gguf.MODEL_ARCH.QWEN2,
    "qwen3": gguf.MODEL_ARCH.QWEN3,
}
VOCABULARY = 258
END_OF_TEXT = 257


def byte_alphabet() -> list[str]:
    """The characters that stand for the bytes in byte-level vocabularies."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]


def interleave(weight: np.ndarray, heads: int) -> np.ndarray:
    """The order of rows in llama.cpp's "llama": the halves of each head alternate."""
    return weight.reshape(heads, 2, -1, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def llama3_factors(rope: dict, head_dim: int) -> np.ndarray:
    context, low, high = (
        rope[key] for key in ("original_max_position_embeddings", "low_freq_factor", "high_freq_factor")
    )
    factors = []
    for index in range(0, head_dim, 2):
        turns = context / (2 * math.pi * rope["rope_theta"] ** (index / head_dim))
        kept = min(1, max(0, (turns - low) / (high - low)))
        factors.append(1 / ((1 - kept) / rope["factor"] + kept))
    return np.array(factors, dtype=np.float32)


def add_metadata(writer: gguf.GGUFWriter, config: dict) -> None:
    if config["model_type"] == "gpt2":
        hidden = config["n_embd"]
        writer.add_context_length(config["n_positions"])
        writer.add_embedding_length(hidden)
        writer.add_block_count(config["n_layer"])
        writer.add_feed_forward_length(config["n_inner"] or 4 * hidden)
        writer.add_head_count(config["n_head"])
        writer.add_layer_norm_eps(config["layer_norm_epsilon"])
    else:
        rope = config["rope_parameters"]
        writer.add_context_length(config["max_position_embeddings"])
        writer.add_embedding_length(config["hidden_size"])
        writer.add_block_count(config["num_hidden_layers"])
        writer.add_feed_forward_length(config["intermediate_size"])
        writer.add_head_count(config["num_attention_heads"])
        writer.add_head_count_kv(config["num_key_value_heads"])
        writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
        writer.add_rope_freq_base(rope["rope_theta"])
        if "head_dim" in config:
            writer.add_key_length(config["head_dim"])
            writer.add_value_length(config["head_dim"])
            writer.add_rope_dimension_count(config["head_dim"])
        if rope["rope_type"] == "linear":
            writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
            writer.add_rope_scaling_factor(rope["factor"])
    writer.add_vocab_size(VOCABULARY)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([*byte_alphabet(), "th", "<|endoftext|>"])
    writer.add_token_types([gguf.TokenType.NORMAL] * 257 + [gguf.TokenType.CONTROL])
    writer.add_token_merges(["t h"])
    writer.add_bos_token_id(END_OF_TEXT)
    writer.add_eos_token_id(END_OF_TEXT)


def write_case(folder: Path, path: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    kind = config["model_type"]
    architecture = ARCHITECTURES[kind]
    writer = gguf.GGUFWriter(path, kind)
    add_metadata(writer, config)
    layers = config.get("n_layer") or config["num_hidden_layers"]
    names = gguf.get_tensor_name_map(architecture, layers)
    for name, weight in load_file(folder / "model.safetensors").items():
        if name.endswith(("wte.weight", "embed_tokens.weight", "lm_head.weight")):
            weight = np.pad(weight, ((0, VOCABULARY - len(weight)), (0, 0)))
        if kind == "gpt2" and ".h." in name and weight.ndim == 2:
            weight = weight.T
        if kind == "llama" and name.endswith("q_proj.weight"):
            weight = interleave(weight, config["num_attention_heads"])
        if kind == "llama" and name.endswith("k_proj.weight"):
            weight = interleave(weight, config["num_key_value_heads"])
        renamed = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if renamed is None:
            sys.exit(f"{folder.name}: llama.cpp has no name for {name}")
        writer.add_tensor(renamed, np.ascontiguousarray(weight))
    if (config.get("rope_parameters") or {}).get("rope_type") == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(config["rope_parameters"], config["head_dim"]))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: gguf_models.py CHECKPOINTS DIRECTORY")
    directory = Path(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    for name in CASES:
        write_case(Path(sys.argv[1]) / name, directory / f"{name}.gguf")


main()
