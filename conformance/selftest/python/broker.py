"""A service broker with a data service, in Python's standard library alone: nothing of it is shared with Drydock.

Each instance is a key-value server that speaks RESP2 at a port of its own, which listens only while the instance is bound. Backups
are copies in memory, with an interface of the broker's own. It prints the URL, the user and the password when it is ready, and ends
with its input.
"""

import base64
import hmac
import json
import os
import secrets
import socket
import socketserver
import sys
import threading
import time
import urllib.parse
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SERVICE = "6f0a1f6e-0000-4000-8000-000000000001"
PLAN = "6f0a1f6e-0000-4000-8000-000000000002"
USER, PASSWORD = "platform", secrets.token_urlsafe(24)
CATALOG = {
    "services": [
        {
            "id": SERVICE,
            "name": "shelf-redis",
            "description": "A shelf for keys and values",
            "bindable": True,
            "instances_retrievable": True,
            "bindings_retrievable": True,
            "tags": ["redis"],
            "plans": [
                {
                    "id": PLAN,
                    "name": "one",
                    "description": "One shelf",
                    "schemas": {
                        "service_instance": {
                            "create": {
                                "parameters": {
                                    "$schema": "http://json-schema.org/draft-06/schema#",
                                    "type": "object",
                                    "additionalProperties": False,
                                }
                            }
                        }
                    },
                }
            ],
        }
    ]
}
DUMP_SECONDS = 0.05
ID_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def now():
    return datetime.now(timezone.utc).isoformat()


class Shelf:
    """The data of an instance, who may use it, and the sockets of those who do."""

    def __init__(self):
        self.lock = threading.RLock()
        self.data = {}
        self.versions = {}
        self.users = {}
        self.clients = {}
        self.server = None
        # The port is kept, so that it is the same when the instance is bound again.
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def touch(self, key):
        self.versions[key] = self.versions.get(key, 0) + 1

    def open(self):
        if self.server is None:
            shelf = self
            self.server = Listener(("127.0.0.1", self.port), type("Client", (Client,), {"shelf": shelf}))
            threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None
        self.cut(None)

    def cut(self, user):
        with self.lock:
            for connection, name in list(self.clients.items()):
                if user is None or name == user:
                    try:
                        connection.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass

    def copy(self):
        with self.lock:
            return {key: dict(value) if isinstance(value, dict) else set(value) if isinstance(value, set) else value
                    for key, value in self.data.items()}

    def replace(self, data):
        self.cut(None)
        with self.lock:
            self.data.clear()
            for key, value in data.items():
                self.data[key] = type(value)(value)
                self.touch(key)


class Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass


class Refusal(Exception):
    pass


def bulk(value):
    return b"$-1\r\n" if value is None else b"$%d\r\n%s\r\n" % (len(value), value)


def array(values):
    return b"*%d\r\n" % len(values) + b"".join(bulk(value) for value in values)


class Client(socketserver.StreamRequestHandler):
    """A session: RESP2, with the commands that an ordinary user has."""

    def setup(self):
        super().setup()
        self.user = None
        self.watched = {}
        self.queue = None
        with self.shelf.lock:
            self.shelf.clients[self.request] = None

    def finish(self):
        with self.shelf.lock:
            self.shelf.clients.pop(self.request, None)
        try:
            super().finish()
        except OSError:
            pass

    def handle(self):
        try:
            while True:
                words = self.read()
                if words is None:
                    return
                self.wfile.write(self.answer(words))
        except (OSError, ValueError):
            return

    def read(self):
        line = self.rfile.readline(65536)
        if not line.startswith(b"*"):
            return None
        words = []
        for _ in range(int(line[1:])):
            size = int(self.rfile.readline(65536)[1:])
            words.append(self.rfile.read(size))
            self.rfile.read(2)
        return words

    def answer(self, words):
        name = words[0].decode("latin1").upper()
        try:
            if name == "AUTH":
                return self.auth(words[1:])
            if self.user is None:
                return b"-NOAUTH Authentication required.\r\n"
            command = getattr(self, "do_" + name.lower(), None)
            if command is None:
                return b"-NOPERM this user has no permissions to run the command\r\n"
            if self.queue is not None and name not in ("EXEC", "DISCARD", "MULTI"):
                self.queue.append((command, words[1:]))
                return b"+QUEUED\r\n"
            with self.shelf.lock:
                return command(*words[1:])
        except (Refusal, TypeError) as error:
            return b"-ERR %s\r\n" % str(error).encode().replace(b"\n", b" ")

    def auth(self, words):
        user, password = (words[0].decode(), words[1]) if len(words) == 2 else ("default", words[0])
        known = self.shelf.users.get(user)
        if known is None or not hmac.compare_digest(known.encode(), password):
            return b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"
        self.user = user
        with self.shelf.lock:
            self.shelf.clients[self.request] = user
        return b"+OK\r\n"

    def of(self, key, kind):
        value = self.shelf.data.get(key)
        if value is not None and not isinstance(value, kind):
            raise Refusal("WRONGTYPE")
        return value

    def do_ping(self):
        return b"+PONG\r\n"

    def do_hset(self, key, *pairs):
        table = self.of(key, dict)
        if table is None:
            table = self.shelf.data[key] = {}
        before = len(table)
        for at in range(0, len(pairs), 2):
            table[pairs[at]] = pairs[at + 1]
        self.shelf.touch(key)
        return b":%d\r\n" % (len(table) - before)

    def do_hget(self, key, field):
        return bulk((self.of(key, dict) or {}).get(field))

    def do_hvals(self, key):
        return array(list((self.of(key, dict) or {}).values()))

    def do_hdel(self, key, *fields):
        table = self.of(key, dict) or {}
        gone = sum(table.pop(field, None) is not None for field in fields)
        self.shelf.touch(key)
        return b":%d\r\n" % gone

    def do_del(self, *keys):
        gone = 0
        for key in keys:
            gone += self.shelf.data.pop(key, None) is not None
            self.shelf.touch(key)
        return b":%d\r\n" % gone

    def do_sadd(self, key, *members):
        members_there = self.of(key, set)
        if members_there is None:
            members_there = self.shelf.data[key] = set()
        before = len(members_there)
        members_there.update(members)
        self.shelf.touch(key)
        return b":%d\r\n" % (len(members_there) - before)

    def do_srem(self, key, *members):
        there = self.of(key, set) or set()
        before = len(there)
        there.difference_update(members)
        self.shelf.touch(key)
        return b":%d\r\n" % (before - len(there))

    def do_smembers(self, key):
        return array(sorted(self.of(key, set) or set()))

    def do_incr(self, key):
        value = int(self.of(key, bytes) or b"0") + 1
        self.shelf.data[key] = b"%d" % value
        self.shelf.touch(key)
        return b":%d\r\n" % value

    def do_watch(self, *keys):
        for key in keys:
            self.watched[key] = self.shelf.versions.get(key, 0)
        return b"+OK\r\n"

    def do_multi(self):
        self.queue = []
        return b"+OK\r\n"

    def do_discard(self):
        self.queue, self.watched = None, {}
        return b"+OK\r\n"

    def do_exec(self):
        queue, watched = self.queue or [], self.watched
        self.queue, self.watched = None, {}
        if any(self.shelf.versions.get(key, 0) != version for key, version in watched.items()):
            return b"*-1\r\n"
        return b"*%d\r\n" % len(queue) + b"".join(command(*words) for command, words in queue)


class Instance:
    def __init__(self, ident, body):
        self.ident = ident
        self.body = body
        self.shelf = Shelf()
        self.bindings = {}
        self.dumps = {}
        self.loads = {}

    def busy(self):
        tasks = [*self.dumps.values(), *self.loads.values()]
        return any(task["phase"] == "running" for task in tasks)


class Answer(Exception):
    def __init__(self, status, body=None):
        super().__init__(status)
        self.status = status
        self.body = {} if body is None else body


def refuse(status, text):
    return Answer(status, {"description": text})


INSTANCES = {}
GUARD = threading.RLock()


class Broker(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "shelf"
    sys_version = ""

    def log_message(self, format, *args):
        pass

    def respond(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="shelf"')
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length) if 0 < length <= 1 << 20 else b""
        try:
            self.admit()
            raise self.route(text)
        except Answer as answer:
            self.respond(answer.status, answer.body)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = answer

    def admit(self):
        want = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        have = self.headers.get("Authorization") or ""
        if not hmac.compare_digest(want.encode(), have.encode("utf8", "replace")):
            raise refuse(401, "Unauthorized")

    def version(self):
        version = self.headers.get("X-Broker-API-Version") or ""
        if not version.startswith("2."):
            raise refuse(412, "Give the version of the API")
        identity = self.headers.get("X-Broker-API-Originating-Identity")
        if identity is not None:
            try:
                _, value = identity.split(" ")
                if not isinstance(json.loads(base64.b64decode(value, validate=True)), dict):
                    raise ValueError
            except ValueError:
                raise refuse(400, "The identity can't be read") from None

    def route(self, text):
        url = urllib.parse.urlsplit(self.path)
        path = [urllib.parse.unquote(each) for each in url.path.split("/")[1:]]
        query = dict(urllib.parse.parse_qsl(url.query))
        body = self.parse(text)
        with GUARD:
            if path[0] == "v2":
                self.version()
                return self.osb(path[1:], query, body)
            if path[0] == "shelves" and len(path) >= 3:
                return self.backups(self.instance(path[1]), path[2:])
        return refuse(404, "There is no such thing")

    def parse(self, text):
        if text == b"":
            return {}
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            raise refuse(400, "The body is no JSON") from None
        if not isinstance(body, dict):
            raise refuse(400, "The body is no object")
        return body

    def instance(self, ident, status=404):
        found = INSTANCES.get(ident)
        if found is None:
            raise refuse(status, "There is no such instance") if status == 404 else Answer(410)
        return found

    def osb(self, path, query, body):
        if path == ["catalog"] and self.command == "GET":
            return Answer(200, CATALOG)
        if len(path) < 2 or path[0] != "service_instances":
            return refuse(404, "There is no such thing")
        ident, rest = path[1], path[2:]
        for each in path[1::2]:
            if not 0 < len(each) <= 100 or not ID_CHARS.issuperset(each):
                raise refuse(400, "The id is not one")
        if not rest:
            return self.one_instance(ident, query, body)
        found = self.instance(ident, 410 if self.command == "DELETE" else 404)
        if rest == ["last_operation"] and self.command == "GET":
            return Answer(200, {"state": "succeeded"}) if "operation" not in query else refuse(400, "Unknown operation")
        if len(rest) >= 2 and rest[0] == "service_bindings":
            return self.one_binding(found, rest[1], rest[2:], query, body)
        return refuse(404, "There is no such thing")

    def offered(self, body):
        if body.get("service_id") != SERVICE or body.get("plan_id") != PLAN:
            raise refuse(400, "There is no such plan")
        parameters = body.get("parameters", {})
        if parameters != {}:
            raise refuse(400, "The plan takes no parameters")

    def one_instance(self, ident, query, body):
        known = INSTANCES.get(ident)
        if self.command == "PUT":
            self.offered(body)
            for name in ("organization_guid", "space_guid"):
                if not isinstance(body.get(name, ""), str):
                    raise refuse(400, f"{name} is no text")
            if not isinstance(body.get("context", {}), dict):
                raise refuse(400, "The context is no object")
            if known is not None:
                return Answer(200) if known.body == body else refuse(409, "The id is in use")
            INSTANCES[ident] = Instance(ident, body)
            return Answer(201)
        if known is None:
            raise Answer(410) if self.command == "DELETE" else refuse(404, "There is no such instance")
        if self.command == "GET":
            return Answer(200, {"service_id": SERVICE, "plan_id": PLAN})
        if self.command == "PATCH":
            if body.get("service_id") != SERVICE:
                raise refuse(400, "service_id is needed")
            if body.get("plan_id", PLAN) != PLAN or body.get("parameters", {}) != {}:
                raise refuse(400, "There is nothing to change")
            return Answer(200)
        if self.command == "DELETE":
            self.hinted(query)
            known.shelf.close()
            del INSTANCES[ident]
            return Answer(200)
        return refuse(404, "There is no such thing")

    def hinted(self, query):
        if query.get("service_id") != SERVICE or query.get("plan_id") != PLAN:
            raise refuse(400, "service_id and plan_id are needed")

    def credentials(self, found, user):
        password = found.shelf.users[user]
        uri = f"redis://{user}:{password}@127.0.0.1:{found.shelf.port}"
        return {"host": "127.0.0.1", "port": found.shelf.port, "username": user, "password": password, "uri": uri}

    def one_binding(self, found, ident, rest, query, body):
        known = found.bindings.get(ident)
        if rest == ["last_operation"] and self.command == "GET":
            return refuse(404, "There is no such binding") if known is None else Answer(200, {"state": "succeeded"})
        if rest:
            return refuse(404, "There is no such thing")
        if self.command == "PUT":
            self.offered(body)
            if known is not None and known[1] != body:
                raise refuse(409, "The id is in use")
            if known is None:
                known = found.bindings[ident] = ("u" + secrets.token_hex(8), body)
                found.shelf.users[known[0]] = secrets.token_hex(24)
                found.shelf.open()
                return Answer(201, {"credentials": self.credentials(found, known[0])})
            return Answer(200, {"credentials": self.credentials(found, known[0])})
        if known is None:
            raise Answer(410) if self.command == "DELETE" else refuse(404, "There is no such binding")
        if self.command == "GET":
            return Answer(200, {"credentials": self.credentials(found, known[0])})
        if self.command == "DELETE":
            self.hinted(query)
            del found.bindings[ident]
            del found.shelf.users[known[0]]
            found.shelf.cut(known[0])
            if not found.bindings:
                found.shelf.close()
            return Answer(200)
        return refuse(404, "There is no such thing")

    def backups(self, found, path):
        if path == ["dumps"] and self.command == "POST":
            return self.dump(found)
        if path == ["dumps"] and self.command == "GET":
            return Answer(200, {"dumps": [self.shown("dump_id", each) for each in found.dumps.values()]})
        if path[0] == "loads" and len(path) == 2 and self.command == "GET" and path[1] in found.loads:
            return Answer(200, self.shown("load", found.loads[path[1]]))
        dump = found.dumps.get(path[1]) if path[0] == "dumps" and len(path) > 1 else None
        if dump is None:
            return refuse(404, "There is no such thing")
        if len(path) == 2 and self.command == "GET":
            return Answer(200, self.shown("dump_id", dump))
        if len(path) == 2 and self.command == "DELETE":
            if found.busy():
                return refuse(409, "The instance is busy")
            del found.dumps[path[1]]
            return Answer(200)
        if path[2:] == ["load"] and self.command == "POST":
            return self.load(found, dump)
        return refuse(404, "There is no such thing")

    def shown(self, name, task):
        shown = {name: task["id"], "phase": task["phase"]}
        return {**shown, **{key: task[key] for key in ("triggered_at", "started_at", "finished_at") if task.get(key)}}

    def begin(self, tasks, work):
        task = {"id": secrets.token_hex(8), "phase": "running", "triggered_at": now()}
        tasks[task["id"]] = task

        def run():
            task["started_at"] = now()
            time.sleep(DUMP_SECONDS)
            with GUARD:
                work(task)
                task["finished_at"] = now()
                task["phase"] = "finished"

        threading.Thread(target=run, daemon=True).start()
        return task

    def dump(self, found):
        if found.busy():
            return refuse(409, "The instance is busy")
        task = self.begin(found.dumps, lambda task: task.update(data=found.shelf.copy()))
        return Answer(202, {"dump": task["id"]})

    def load(self, found, dump):
        if found.busy():
            return refuse(409, "The instance is busy")
        data = dump["data"]
        task = self.begin(found.loads, lambda task: found.shelf.replace(data))
        return Answer(202, {"load": task["id"]})


class Web(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Clients may hang up whenever they like."""


def main():
    server = Web(("127.0.0.1", 0), Broker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}", "username": USER, "password": PASSWORD}), flush=True)
    sys.stdin.read()
    os._exit(0)


main()
