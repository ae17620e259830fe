import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { catalogOf, mayBecome, parametersOf, serviceOf } from "./catalog.ts";
import { credentialsOf, endpointsOf } from "./credentials.ts";
import { manifestOf } from "./manifest.ts";

const SERVICES = ["postgresql", "redis", "mongodb"] as const;
const record = { id: "i", owner: "o", context: "{}", created_ms: 1 };
const secrets = { adminPassword: "admin-secret", agentPassword: "agent-secret" };

interface Manifest {
  readonly name: string;
  readonly instance_groups: readonly {
    readonly name: string;
    readonly instances: number;
    readonly vm_type: string;
    readonly persistent_disk_type: string;
    readonly jobs: readonly { readonly name: string; readonly properties: Readonly<Record<string, unknown>> }[];
  }[];
}

describe("the manifest of an instance", () => {
  it.each(SERVICES)("says what plan and parameters of %s mean", (kind) => {
    const service = serviceOf(kind);
    for (const plan of service.plans) {
      const input = { deployment: "d0a1b2c3", service, plan, parameters: { max_disk_threshold: 70 }, secrets, record };
      const manifest = parse(manifestOf({ ...input, domain: "dc1.consul" })) as Manifest;
      const [group, ...others] = manifest.instance_groups;
      expect(others).toEqual([]);
      expect(manifest.name).toBe("d0a1b2c3");
      expect(group).toMatchObject({
        instances: plan.nodes,
        vm_type: plan.size,
        persistent_disk_type: plan.size,
        jobs: [
          { name: kind, properties: { database: "d0a1b2c3", parameters: { max_disk_threshold: 70 } } },
          { name: "consul-agent", properties: { node: `d0a1b2c3-${service.role}`, domain: "dc1.consul" } },
        ],
      });
    }
  });

  it("treats any text in a parameter as text", () => {
    const service = serviceOf("redis");
    const hostile = 'a"\n  - evil: true\n#{{ "erb" }} <%= 1 %>';
    const [plan] = service.plans;
    if (plan === undefined) throw new Error("redis has no plan");
    const text = manifestOf({
      deployment: "d1",
      service,
      plan,
      parameters: { policy: hostile },
      secrets,
      domain: "x",
      record,
    });
    expect((parse(text) as Manifest).instance_groups[0]?.jobs[0]?.properties.parameters).toEqual({ policy: hostile });
  });
});

describe("the catalog", () => {
  it.each(SERVICES)("offers %s in four plans, each with its own ids and a schema", (kind) => {
    const service = serviceOf(kind);
    const { services } = catalogOf(service) as {
      services: readonly [
        { id: string; name: string; plans: readonly { id: string; name: string; schemas: object }[] },
      ];
    };
    expect(services[0].plans.map(({ name }) => name)).toEqual(
      ["single-small", "single-big", "replica-small", "replica-big"].map((plan) => `${kind}-${plan}`),
    );
    expect(new Set(services[0].plans.map(({ id }) => id)).size).toBe(4);
    expect(JSON.stringify(services[0].plans[0]?.schemas)).toContain(JSON.stringify(parametersOf(service, "create")));
  });

  it("never offers an id twice", () => {
    const ids = SERVICES.map(serviceOf).flatMap(({ id, plans }) => [`service ${id}`, ...plans.map((plan) => plan.id)]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("lets an instance grow and become replicated, never the reverse", () => {
    const { plans } = serviceOf("postgresql");
    const allowed = plans.flatMap((from) =>
      plans.filter((to) => mayBecome(from, to)).map((to) => `${from.name} ${to.name}`),
    );
    expect(allowed).toHaveLength(9);
    expect(allowed).not.toContain("postgresql-single-big postgresql-single-small");
    expect(allowed).not.toContain("postgresql-replica-small postgresql-single-big");
  });
});

describe("the credentials of a binding", () => {
  it.each(SERVICES)("lead to the primary of %s by name", (kind) => {
    const service = serviceOf(kind);
    const instance = { deployment: "d1", plan_id: service.plans[2]?.id ?? "" };
    const place = { service, domain: "dc1.consul", instance };
    const credentials = credentialsOf(place, "user", "secret") as { host: string; uri: string; hosts: string[] };
    const port = kind === "mongodb" ? `:${service.port}` : "";
    expect(credentials.hosts).toEqual([0, 1, 2].map((at) => `d1-${service.role}-${at}.node.dc1.consul${port}`));
    expect(new URL(credentials.uri)).toMatchObject({
      username: "user",
      password: "secret",
      hostname: credentials.host,
      port: String(service.port),
      pathname: kind === "redis" ? "/0" : "/d1",
    });
    const endpoints = endpointsOf(place) as readonly { host: string; ports: readonly string[] }[];
    const names = [0, 1, 2].map((at) => `d1-${service.role}-${at}.node.dc1.consul`);
    expect(endpoints.map(({ host }) => host)).toEqual([credentials.host, ...names]);
    expect(endpoints.every(({ ports }) => ports.join() === String(service.port))).toBe(true);
  });
});
