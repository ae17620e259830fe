import { readScenarios } from "../parity/recording.ts";
import { type HttpReply, type HttpRequest, own, type Random, type Service } from "../kernel/index.ts";
import { CATALOG, type CatalogType, type OpenStack } from "../openstack/index.ts";
import { type RecordedExchange, type RecordedScenario } from "../openstack/parity/recording.ts";
import { RESOURCE_KINDS, TwoProjectCloud, PROJECTS, type OwnedResource } from "../openstack/testing.ts";
import { Pool } from "./pool.ts";
import type { RealFailure, Sample, Target } from "./target.ts";

/** The name of a service in recordings, and what a real client puts before the paths of its steps. */
const PREFIXES: Readonly<Record<string, readonly [CatalogType, (project: string) => string]>> = {
  identity: ["identity", () => "/v3"],
  compute: ["compute", () => "/v2.1"],
  volume: ["volumev3", (project) => `/v3/${project}`],
  network: ["network", () => "/v2.0"],
  image: ["image", () => "/v2"],
  "object-store": ["object-store", (project) => `/v1/AUTH_${project}`],
  dns: ["dns", () => "/v2"],
  "load-balancer": ["load-balancer", () => "/v2.0/lbaas"],
};

const textIn = ({ json, body }: HttpReply): string =>
  json === undefined ? Buffer.from(body ?? "").toString("utf8") : JSON.stringify(json);

const says =
  (text: string) =>
  (_request: HttpRequest, reply: HttpReply): boolean =>
    textIn(reply).includes(text);

const RECORDED = "recorded of Zed";

/** Failures of the real services that are simulated on purpose. */
const REAL: Readonly<Record<string, readonly RealFailure[]>> = {
  nova: [
    { fits: says("Unexpected API Error"), source: `${RECORDED}: nova-interfaces, nova-action-schema-addsecuritygroup` },
    { fits: (_request, { body }) => body === "", isEmpty: true, source: `${RECORDED}: GET /servers/%FF` },
    { fits: isTooDeep, source: "Python's recursion limit, as recorded from Cinder and Neutron" },
  ],
  cinder: [
    { fits: says("has either erred"), source: `${RECORDED}: an empty body, one too deep` },
    { fits: (_request, { body }) => body === "", isEmpty: true, source: `${RECORDED}: GET /volumes/%FF` },
  ],
  neutron: [
    {
      fits: says("internal server error"),
      source: `${RECORDED}: neutron-quota, neutron-matrix-security-group-rule, a body too deep`,
    },
    { fits: says("SubnetAllocationError"), source: `${RECORDED}: a subnet that its pool can't provide` },
  ],
  glance: [
    { fits: says("has either erred"), source: `${RECORDED}: glance-create-errors, a body too deep` },
    { fits: (_request, { body }) => body === "", isEmpty: true, source: `${RECORDED}: PUT /images/ID/tags/%FF` },
  ],
  keystone: [
    { fits: says("A server error occurred"), source: `${RECORDED}: keystone-projects` },
    { fits: isTooDeep, source: "Python's recursion limit, as recorded from Cinder and Neutron" },
  ],
  designate: [
    { fits: says('"unknown"'), source: `${RECORDED}: designate2-quotas, designate2-list-zones, designate2-transfers` },
    { fits: isTooDeep, source: "Python's recursion limit, as recorded from Cinder and Neutron" },
  ],
  octavia: [{ fits: isTooDeep, source: "Python's recursion limit, as recorded from Cinder and Neutron" }],
  swift: [{ fits: says("An error occurred"), source: `${RECORDED}: COPY without Destination` }],
};

function isTooDeep({ body }: HttpRequest): boolean {
  return body.length > 900 && /[[{]{50}|(?:\{"a":){50}/.test(Buffer.from(body).toString("utf8"));
}

/** A cloud with two projects that each own one resource of each kind, attacked by both projects and by the administrator. */
export async function openStackTargets(
  seed: number,
  recordings: string,
): Promise<{ readonly targets: readonly Target[]; readonly openstack: OpenStack }> {
  const cloud = await TwoProjectCloud.open({ profile: "agents" }, seed);
  const pool = await furnish(cloud);
  const [seeded, forget] = [cloud.kernel.snapshot(), pool.mark()];
  const variables = new Map<string, unknown>(cloud.variables);
  const project = cloud.projectId("A");
  variables.set(":project", project).set(":account", `AUTH_${project}`);
  const samples = samplesOf(recordings, project);
  const targets = Object.entries(CATALOG).flatMap(([type, { name, port }]) => {
    const service = own<Service>(cloud.openstack.services, name);
    if (service === undefined) return [];
    const target: Target = {
      name,
      kernel: cloud.kernel,
      service,
      samples: samples.get(type) ?? [],
      pool,
      variables,
      origin: `http://127.0.0.1:2${port}`,
      caller: (random) => callerOf(cloud, random),
      renew: () => {
        cloud.kernel.restore(seeded);
        forget();
      },
      isKnown: ({ headers }) => PEOPLE.some((who) => cloud.actors[who]?.token === headers["x-auth-token"]),
      realFailures: REAL[name] ?? [],
      reachMin: 0.4,
      ...(name === "nova" && {
        pathOf: (path: string) => (path === "/" || path.startsWith("/v2") ? path : `/v2.1${path}`),
      }),
    };
    return [target];
  });
  return { targets, openstack: cloud.openstack };
}

async function furnish(cloud: TwoProjectCloud): Promise<Pool> {
  const pool = new Pool();
  const things: OwnedResource[] = [];
  for (const who of PROJECTS) {
    for (const kind of Object.keys(RESOURCE_KINDS).reverse()) {
      const [answer, thing] = await cloud.create(who, kind, things);
      if (thing === undefined) continue;
      things.push(thing);
      pool.gather(`${RESOURCE_KINDS[kind]?.path.slice(1) ?? ""}`, Object.values(Object(answer.body)));
      pool.add(RESOURCE_KINDS[kind]?.path.slice(1) ?? "", thing.id);
    }
    await cloud.call(who, "PUT", "object-store", "/box", "");
    await cloud.call(who, "PUT", "object-store", "/box/thing", "data");
  }
  for (const [word, name] of [
    ["container", "box"],
    ["object", "thing"],
  ] as const)
    pool.add(word, name);
  cloud.sleep(60_000);
  return pool;
}

/** Who calls; a caller named more often calls more often. */
const PEOPLE = ["admin", "admin", "A", "A", "B"];

function callerOf(cloud: TwoProjectCloud, random: Random): Readonly<Record<string, string>> {
  const token = cloud.actors[random.pick(PEOPLE)]?.token ?? "";
  return random.chance(0.03) ? {} : { "x-auth-token": token, accept: "application/json" };
}

function samplesOf(recordings: string, project: string): Map<string, readonly Sample[]> {
  const found = new Map<string, Sample[]>();
  const steps = readScenarios<RecordedScenario>(recordings).flatMap((scenario) => scenario.steps);
  for (const step of steps) {
    if (!("method" in step)) continue;
    const [type, prefix] = PREFIXES[step.service] ?? [];
    if (type === undefined || prefix === undefined) continue;
    const list = found.get(type) ?? [];
    found.set(type, list);
    list.push(sampleOf(step, step.root === true ? "" : prefix(project)));
  }
  return found;
}

const sampleOf = (step: RecordedExchange, prefix: string): Sample => ({
  method: step.method,
  path: `${prefix}${step.path}`,
  headers: Object.fromEntries(
    Object.entries(step.headers ?? {}).flatMap(([name, value]) =>
      value === null ? [] : [[name.toLowerCase(), value]],
    ),
  ),
  body: step.body ?? step.raw,
});
