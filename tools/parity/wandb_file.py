"""Reads, writes and uploads `.wandb` files with W&B's own code, against which the trainer's are held.

    python tools/parity/wandb_file.py read run.wandb         # what is in it, as JSON lines
    python tools/parity/wandb_file.py golden                 # the bytes that the trainer's test expects
    python tools/parity/wandb_file.py sync offline-run-…     # what `wandb sync` sends to a server, as JSON lines

`read` and `golden` need the Python log reader, which wandb 0.19.11 has (`pip install wandb==0.19.11`); `sync` runs with any version
(0.19.11 and 0.31.0 were tried).
"""

import base64
import gzip
import hashlib
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading


def open_store():
    import wandb

    wandb._assert_is_internal_process = True
    from wandb.sdk.internal.datastore import DataStore

    return DataStore()


def read(path):
    from google.protobuf.json_format import MessageToDict
    from wandb.proto import wandb_internal_pb2 as pb

    store = open_store()
    store.open_for_scan(path)
    while (data := store.scan_data()) is not None:
        record = pb.Record()
        record.ParseFromString(data)
        kind = record.WhichOneof("record_type")
        if kind == "history":
            values = {item.nested_key[0]: json.loads(item.value_json) for item in record.history.item}
            print(json.dumps({"num": record.num, "history": values, "step": record.history.step.num}))
        else:
            content = MessageToDict(getattr(record, kind), preserving_proto_field_name=True)
            print(json.dumps({"num": record.num, kind: content}))


def sample_records(pb, padding):
    """The run of the trainer's test: one step with numbers that JSON has no name for, one without."""

    def record():
        message = pb.Record(num=len(records) + 1)
        message._info.stream_id = "0123abcd"
        records.append(message)
        return message

    records = []
    header = record().header
    header.version_info.producer = "dgpo"
    header.version_info.min_consumer = "0.70.0"
    run = record().run
    run.run_id, run.project, run.run_group, run.job_type, run.display_name = "0123abcd", "search", "first", "dgpo", "first dgpo"
    for key, value in {"seed": "1", "rl": '{"beta":0.001}', "note": json.dumps("x" * padding)}.items():
        run.config.update.add(key=key, value_json=value)
    run.start_time.seconds, run.start_time.nanos = 1700000000, 500000000
    steps = [
        {"reward": "0.5", "kl/mean": "NaN", "_timestamp": "1700000001.5", "_runtime": "1", "_step": "1"},
        {"reward": "-Infinity", "_timestamp": "1700000002.5", "_runtime": "2", "_step": "2"},
    ]
    for number, step in enumerate(steps, 1):
        history = record().history
        for key, value in step.items():
            history.item.add(nested_key=[key], value_json=value)
        history.step.num = number
        summary = record().summary
        for key, value in step.items():
            summary.update.add(nested_key=[key], value_json=value)
    record().exit.runtime = 3
    return records


def golden():
    from wandb.proto import wandb_internal_pb2 as pb

    for padding in (3, 32620, 32640, 70000):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "run.wandb")
            store = open_store()
            store.open_for_write(path)
            for record in sample_records(pb, padding):
                store.write(record)
            store.close()
            with open(path, "rb") as file:
                data = file.read()
        print(padding, len(data), hashlib.sha256(data).hexdigest())
        if padding == 3:
            print(base64.b64encode(data).decode())


class Recorder(http.server.BaseHTTPRequestHandler):
    """Answers as a W&B server does and prints what it is sent."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        answer = {}
        if self.path == "/graphql":
            variables = json.loads(body).get("variables") or {}
            names = {"id": "run", "name": variables.get("name"), "displayName": variables.get("displayName")}
            project = {"id": "project", "name": variables.get("project"), "entity": {"id": "entity", "name": "someone"}}
            bucket = {**names, "project": project, "config": "{}", "historyLineCount": 0}
            viewer = {"id": "user", "entity": "someone", "username": "someone", "flags": "{}", "teams": {"edges": []}}
            files = {"runID": "run", "uploadHeaders": [], "files": []}
            answer = {"upsertBucket": {"bucket": bucket, "inserted": True}, "viewer": viewer, "createRunFiles": files}
            answer = {"data": {**answer, "serverInfo": {"features": []}, "model": {"bucket": None}}}
        if self.path == "/graphql" and b"UpsertBucket" in body or self.path.endswith("/file_stream"):
            print(json.dumps({"path": self.path, "body": json.loads(body)}), flush=True)
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST


def sync(folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {
        **os.environ,
        "WANDB_BASE_URL": f"http://127.0.0.1:{server.server_address[1]}",
        "WANDB_API_KEY": "0" * 40,
    }
    command = os.path.join(os.path.dirname(sys.executable), "wandb")
    result = subprocess.run([command, "sync", "--include-synced", folder], env=environment, timeout=120)
    server.shutdown()
    sys.exit(result.returncode)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["read", path]:
            read(path)
        case ["golden"]:
            golden()
        case ["sync", folder]:
            sync(folder)
        case _:
            sys.exit(__doc__)
