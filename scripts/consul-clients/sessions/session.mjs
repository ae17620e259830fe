// A session of the npm client `consul`: each line of its output says what one call answered.
import { createRequire } from "node:module";

const Consul = createRequire(`${process.env.CLIENT_FOLDER}/`)("consul");
const [host, port] = process.env.CONSUL_HTTP_ADDR.split(":");
const consul = new Consul({ host, port: Number(port) });

async function show(step, call) {
  try {
    console.log(`${step}: ${JSON.stringify(await call())}`);
  } catch (error) {
    console.log(`${step}: error ${error.message}`);
  }
}

await show("leader", async () => (await consul.status.leader()) !== "");
await show("register", () =>
  consul.agent.service.register({ name: "web", id: "web-1", port: 80, tags: ["v1"], check: { ttl: "30s" } }),
);
await show("pass", () => consul.agent.check.pass({ id: "service:web-1", note: "fine" }));
// The agent writes to the catalog a moment later.
await new Promise((resolve) => setTimeout(resolve, 500));
await show("list", async () => Object.keys(await consul.agent.service.list()).sort());
await show("checks", async () => Object.keys(await consul.agent.check.list()).sort());
await show("catalog", async () => Object.keys(await consul.catalog.service.list()).includes("consul"));
await show("nodes", async () => (await consul.catalog.node.list()).map(({ Node }) => Node));
await show("health", async () => (await consul.health.service({ service: "web" })).length);
await show("state", async () => (await consul.health.state("critical")).length);
await show("set", () => consul.kv.set("a/b", "1"));
await show("get", async () => (await consul.kv.get("a/b")).Value);
await show("none", () => consul.kv.get("none"));
await show("keys", () => consul.kv.keys("a"));
await show("cas", () => consul.kv.set({ key: "a/b", value: "2", cas: "1" }));
const session = await consul.session.create({ name: "s", ttl: "20s", lockdelay: "1s" });
await show("session", async () => (await consul.session.get(session.ID)).Name);
await show("renew", async () => (await consul.session.renew(session.ID)).length);
await show("destroy", () => consul.session.destroy(session.ID));
await show("watch", async () => {
  const watch = consul.watch({ method: consul.kv.get, options: { key: "watched" } });
  const seen = new Promise((resolve) => {
    watch.on("change", (data) => data && resolve(data.Value));
  });
  setTimeout(() => void consul.kv.set("watched", "now"), 300);
  const value = await seen;
  watch.end();
  return value;
});
await show("event", async () => (await consul.event.fire("e", "body")).Name);
await show("query", async () => (await consul.query.create({ name: "q", service: { service: "web" } })).ID.length);
await show("execute", async () => (await consul.query.execute("q")).Nodes.length);
await show(
  "transaction",
  async () => (await consul.transaction.create([{ KV: { Verb: "set", Key: "t", Value: "eA==" } }])).Results.length,
);
await show("members", async () => (await consul.agent.members()).length);
await show("maintenance", () => consul.agent.service.maintenance({ id: "web-1", enable: true }));
await show("deregister", () => consul.agent.service.deregister("web-1"));
await show("unknown", () => consul.agent.check.pass("none"));
process.exit(0);
