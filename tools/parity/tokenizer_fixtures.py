"""Small tokenizers of the kinds that published models use, with what the Rust library encodes and decodes.

usage: tokenizer_fixtures.py FOLDER   (writes one folder for each kind, with golden.json)
"""

import json
import pathlib
import sys

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

LLAMA3_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2_WORDS = LLAMA3_WORDS.replace(r"\p{N}{1,3}", r"\p{N}")

CORPUS = [
    "The capital of Norway is Oslo, and the capital of Sweden is Stockholm. The river runs through the country.",
    "It's the largest country of the region; they'll say the population in 1998 was 10,000,000 and don't know.",
    "naïve café, naïve café — 東京, 東京 🙂🙂 Ελλάδα Ελλάδα",
    "def main(args):\n    for i in range(10):\n        print(args[i])\n    return None\n",
    "<div class=\"title\"><p>The title of the page</p></div>\n<div class=\"body\"><p>The page</p></div>",
    "user\nWhat is the capital of Norway?\nassistant\nThe capital is Oslo.\n",
] * 2

TEXTS = [
    "",
    " ",
    "  ",
    "Hello world",
    " leading and trailing ",
    "   three spaces",
    "The capital of Norway is Oslo.",
    "It's we'll THEY'RE don'T I'D",
    "1998 was 10,000,000 or 3.14159; ² ½ Ⅷ ٣٤٥ ১২",
    "naïve café — naïve café e\u0301 A\u030a \ufb01 \u1e9b\u0323",
    "東京都 한국어 日本語テキスト",
    "🙂👩‍👩‍👧‍👦🇳🇴 e🙂",
    "مرحبا بالعالم שלום नमस्ते",
    "def f(x):\n\treturn x ** 2  # square\n\n\nclass A:\r\n    pass\r\n",
    "<div class=\"a\">\n  <p>text &amp; more</p>\n</div>",
    "a\u00a0b\u2003c\u3000d\u0085e\ufefff\u2028g\u200bh",
    "\ufeffmark at the beginning",
    "line\n\n\n  indented\n \n",
    "!!! ??? ... --- ___ ===> <<= `code` $x^2$ \\frac{a}{b}",
    "\x00\x01\x1f\x7f",
    "ſ K İ ı ß ẞ ŉ 'ſ",
    "▁ already ▁▁ marked",
    "a special <|end|> inside, <|start|>user and <|pad|>",
    "<|end|>",
    " <|end|> spaces <|end|>\n",
    "a <tool> is not special</tool>",
    "<0x0A> is text",
    "mixed123abc 12ab34 x1y2",
    "https://example.org/a?b=c&d=%20e#f",
    "tab\tseparated\tvalues\t\t",
]


def added(names, special=True, **flags):
    return [AddedToken(name, special=special, normalized=False, **flags) for name in names]


SPECIAL = ["<|pad|>", "<|end|>", "<|start|>"]


def byte_level(words, normalizer=None, ignore_merges=False):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(words)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=330,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=2,
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_special_tokens(added(SPECIAL))
    tokenizer.add_tokens(added(["<tool>", "</tool>"], special=False))
    return tokenizer


def regex_words(pattern):
    return [pre_tokenizers.Split(Regex(pattern), behavior="isolated"), byte_words(use_regex=False)]


def byte_words(use_regex):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)


def sentencepiece(metaspace):
    """Llama 2's: `metaspace` as newer files write it, or with the older normalizer that puts a space first."""
    alphabet = sorted({char for text in CORPUS for char in text if ord(char) < 0x250 and char not in "\n "})
    vocab = {"<unk>": 0, "<|pad|>": 1, "<|end|>": 2, "<|start|>": 3}
    for byte in range(256):
        vocab[f"<0x{byte:02X}>"] = len(vocab)
    for char in ["▁", *alphabet]:
        vocab[char] = len(vocab)
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    trainer = trainers.BpeTrainer(vocab_size=160, min_frequency=2, initial_alphabet=alphabet, show_progress=False)
    trained.train_from_iterator([text.replace("\n", " ") for text in CORPUS], trainer)
    merges = []
    for left, right in json.loads(trained.to_str())["model"]["merges"]:
        if left in vocab and right in vocab:
            vocab.setdefault(left + right, len(vocab))
            merges.append((left, right))
    for spaces in ("▁▁", "▁▁▁▁"):
        half = spaces[: len(spaces) // 2]
        vocab[spaces] = len(vocab)
        merges.append((half, half))
    tokenizer = Tokenizer(
        models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    )
    if metaspace:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    else:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens(added(["<unk>", *SPECIAL]))
    return tokenizer


KINDS = {
    "llama3": lambda: byte_level(regex_words(LLAMA3_WORDS), ignore_merges=True),
    "qwen2": lambda: byte_level(regex_words(QWEN2_WORDS), normalizer=normalizers.NFC()),
    "smollm2": lambda: byte_level([pre_tokenizers.Digits(individual_digits=True), byte_words(use_regex=True)]),
    "sentencepiece": lambda: sentencepiece(metaspace=True),
    "sentencepiece-legacy": lambda: sentencepiece(metaspace=False),
}


def golden(tokenizer):
    rows = []
    for text in TEXTS:
        row = {"text": text}
        # encode_special_tokens: the names of special tokens are ordinary text.
        tokenizer.encode_special_tokens = True
        row["plain"] = tokenizer.encode(text, add_special_tokens=False).ids
        tokenizer.encode_special_tokens = False
        row["special"] = tokenizer.encode(text, add_special_tokens=False).ids
        row["decoded"] = tokenizer.decode(row["special"], skip_special_tokens=False)
        row["skipped"] = tokenizer.decode(row["special"], skip_special_tokens=True)
        rows.append(row)
    return rows


def main():
    root = pathlib.Path(sys.argv[1])
    for name, make in KINDS.items():
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer = make()
        (folder / "tokenizer.json").write_text(tokenizer.to_str(pretty=False) + "\n")
        config = {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": "<|start|>",
            "eos_token": "<|end|>",
            "pad_token": "<|pad|>",
        }
        (folder / "tokenizer_config.json").write_text(json.dumps(config) + "\n")
        rows = golden(tokenizer)
        lines = ",\n".join(json.dumps(row, ensure_ascii=True) for row in rows)
        version = json.dumps(f"tokenizers {tokenizers.__version__}")
        (folder / "golden.json").write_text(f'{{"version": {version}, "rows": [\n{lines}\n]}}\n')


main()
