"""Times one case of `npm run bench -w @dgpo/lm` in PyTorch and prints it as JSON.

    python tools/parity/torch_bench.py '{"item": {...}, "config": {...}, "threads": 2, "repeats": 5}'

The model is transformers' LlamaForCausalLM with random weights in float32 and its default attention (sdpa); training is forward, backward,
clipping and torch.optim.AdamW, sampling is `generate` with its default cache at temperature 1.
"""

import json
import os
import resource
import sys
import time

settings = json.loads(sys.argv[1])
os.environ["OMP_NUM_THREADS"] = str(settings["threads"])

import torch  # noqa: E402
import transformers  # noqa: E402

torch.set_num_threads(settings["threads"])
torch.manual_seed(0)

size = settings["config"]
model = transformers.LlamaForCausalLM(
    transformers.LlamaConfig(
        vocab_size=size["vocabularySize"],
        hidden_size=size["hiddenSize"],
        intermediate_size=size["intermediateSize"],
        num_hidden_layers=size["numHiddenLayers"],
        num_attention_heads=size["numAttentionHeads"],
        num_key_value_heads=size["numKeyValueHeads"],
        head_dim=size["headDim"],
        max_position_embeddings=size["maxPositionEmbeddings"],
        rms_norm_eps=size["normEps"],
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=0,
    )
)
item = settings["item"]


def training():
    ids = torch.randint(size["vocabularySize"], (item["rows"], item["tokensPerRow"]))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.0)
    model.train()

    def run():
        optimizer.zero_grad(set_to_none=True)
        loss = model(input_ids=ids, labels=ids, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        loss.item()

    return run


def sampling():
    ids = torch.randint(1, size["vocabularySize"], (item["batch"], item["contextTokens"]))
    mask = torch.ones_like(ids)
    model.eval()

    def run():
        with torch.inference_mode():
            out = model.generate(
                input_ids=ids,
                attention_mask=mask,
                do_sample=True,
                temperature=1.0,
                top_k=0,
                top_p=1.0,
                min_new_tokens=item["newTokens"],
                max_new_tokens=item["newTokens"],
            )
        assert out.shape[1] == item["contextTokens"] + item["newTokens"]

    return run


def loading():
    def run():
        tokenizer = transformers.AutoTokenizer.from_pretrained(settings["folder"])
        loaded = transformers.AutoModelForCausalLM.from_pretrained(settings["folder"], dtype=torch.float32)
        with torch.inference_mode():
            loaded(torch.tensor([[tokenizer.eos_token_id]]))

    return run


run = {"training": training, "sampling": sampling, "load": loading}[item["kind"]]()
run()
seconds = []
for _ in range(settings["repeats"]):
    start = time.perf_counter()
    run()
    seconds.append(time.perf_counter() - start)
print(
    json.dumps(
        {
            "seconds": seconds,
            "peakMemoryBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        }
    )
)
