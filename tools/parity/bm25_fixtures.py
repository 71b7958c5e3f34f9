"""Stores what bm25s scores, for packages/retriever/src/bm25/bm25-parity.test.ts.

    python tools/parity/bm25_fixtures.py packages/retriever/src/__fixtures__/hotpotqa-12 packages/retriever/src/bm25/__fixtures__/bm25s.json

Two kinds of corpora: the HotpotQA passages with their questions, and random ones whose words are letters. bm25s is given the
words as @dgpo/retriever takes them from text.
"""

import json
import random
import re
import sys
import unicodedata

import bm25s
import numpy as np

folder, target = sys.argv[1:]


def words(text):
    decomposed = unicodedata.normalize("NFKD", text.lower())
    folded = "".join(letter for letter in decomposed if not unicodedata.category(letter).startswith("M"))
    return re.findall(r"[^\W_]+", folded)


def read(name, field):
    with open(f"{folder}/{name}.jsonl") as lines:
        return [json.loads(line)[field] for line in lines]


def score(texts, queries, idf, k1, b, keep):
    model = bm25s.BM25(method=idf, k1=k1, b=b, dtype="float64")
    model.index([words(text) for text in texts], show_progress=False)
    found = []
    for query in queries:
        known = [word for word in words(query) if word in model.vocab_dict]
        scores = model.get_scores(known) if known else np.zeros(len(texts))
        best = np.argsort(-scores, kind="stable")[:keep]
        found.append([[int(index), round(float(scores[index]), 7)] for index in best if scores[index] > 0])
    return {"idf": idf, "k1": k1, "b": b, "found": found}


def random_corpus(seed):
    draw = random.Random(seed)
    text = lambda longest: " ".join(draw.choice("aaaabbbccdefghij") for _ in range(draw.randint(1, longest)))
    return {"texts": [text(12) for _ in range(25)], "queries": [text(4) for _ in range(4)]}


settings = [("lucene", 0.9, 0.4), ("lucene", 1.5, 0.75), ("robertson", 1.2, 0.75)]
texts, questions = read("corpus", "contents"), read("questions", "question")
corpora = [random_corpus(seed) for seed in range(3)]
result = {
    "bm25s": bm25s.__version__,
    "hotpotqa": [score(texts, questions, *chosen, keep=5) for chosen in settings],
    "random": [
        {**corpus, "scores": [score(**corpus, idf=idf, k1=k1, b=b, keep=25) for idf, k1, b in settings]}
        for corpus in corpora
    ],
}
with open(target, "w") as file:
    json.dump(result, file, separators=(",", ":"))
    file.write("\n")
