"""Builds or searches one HNSW index in hnswlib or faiss on one thread, for bench/retriever/hnsw.ts.

    python tools/parity/hnsw_bench.py '{"mode": "build", "library": "hnswlib", ...}'

Prints one JSON object. Modes: `truth` (exact neighbours through faiss), `build`, `search`.
"""

import json
import os
import resource
import sys
import time

import numpy as np

settings = json.loads(sys.argv[1])
dimension, size, top_k = settings["dimension"], settings["size"], settings["topK"]


def read(path):
    return np.fromfile(path, dtype=np.float32).reshape(-1, dimension)


def rss():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


def truth():
    import faiss

    index = faiss.IndexFlatIP(dimension)
    index.add(read(settings["vectors"]))
    _, labels = index.search(read(settings["queries"]), top_k)
    labels.astype(np.int32).tofile(settings["truth"])
    return {}


class Hnswlib:
    def __init__(self):
        import hnswlib

        self.index = hnswlib.Index(space="ip", dim=dimension)

    def build(self, vectors):
        self.index.init_index(
            max_elements=size, M=settings["m"], ef_construction=settings["efConstruction"], random_seed=100
        )
        self.index.set_num_threads(1)
        self.index.add_items(vectors, num_threads=1)
        return self.index.save_index

    def load(self, path):
        self.index.load_index(path, max_elements=size)

    def set_ef(self, ef):
        self.index.set_ef(ef)

    def search(self, queries):
        return self.index.knn_query(queries, k=top_k, num_threads=1)[0]


class Faiss:
    def __init__(self):
        import faiss

        self.faiss = faiss
        faiss.omp_set_num_threads(1)

    def build(self, vectors):
        self.index = self.faiss.IndexHNSWFlat(dimension, settings["m"], self.faiss.METRIC_INNER_PRODUCT)
        self.index.hnsw.efConstruction = settings["efConstruction"]
        self.index.add(vectors)
        return lambda path: self.faiss.write_index(self.index, path)

    def load(self, path):
        self.index = self.faiss.read_index(path)

    def set_ef(self, ef):
        self.index.hnsw.efSearch = ef

    def search(self, queries):
        return self.index.search(queries, top_k)[1]


def build(library):
    vectors = read(settings["vectors"])
    wall, cpu = time.perf_counter(), time.process_time()
    save = library.build(vectors)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    save(settings["index"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"buildSeconds": wall, "buildCpuSeconds": cpu, "peakBytes": peak}


def search(library):
    queries = read(settings["queries"])
    expected = np.fromfile(settings["truth"], dtype=np.int32).reshape(-1, top_k)
    before = rss()
    started = time.perf_counter()
    library.load(settings["index"])
    opened = time.perf_counter() - started
    memory = rss() - before
    library.set_ef(64)
    library.search(queries)
    points = []
    for ef in settings["efSearch"]:
        library.set_ef(ef)
        best = float("inf")
        for _ in range(settings["repeats"]):
            started = time.perf_counter()
            labels = library.search(queries)
            best = min(best, time.perf_counter() - started)
        hits = sum(len(set(a) & set(b)) for a, b in zip(labels.tolist(), expected.tolist()))
        points.append({"ef": ef, "recall": hits / expected.size, "queriesPerSecond": len(queries) / best})
    return {"openSeconds": opened, "memoryBytes": memory, "points": points}


os.environ["OMP_NUM_THREADS"] = "1" if settings["mode"] != "truth" else os.environ.get("OMP_NUM_THREADS", "2")
if settings["mode"] == "truth":
    result = truth()
else:
    chosen = Hnswlib() if settings["library"] == "hnswlib" else Faiss()
    result = build(chosen) if settings["mode"] == "build" else search(chosen)
print(json.dumps(result))
