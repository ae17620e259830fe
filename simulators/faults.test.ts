import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createControl } from "./control/api.ts";
import {
  type Effect,
  EFFECT_KINDS,
  type EffectKind,
  EFFECTS,
  type FaultRule,
  type HttpReply,
  KernelError,
  makeRequest,
} from "./kernel/index.ts";
import { makeKeys } from "./live/keys.ts";
import { createWorld, type World } from "./world.ts";

const DOCUMENT = new URL("../docs/faults.md", import.meta.url);

const SAMPLES: { readonly [K in EffectKind]: Effect & { readonly kind: K } } = {
  reply: { kind: "reply", status: 503 },
  delay: { kind: "delay", delayMs: 1 },
  reset: { kind: "reset" },
  "lost-reply": { kind: "lost-reply" },
  truncate: { kind: "truncate", bytes: 3 },
  error: { kind: "error", message: "no" },
  stuck: { kind: "stuck" },
  vanish: { kind: "vanish" },
  stale: { kind: "stale", ageMs: 1 },
};

function control(world: World): (rule: unknown) => HttpReply {
  const host = "127.64.250.1:7701";
  const service = createControl({ kernel: world.kernel, findBrokenLaws: () => [] }, { token: "secret", hosts: [host] });
  const headers = { host, authorization: "Bearer secret", "content-type": "application/json" };
  return (rule) =>
    service.receive(makeRequest("POST", "/_drydock/faults", { headers, body: JSON.stringify(rule) })) as HttpReply;
}

/** Where a source of points is in the cloud. */
const SOURCES: Readonly<Record<string, string>> = {
  agent: "calls that the director makes to the agent of a VM",
  bosh: "routes of the director",
  "bosh-dns": "answers of BOSH DNS",
  cinder: "routes of Cinder, and what it does to volumes and snapshots",
  consul: "routes of Consul",
  "consul-agent": "what the Consul agents of VMs register and find",
  cpi: "calls of the director's CPI",
  dataservice:
    "what a data service does when its agent says so, connections to its data, and defects planted for suites",
  "dataservice-agent": "routes of each data service's agent",
  designate: "routes of Designate, and what it does to zones",
  director: "the director's tasks and the jobs that it watches",
  dns: "answers of Consul over DNS, its leader and its datacenters",
  glance: "routes of Glance, and what it does to uploads",
  keystone: "routes of Keystone",
  "name-server": "answers of the name server of Designate's zones",
  neutron: "routes of Neutron",
  nova: "routes of Nova, and what it does to servers",
  octavia: "routes of Octavia, and what it does to load balancers",
  swift: "routes of Swift",
  uaa: "routes of UAA",
};

const sourceOf = (point: string): string => point.slice(0, point.indexOf(":"));

const REFUSED: readonly unknown[] = [
  { point: "dns:anser", effect: { kind: "reset" } },
  { point: "cpi:create_vm", effect: { kind: "truncate", bytes: 20 } },
  { point: "dns:answer", match: { name: "redis*" }, effect: { kind: "reset" } },
  { point: "dns:answer", match: { transport: "tls" }, effect: { kind: "reset" } },
  { point: "dns:answer", count: 0, effect: { kind: "reset" } },
];

const lines = (...rows: readonly string[]): string => rows.join("\n");

function sections(world: World): Readonly<Record<string, string>> {
  const fields = (kind: EffectKind): string =>
    Object.entries<{ expects: string; isOptional?: true }>(EFFECTS[kind].fields)
      .map(([name, { expects, isOptional }]) => `\`${name}\`${isOptional ? " (may be left out)" : ""}: ${expects}`)
      .join("; ");
  const effects = EFFECT_KINDS.map((kind) => `| \`${kind}\` | ${EFFECTS[kind].prose} | ${fields(kind)} |`);
  const points = Object.entries(SOURCES).map(([source, prose]) => {
    const own = world.kernel.faults.points.find(({ point }) => sourceOf(point) === source);
    return `| \`${source}:*\` | ${prose} | \`${own?.point}\` |`;
  });
  const expectRefused = REFUSED.map((rule) => {
    const { error } = control(world)(rule).json as { error: { message: string } };
    return lines("```", JSON.stringify(rule), error.message, "```");
  });
  return {
    effects: lines("| Kind | What happens | Members |", "|---|---|---|", ...effects),
    points: lines("| Points | What they are | The first |", "|---|---|---|", ...points),
    refused: expectRefused.join("\n\n"),
  };
}

/** The document with its generated sections rewritten, each after its mark. */
function renew(document: string, world: World): string {
  return Object.entries(sections(world)).reduce((text, [name, section]) => {
    const mark = `<!-- ${name}: kept by simulators/faults.test.ts -->`;
    const [before = "", after = ""] = text.split(mark);
    const rest = after.slice(after.search(/\n\n(?!\||```)/));
    return `${before}${mark}\n\n${section}${rest}`;
  }, document);
}

describe("docs/faults.md", async () => {
  const { signing } = await makeKeys(["127.0.0.1"], Date.now());
  const world = createWorld({ signing });
  const document = readFileSync(DOCUMENT, "utf8");

  it("agrees with the code (UPDATE_DOCS=1 rewrites it)", () => {
    const renewed = renew(document, world);
    if (process.env.UPDATE_DOCS === "1") writeFileSync(DOCUMENT, renewed);
    expect(document).toBe(renewed);
  });

  it("knows every source of points", () => {
    expect([...new Set(world.kernel.faults.points.map(({ point }) => sourceOf(point)))].sort()).toEqual(
      Object.keys(SOURCES).sort(),
    );
  });

  const examples = [...document.matchAll(/ -d '(.*)'$/gm)].map((match) => JSON.parse(match[1] ?? "") as unknown);
  it.each(examples)("gives an example rule that can be armed: %j", (rule) => {
    expect(control(createWorld())(rule)).toMatchObject({ status: 201 });
  });

  it("has examples", () => {
    expect(examples.length).toBeGreaterThan(4);
  });
});

describe("every point of the world", () => {
  const { faults } = createWorld().kernel;
  const { points } = faults;

  /** The code with which a rule is refused; empty when it is not. */
  const refusalOf = (rule: FaultRule): string => {
    try {
      faults.disarm(faults.arm(rule));
      return "";
    } catch (error) {
      return error instanceof KernelError ? error.code : String(error);
    }
  };

  it("accepts the effects that it declares and refuses all others", () => {
    const wrong = points.flatMap(({ point, effects }) =>
      EFFECT_KINDS.filter((kind) => {
        const expected = effects.includes(kind) ? "" : "FAULT_WRONG_EFFECT";
        return refusalOf({ point, effect: SAMPLES[kind] }) !== expected;
      }).map((kind) => `${point} ${kind}`),
    );
    expect(wrong).toEqual([]);
  });

  it("describes each of its attributes, and refuses any other", () => {
    const wrong = points.flatMap(({ point, effects: [kind = "error"], attributes = {} }) => {
      const refusalFor = (name: string): string => refusalOf({ point, match: { [name]: "*" }, effect: SAMPLES[kind] });
      const bad = Object.entries(attributes).filter(([name, { prose }]) => prose === "" || refusalFor(name) !== "");
      return refusalFor("nothing") === "FAULT_UNKNOWN_ATTRIBUTE" && bad.length === 0 ? [] : [point];
    });
    expect(wrong).toEqual([]);
  });
});
