"""A service broker that deploys on a BOSH director: Python 3.9 or later, its standard library alone.

One service, two plans. An instance is a deployment of the job `postgresql`; a binding is its address and login. What was ordered is in a
file, so that a broker that was killed goes on where it was.

    BOSH_ENVIRONMENT, BOSH_CLIENT, BOSH_CLIENT_SECRET, BOSH_CA_CERT    the director, as for the bosh CLI
    BROKER_PASSWORD                                                    what platforms log in with, as user "platform"
    BROKER_STATE                                                       the file of what was ordered; default state.json
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import ssl
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SERVICE = "7b1f4a0e-5f0a-4c52-9a3e-6b1f4d2c0001"
PLANS = {
    "7b1f4a0e-5f0a-4c52-9a3e-6b1f4d2c0002": {"name": "small", "nodes": 1},
    "7b1f4a0e-5f0a-4c52-9a3e-6b1f4d2c0003": {"name": "cluster", "nodes": 3},
}
SECRET = os.environ["BROKER_PASSWORD"]
TRIES, PAUSE_S, TASK_POLL_S = 30, 0.2, 0.05
TO_TASK = (302, 303)


class Refused(Exception):
    """The director says no, and will say so again."""


class Director:
    """The few routes of the director that a broker needs. A request that fails for no reason of its own is sent again."""

    def __init__(self):
        self.url = urllib.parse.urlsplit(os.environ["BOSH_ENVIRONMENT"])
        self.context = ssl.create_default_context(cadata=os.environ["BOSH_CA_CERT"])
        self.token, self.until = None, 0.0

    def _once(self, host, port, method, path, body, headers):
        connection = http.client.HTTPSConnection(host, port, context=self.context, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def _again(self, *request):
        for attempt in range(TRIES):
            try:
                status, headers, body = self._once(*request)
                if status < 500:
                    return status, headers, body
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(PAUSE_S)
        raise Refused(f"{request[2]} {request[3]}: no answer after {TRIES} tries")

    def _login(self):
        if time.monotonic() > self.until:
            _, _, body = self._again(self.url.hostname, self.url.port, "GET", "/info", None, {})
            uaa = urllib.parse.urlsplit(json.loads(body)["user_authentication"]["options"]["url"])
            user = f"{os.environ['BOSH_CLIENT']}:{os.environ['BOSH_CLIENT_SECRET']}"
            headers = {
                "authorization": "Basic " + base64.b64encode(user.encode()).decode(),
                "content-type": "application/x-www-form-urlencoded",
            }
            form = "grant_type=client_credentials"
            status, _, body = self._again(uaa.hostname, uaa.port, "POST", "/oauth/token", form, headers)
            if status != 200:
                raise Refused(f"login: {status}")
            token = json.loads(body)
            self.token, self.until = token["access_token"], time.monotonic() + token["expires_in"] - 15
        return {"authorization": "Bearer " + self.token}

    def ask(self, method, path, body=None, content_type="application/json"):
        headers = {**self._login(), "content-type": content_type}
        return self._again(self.url.hostname, self.url.port, method, path, body, headers)

    def _follow(self, headers):
        task = headers.get("Location", headers.get("location", "")).split("/")[-1]
        while True:
            _, _, body = self.ask("GET", f"/tasks/{task}")
            found = json.loads(body)
            if found["state"] not in ("queued", "processing", "cancelling"):
                return found
            time.sleep(TASK_POLL_S)

    def deploy(self, manifest):
        status, headers, body = self.ask("POST", "/deployments", json.dumps(manifest), "text/yaml")
        if status not in TO_TASK:
            raise Refused(f"deploy: {status} {body[:200]!r}")
        task = self._follow(headers)
        if task["state"] != "done":
            raise Refused(f"deploy: {task.get('result')}")

    def delete(self, name):
        # What could not be deleted now can be later: an IaaS has its moments.
        for attempt in range(TRIES):
            status, headers, body = self.ask("DELETE", f"/deployments/{name}")
            if status == 404:
                return
            if status in TO_TASK and self._follow(headers)["state"] == "done":
                return
            time.sleep(PAUSE_S)
        raise Refused(f"delete {name}: not within {TRIES} tries")

    def addresses(self, name):
        _, _, body = self.ask("GET", f"/deployments/{name}/instances")
        return [ip for each in json.loads(body) for ip in (each.get("ips") or [])]


def deployment_of(instance_id):
    return "py-" + hashlib.sha256(instance_id.encode()).hexdigest()[:12]


def secret_of(instance_id, what):
    return hmac.new(SECRET.encode(), f"{instance_id}/{what}".encode(), hashlib.sha256).hexdigest()[:32]


def manifest_of(instance_id, plan_id):
    """JSON is YAML. The properties are those of the job `postgresql` (docs/own-broker.md)."""
    properties = {
        "database": "app",
        "port": 5432,
        "admin": {"username": "admin", "password": secret_of(instance_id, "admin")},
        "agent": {"port": 8443, "username": "agent", "password": secret_of(instance_id, "agent")},
        "disk_mb": 4096,
    }
    return {
        "name": deployment_of(instance_id),
        "releases": [{"name": "a9s-postgresql", "version": "1"}],
        "stemcells": [{"alias": "default", "os": "ubuntu-jammy", "version": "1.500"}],
        "update": {"canaries": 1, "max_in_flight": 1, "canary_watch_time": 1000, "update_watch_time": 1000},
        "instance_groups": [
            {
                "name": "pg",
                "instances": PLANS[plan_id]["nodes"],
                "azs": ["z1", "z2", "z3"],
                "jobs": [{"name": "postgresql", "release": "a9s-postgresql", "properties": properties}],
                "vm_type": "small",
                "persistent_disk_type": "small",
                "stemcell": "default",
                "networks": [{"name": "service-instances"}],
            }
        ],
    }


class Store:
    """What was ordered: {instance id: {plan, bindings, operation: {kind, state, to}}}. Each change is on disk before anybody learns of it."""

    def __init__(self, path):
        self.path, self.lock = path, threading.RLock()
        self.instances = {}
        if os.path.exists(path):
            with open(path, encoding="utf8") as file:
                self.instances = json.load(file)

    def save(self):
        with open(self.path + ".part", "w", encoding="utf8") as file:
            json.dump(self.instances, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.path + ".part", self.path)


store = Store(os.environ.get("BROKER_STATE", "state.json"))
director = Director()


def carry_out(instance_id):
    """Does what an instance's operation says; begun again, it ends as if it had been begun once."""
    operation = store.instances[instance_id]["operation"]
    state = "succeeded"
    try:
        if operation["kind"] == "deprovision":
            director.delete(deployment_of(instance_id))
        else:
            director.deploy(manifest_of(instance_id, operation["to"]))
    except Refused as refusal:
        print(refusal, file=sys.stderr, flush=True)
        state = "failed"
    with store.lock:
        if operation["kind"] == "deprovision" and state == "succeeded":
            del store.instances[instance_id]
        else:
            if state == "succeeded":
                store.instances[instance_id]["plan"] = operation["to"]
            operation["state"] = state
        store.save()


def begin(instance_id, kind, to=None):
    store.instances[instance_id]["operation"] = {"kind": kind, "state": "in progress", "to": to}
    store.save()
    threading.Thread(target=carry_out, args=(instance_id,), daemon=True).start()
    return 202, {"operation": kind}


def error(status, description, code=None):
    return status, {"description": description, **({"error": code} if code else {})}


def catalog():
    plans = [{"id": plan, "name": each["name"], "description": f"{each['nodes']} nodes"} for plan, each in PLANS.items()]
    service = {
        "id": SERVICE,
        "name": "py-postgresql",
        "description": "PostgreSQL on a BOSH director",
        "bindable": True,
        "plan_updateable": True,
        "plans": plans,
    }
    return 200, {"services": [service]}


def is_busy(instance):
    return instance["operation"]["state"] == "in progress"


def on_instance(method, instance_id, query, body):
    instance = store.instances.get(instance_id)
    asynchronous = query.get("accepts_incomplete") == "true"
    if method in ("PUT", "PATCH", "DELETE") and not asynchronous:
        return error(422, "this broker works asynchronously", "AsyncRequired")
    if method == "PUT":
        if body.get("service_id") != SERVICE or body.get("plan_id") not in PLANS:
            return error(400, "no such service or plan")
        if instance is None:
            store.instances[instance_id] = {"plan": body["plan_id"], "bindings": [], "operation": {}}
            return begin(instance_id, "provision", body["plan_id"])
        if instance["plan"] != body["plan_id"]:
            return error(409, "there is another instance of this id")
        if instance["operation"]["kind"] == "provision" and is_busy(instance):
            return 202, {"operation": "provision"}
        return 200, {}
    if instance is None:
        return error(410 if method == "DELETE" else 404, "there is no such instance")
    if is_busy(instance):
        if method == "DELETE" and instance["operation"]["kind"] == "deprovision":
            return 202, {"operation": "deprovision"}
        return error(422, "an operation is in progress", "ConcurrencyError")
    if method == "DELETE":
        return begin(instance_id, "deprovision")
    to = body.get("plan_id", instance["plan"])
    if to not in PLANS or PLANS[to]["nodes"] < PLANS[instance["plan"]]["nodes"]:
        return error(400, "an instance only grows")
    return begin(instance_id, "update", to)


def on_last_operation(instance_id):
    instance = store.instances.get(instance_id)
    if instance is None:
        return 410, {}
    return 200, {"state": instance["operation"]["state"]}


def on_binding(method, instance_id, binding_id):
    instance = store.instances.get(instance_id)
    if instance is None:
        return error(410 if method == "DELETE" else 404, "there is no such instance")
    if method == "DELETE":
        if binding_id not in instance["bindings"]:
            return error(410, "there is no such binding")
        instance["bindings"].remove(binding_id)
        store.save()
        return 200, {}
    if is_busy(instance):
        return error(422, "an operation is in progress", "ConcurrencyError")
    status = 200 if binding_id in instance["bindings"] else 201
    try:
        hosts = director.addresses(deployment_of(instance_id))
    except Refused as refusal:
        return error(503, str(refusal))
    if status == 201:
        instance["bindings"].append(binding_id)
        store.save()
    login = {"username": "admin", "password": secret_of(instance_id, "admin")}
    return status, {"credentials": {"host": hosts[0], "hosts": hosts, "port": 5432, "name": "app", **login}}


def on_list():
    """For drydock: which instances this broker believes that it has, and where."""
    return 200, [{"id": each, "deployment": deployment_of(each)} for each in store.instances]


def route(method, path, query, body):
    if path == "/v2/catalog":
        return catalog()
    if path == "/instances":
        return on_list()
    found = re.fullmatch(r"/v2/service_instances/([^/]+)(/last_operation|/service_bindings/([^/]+))?", path)
    if found is None:
        return error(404, "there is no such route")
    instance_id, rest, binding_id = found.groups()
    with store.lock:
        if binding_id is not None and method in ("PUT", "DELETE"):
            return on_binding(method, instance_id, binding_id)
        if rest == "/last_operation" and method == "GET":
            return on_last_operation(instance_id)
        if rest is None and method in ("PUT", "PATCH", "DELETE"):
            return on_instance(method, instance_id, query, body)
    return error(404, "there is no such route")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("content-length") or 0)
        text = self.rfile.read(length)
        url = urllib.parse.urlsplit(self.path)
        login = "Basic " + base64.b64encode(f"platform:{SECRET}".encode()).decode()
        if not hmac.compare_digest(self.headers.get("authorization", "").encode(), login.encode()):
            status, body = error(401, "wrong login")
        elif self.headers.get("x-broker-api-version") is None:
            status, body = error(412, "X-Broker-API-Version is missing")
        else:
            try:
                content = json.loads(text) if text else {}
                query = dict(urllib.parse.parse_qsl(url.query))
                status, body = route(self.command, url.path, query, content)
            except (ValueError, AttributeError):
                status, body = error(400, "the body is not a JSON object")
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_PATCH = do_DELETE = do_POST = answer

    def log_message(self, *_):
        pass


def main():
    for instance_id, instance in list(store.instances.items()):
        if is_busy(instance):
            threading.Thread(target=carry_out, args=(instance_id,), daemon=True).start()
    host, _, port = (sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:8080").rpartition(":")
    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer((host, int(port)), Handler).serve_forever()


main()
