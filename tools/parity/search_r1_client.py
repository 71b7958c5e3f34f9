"""The wire between search agents and retrieval servers, from the other side: asks a server the way the generation loop of Search-R1
does, or stands in for its server. No code of Search-R1 is used, only what travels.

  search_r1_client.py ask URL        asks URL (…/retrieve) and prints what came back, as one JSON object
  search_r1_client.py serve          serves /retrieve on a free port of 127.0.0.1; prints the port; ends when stdin does
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DOCUMENTS = {
    "0": {"id": "0", "contents": '"Lima"\nLima is the capital of Peru.'},
    "1": {"id": "1", "contents": '"Ñandú (bird)"\nA large bird.\nIt does not fly.'},
}


def batch_search(url, queries, topk):
    import requests

    payload = {"queries": queries, "topk": topk, "return_scores": True}
    return requests.post(url, json=payload).json()["result"]


def passages_to_string(retrieval_result):
    text = ""
    for number, doc_item in enumerate(retrieval_result):
        content = doc_item["document"]["contents"]
        title = content.split("\n")[0]
        body = "\n".join(content.split("\n")[1:])
        text += f"Doc {number + 1}(Title: {title}) {body}\n"
    return text


def check(condition, message):
    if not condition:
        sys.exit(f"failed: {message}")


def ask(url):
    import requests

    queries = ["capital of Peru", "a bird that does not fly", "zzz"]
    results = batch_search(url, queries, 2)
    check(len(results) == len(queries), f"{len(results)} lists for {len(queries)} queries")
    for result in results:
        check(len(result) <= 2, f"{len(result)} documents for topk 2")
        for item in result:
            check(set(item) == {"document", "score"}, f"keys {sorted(item)}")
            check(isinstance(item["score"], float), f"score {item['score']!r}")
            check(isinstance(item["document"]["id"], str), f"id {item['document'].get('id')!r}")
            check(isinstance(item["document"]["contents"], str), "contents is no text")
        scores = [item["score"] for item in result]
        check(scores == sorted(scores, reverse=True), f"scores are not descending: {scores}")
    bare = requests.post(url, json={"queries": queries[:2], "topk": 1, "return_scores": False}).json()["result"]
    check([[item["document"] for item in result[:1]] for result in results[:2]] == bare, "bare documents differ")
    default = requests.post(url, json={"queries": ["Peru, Chile, Cuba or a bird"]}).json()["result"]
    check(all("contents" in document for document in default[0]), "without flags there are no bare documents")
    print(
        json.dumps(
            {
                "ids": [[item["document"]["id"] for item in result] for result in results],
                "texts": [passages_to_string(result) for result in results],
                "default": len(default[0]),
            }
        )
    )


class StandIn(BaseHTTPRequestHandler):
    """Replies in the shape of the reference server: FastAPI's compact JSON, documents as the corpus has them."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        topk = request.get("topk") or 3
        result = []
        for query in request["queries"]:
            words = set(query.lower().split())
            scored = [
                (float(len(words & set(document["contents"].lower().replace(".", "").split()))), key)
                for key, document in DOCUMENTS.items()
            ]
            found = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: (-pair[0], pair[1]))[:topk]
            if request.get("return_scores"):
                result.append([{"document": DOCUMENTS[key], "score": score} for score, key in found])
            else:
                result.append([DOCUMENTS[key] for _, key in found])
        body = json.dumps({"result": result}, ensure_ascii=False, separators=(",", ":")).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve():
    server = ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    if sys.argv[1:2] == ["ask"]:
        ask(sys.argv[2])
    elif sys.argv[1:] == ["serve"]:
        serve()
    else:
        sys.exit(__doc__)
