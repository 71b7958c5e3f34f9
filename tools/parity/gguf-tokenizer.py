"""What transformers makes of the vocabulary of a GGUF file: ids of some 300 texts, for check-gguf-tokenizer.mjs.

usage: gguf-tokenizer.py MODEL.gguf IDS.json
"""

import itertools
import json
import pathlib
import random
import sys

import transformers
from tokenizers import pre_tokenizers
from transformers.integrations.gguf.gguf_tokenizer_mapping import get_gguf_tokenizer

WORDS = "The capital of Norway is Oslo don't we'll THEY'RE I'D café naïve 東京 Ελλάδα мир 🙂 👩‍👩‍👧 مرحبا नमस्ते".split()
NUMBERS = "0 7 42 1998 3.14 10,000,000 0x1F 1e-5 12:30 50% ² ½ Ⅷ ٣٤٥".split()
CODE = [
    "def f(x):\n\treturn x ** 2  # square\n",
    "for (let i = 0; i < n; i++) { a[i] += b[i]; }",
    "SELECT * FROM t WHERE a >= 1 AND b LIKE '%x%';",
    "#include <stdio.h>\r\nint main(void) {\r\n    return 0;\r\n}\r\n",
    "{\"key\": [1, 2.5, null], \"other\": {\"a\": true}}",
]
MARKUP = [
    "<div class=\"a\">\n  <p>text &amp; more</p>\n</div>",
    "# Title\n\n* item **bold** `code`\n\n| a | b |\n|---|---|\n",
    "\\frac{a}{b} = \\sum_{i=1}^{n} x_i^2",
    "https://example.org/path?a=b&c=%20d#e",
]
SPACES = [" ", "  ", "   ", "\n", "\n\n", "\n \n", "\t", "\t\t ", "\r\n", "\u00a0", "\u2003", "\u3000", "\u0085", "\ufeff", "\u2028"]
OTHER = ["", "e\u0301 A\u030a \ufb01", "!!! ??? ... --- ===>", "\x00\x01\x7f", "'s 't 'S s' ''", "a\u200bb\u200dc", "\ufffd"]


def texts():
    rows = [*WORDS, *NUMBERS, *CODE, *MARKUP, *OTHER]
    rows += [f"a{space}b{space}" for space in SPACES] + [f"{space}1{space}!" for space in SPACES]
    rows += [f"{word}{number}" for word, number in zip(WORDS, itertools.cycle(NUMBERS))]
    draw = random.Random(0)
    parts = WORDS + NUMBERS + CODE + MARKUP + OTHER + SPACES * 3
    rows += ["".join(draw.choice(parts) + draw.choice(["", " "]) for _ in range(draw.randint(2, 9))) for _ in range(200)]
    return list(dict.fromkeys(rows))


def main():
    path = pathlib.Path(sys.argv[1])
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)
    loaded = {text: tokenizer.encode(text, add_special_tokens=False) for text in texts()}
    _, metadata, _ = get_gguf_tokenizer(str(path))
    if metadata.get("pre_tokenizer_type") == "smollm":
        # transformers 5.23 takes GPT-2's words for this kind; SmolLM2's own tokenizer.json splits digits first.
        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        )
    rows = []
    for text in texts():
        ids = tokenizer.encode(text, add_special_tokens=False)
        rows.append({"text": text, "ids": ids, "loaded": loaded[text], "decoded": tokenizer.decode(ids, clean_up_tokenization_spaces=False)})
    chat = [
        {"role": "user", "content": "What is the capital of Norway?"},
        {"role": "assistant", "content": "Oslo."},
        {"role": "user", "content": "And of Sweden?"},
    ]
    rendered = None
    if tokenizer.chat_template:
        rendered = {
            "messages": chat,
            "text": tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True),
            "ids": list(tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=False)),
        }
    out = {
        "version": f"transformers {transformers.__version__}",
        "eos": tokenizer.eos_token_id,
        "pad": tokenizer.pad_token_id,
        "size": len(tokenizer),
        "rows": rows,
        "chat": rendered,
    }
    pathlib.Path(sys.argv[2]).write_text(json.dumps(out))


main()
