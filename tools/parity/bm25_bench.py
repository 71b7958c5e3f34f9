"""Indexes or searches with bm25s on one thread, for bench/retriever/bm25.ts.

    python tools/parity/bm25_bench.py '{"mode": "index", "engine": "numba", ...}'

Prints one JSON object. The words of passages and queries are given to bm25s; taking the lines apart is not counted.
"""

import json
import os
import resource
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"

import bm25s
import numpy as np

settings = json.loads(sys.argv[1])


def read(path):
    with open(path) as lines:
        return [[sys.intern(word) for word in line.split()] for line in lines]


def rss():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


def index():
    tokens = read(settings["corpus"])
    # With numba, the matrix is built by compiled code too.
    compiled = {"csc_backend": "numpy"} if settings["engine"] == "numba" else {}
    model = bm25s.BM25(method="lucene", k1=settings["k1"], b=settings["b"], backend=settings["engine"], **compiled)
    if compiled:
        model.activate_numba_csc()
        model.warmup_numba_csc()
    wall, cpu = time.perf_counter(), time.process_time()
    model.index(tokens, show_progress=False)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    model.save(settings["index"])
    files = [os.path.join(settings["index"], name) for name in os.listdir(settings["index"])]
    return {
        "passages": len(tokens),
        "passagesPerSecond": len(tokens) / wall,
        "passagesPerCpuSecond": len(tokens) / cpu,
        "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "diskBytes": sum(os.path.getsize(path) for path in files),
    }


def search():
    queries = read(settings["queries"])
    if settings["engine"] == "numba":
        import numba  # noqa: F401  counted as the program's memory, not the index's
    before = rss()
    started = time.perf_counter()
    model = bm25s.BM25.load(settings["index"])
    opened = time.perf_counter() - started
    model.backend = settings["engine"]
    retrieve = lambda: model.retrieve(queries, k=settings["topK"], n_threads=0, show_progress=False)
    _, scores = retrieve()
    best = float("inf")
    for _ in range(settings["repeats"]):
        started = time.perf_counter()
        retrieve()
        best = min(best, time.perf_counter() - started)
    memory = rss() - before
    scores.astype(np.float32).tofile(settings["scores"])
    return {"openSeconds": opened, "memoryBytes": memory, "queriesPerSecond": len(queries) / best}


print(json.dumps(index() if settings["mode"] == "index" else search()))
