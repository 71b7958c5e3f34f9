"""Writes small GGUF files of each tensor type and what the Python package gguf reads from them, for the tests of @dgpo/lm.

    python gguf_fixtures.py DIRECTORY

writes
  TYPE.gguf      tensor "weight": normal weights, quantised (types that the package can quantise);
                 tensor "blocks": blocks of random bits with finite scales, negative and subnormal ones among them
  TYPE.f32       the float32 values of all tensors of the file, in the order of their names
  metadata.gguf  metadata of every type and no tensor
"""

import sys
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type

# Where the binary16 numbers of a block begin.
HALVES = {Type.Q8_0: [0], Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q4_K: [0, 2], Type.Q6_K: [208]}
PLAIN = [Type.F32, Type.F16, Type.BF16]


def weights(random: np.random.Generator) -> np.ndarray:
    return random.normal(0, 0.02, (3, 256)).astype(np.float32)


def random_blocks(type: Type, random: np.random.Generator) -> np.ndarray:
    """Two rows of blocks; plain types get every kind of number."""
    elements, size = gguf.GGML_QUANT_SIZES[type]
    if type in PLAIN:
        return random.integers(0, 256, (2, 96 * size), dtype=np.uint8)
    blocks = random.integers(0, 256, (6 if elements == 32 else 4, size), dtype=np.uint8)
    for at in HALVES[type]:
        scales = random.normal(0, 0.01, len(blocks)).astype(np.float16)
        scales[0] = -scales[0]
        scales[1] = 2.0**-24 * 3
        blocks[:, at : at + 2] = scales.view(np.uint8).reshape(-1, 2)
    return blocks.reshape(2, -1)


def write_type(directory: Path, type: Type, random: np.random.Generator) -> None:
    tensors = {"blocks": random_blocks(type, random)}
    try:
        tensors["weight"] = gguf.quants.quantize(weights(random), type).view(np.uint8)
    except NotImplementedError:
        pass
    writer = gguf.GGUFWriter(directory / f"{type.name}.gguf", "test")
    for name, data in tensors.items():
        writer.add_tensor(name, data, raw_dtype=type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    values = [gguf.quants.dequantize(tensors[name], type).astype("<f4").ravel() for name in sorted(tensors)]
    np.concatenate(values).tofile(directory / f"{type.name}.f32")


def write_metadata(directory: Path) -> None:
    writer = gguf.GGUFWriter(directory / "metadata.gguf", "test")
    writer.add_custom_alignment(64)
    writer.add_uint8("a.uint8", 255)
    writer.add_int8("a.int8", -128)
    writer.add_uint16("a.uint16", 65535)
    writer.add_int16("a.int16", -32768)
    writer.add_uint32("a.uint32", 2**32 - 1)
    writer.add_int32("a.int32", -(2**31))
    writer.add_float32("a.float32", 0.1)
    writer.add_uint64("a.uint64", 2**64 - 1)
    writer.add_int64("a.int64", -(2**53) + 1)
    writer.add_float64("a.float64", 0.1)
    writer.add_bool("a.true", True)
    writer.add_bool("a.false", False)
    writer.add_string("a.string", "\ufeffα → 😀\n")
    writer.add_array("a.integers", [1, -2, 3])
    writer.add_array("a.floats", [0.5, -0.25])
    writer.add_array("a.booleans", [True, False])
    writer.add_array("a.strings", ["", "Ġthe", "\ufeff"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: gguf_fixtures.py DIRECTORY")
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    for type in [*PLAIN, *HALVES]:
        write_type(directory, type, random)
    write_metadata(directory)


main()
