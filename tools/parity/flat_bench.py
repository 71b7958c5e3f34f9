"""Searches a flat index of faiss on one thread, for bench/retriever/flat.ts.

    python tools/parity/flat_bench.py '{"precision": "float32", ...}'

Prints one JSON object.
"""

import json
import sys
import time

import faiss
import numpy as np

settings = json.loads(sys.argv[1])
dimension, top_k = settings["dimension"], settings["topK"]


def read(path, kind=np.float32, width=dimension):
    return np.fromfile(path, dtype=kind).reshape(-1, width)


def rss():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


faiss.omp_set_num_threads(1)
vectors, queries = read(settings["vectors"]), read(settings["queries"])[:256]
before = rss()
if settings["precision"] == "float32":
    index = faiss.IndexFlatIP(dimension)
else:
    index = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    index.train(vectors)
index.add(vectors)
memory = rss() - before
expected = read(settings["truth"], np.int32, top_k)[: len(queries)]
labels = index.search(queries, top_k)[1]
hits = sum(len(set(a) & set(b)) for a, b in zip(labels.tolist(), expected.tolist()))
points = []
for batch in settings["batches"]:
    some = queries[: max(batch, 32)]
    best = float("inf")
    for _ in range(settings["repeats"]):
        started = time.perf_counter()
        for start in range(0, len(some), batch):
            index.search(some[start : start + batch], top_k)
        best = min(best, time.perf_counter() - started)
    points.append({"batch": batch, "queriesPerSecond": len(some) / best})
print(json.dumps({"recall": hits / expected.size, "memoryBytes": memory, "points": points}))
