"""A session of the Python client py-consul: each line of its output says what one call answered."""

import json
import os

import consul

host, port = os.environ["CONSUL_HTTP_ADDR"].split(":")
client = consul.Consul(host=host, port=int(port))


def show(step, call):
    try:
        print(f"{step}: {json.dumps(call(), sort_keys=True)}")
    except Exception as error:
        print(f"{step}: error {type(error).__name__}: {error}")


show("leader", lambda: client.status.leader() != "")
show("register", lambda: client.agent.service.register(
    "web", service_id="web-1", port=80, tags=["v1"], check=consul.Check.ttl("30s")))
show("pass", lambda: client.agent.check.ttl_pass("service:web-1", "fine"))
show("services", lambda: sorted(client.agent.services()))
show("checks", lambda: sorted(client.agent.checks()))
show("catalog", lambda: client.catalog.register("n1", "10.0.0.1", service={"Service": "db", "Port": 5432}))
show("nodes", lambda: [each["Node"] for each in client.catalog.nodes()[1]])
show("db", lambda: client.catalog.service("db")[1][0]["ServicePort"])
show("healthy db", lambda: len(client.health.service("db", passing=True)[1]))
show("put", lambda: client.kv.put("a/b", "1", flags=7))
show("get", lambda: [client.kv.get("a/b")[1][name] for name in ("Key", "Flags")])
show("none", lambda: client.kv.get("none")[1])
show("keys", lambda: client.kv.get("a", keys=True)[1])
show("cas", lambda: client.kv.put("a/b", "2", cas=1))
session = client.session.create(name="s", ttl=20, lock_delay=0)
show("session", lambda: client.session.info(session)[1]["Name"])
show("acquire", lambda: client.kv.put("l", "x", acquire=session))
show("renew", lambda: client.session.renew(session)["TTL"])
show("destroy", lambda: client.session.destroy(session))
show("txn", lambda: len(client.txn.put([{"KV": {"Verb": "set", "Key": "t", "Value": "eA=="}}])["Results"]))
show("event", lambda: client.event.fire("e", "body")["Name"])
show("query", lambda: len(client.query.create("db", name="q")["ID"]))
show("execute", lambda: len(client.query.execute("q")["Nodes"]))
show("maintenance", lambda: client.agent.maintenance(True, "rest"))
show("no maintenance", lambda: client.agent.maintenance(False))
show("members", lambda: len(client.agent.members()))
show("acl", lambda: client.acl.tokens.list() if hasattr(client.acl, "tokens") else client.acl.list())
show("deregister", lambda: client.agent.service.deregister("web-1"))
show("unknown", lambda: client.agent.check.ttl_pass("none"))
