import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { firstMaintenance } from "./maintenance.ts";
import { manifestOf } from "./manifest.ts";
import { serviceOf, SERVICE_NAMES } from "./services/services.ts";

const record = { id: "i", owner: "o", context: "{}", created_ms: 1, secrets: "sealed" };
const secrets = { agentPassword: "agent-secret" };

interface Manifest {
  readonly name: string;
  readonly variables?: readonly { readonly name: string; readonly type: string }[];
  readonly releases: readonly { readonly name: string; readonly version: string }[];
  readonly stemcells: readonly { readonly os: string; readonly version: string }[];
  readonly instance_groups: readonly {
    readonly name: string;
    readonly instances: number;
    readonly vm_type: string;
    readonly persistent_disk_type: string;
    readonly jobs: readonly { readonly name: string; readonly properties: Readonly<Record<string, unknown>> }[];
  }[];
}

describe("the manifest of an instance", () => {
  it.each(SERVICE_NAMES)("expresses the plan and the parameters of %s", (kind) => {
    const service = serviceOf(kind);
    const maintenance = firstMaintenance(kind);
    const { plans } = service;
    for (const plan of plans) {
      const input = { deployment: "d0a1b2c3", service, plan, maintenance, secrets, record };
      const text = manifestOf({ ...input, parameters: { max_disk_threshold: 70 }, domain: "dc1.consul" });
      const manifest = parse(text) as Manifest;
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
      const properties = group?.jobs[0]?.properties;
      expect(properties?.engine_version).toBe(service.offerings.find(({ id }) => id === plan.offeringId)?.version);
      const variable = (part: string): string => `((instance_tls.${part}))`;
      const parts = { ca: variable("ca"), certificate: variable("certificate"), private_key: variable("private_key") };
      expect(properties?.tls).toEqual(plan.isTls ? expect.objectContaining(parts) : undefined);
      expect(manifest.variables?.map(({ name, type }) => `${type} ${name}`)).toEqual(
        plan.isTls ? ["certificate instance_ca", "certificate instance_tls"] : undefined,
      );
    }
  });

  it.each(SERVICE_NAMES)("of %s holds no secret", (kind) => {
    const service = serviceOf(kind);
    for (const plan of service.plans) {
      const input = {
        deployment: "d1",
        service,
        plan,
        maintenance: firstMaintenance(kind),
        secrets,
        domain: "x",
        record,
      };
      expect(manifestOf({ ...input, parameters: {} })).not.toContain(secrets.agentPassword);
    }
  });

  it.each(SERVICE_NAMES)("pins the releases and the stemcell of %s to exact versions", (kind) => {
    const service = serviceOf(kind);
    const [plan] = service.plans;
    if (plan === undefined) throw new Error(`${kind} has no plan`);
    const maintenance = {
      version: "2.0.0",
      description: "The second.",
      stemcell: { os: "ubuntu-noble", version: "1.7" },
      releases: { [`a9s-${kind}`]: "12.3", "consul-dns": "4" },
    };
    const input = { deployment: "d1", service, plan, parameters: {}, secrets, domain: "x", record };
    const manifest = parse(manifestOf({ ...input, maintenance })) as Manifest;
    expect(manifest.releases).toEqual([
      { name: `a9s-${kind}`, version: "12.3" },
      { name: "consul-dns", version: "4" },
    ]);
    expect(manifest.stemcells).toMatchObject([{ os: "ubuntu-noble", version: "1.7" }]);
    expect(manifestOf({ ...input, maintenance: firstMaintenance(kind) })).not.toContain("latest");
  });

  it("treats any text in a parameter as text", () => {
    const service = serviceOf("redis");
    const hostile = 'a"\n  - evil: true\n#{{ "erb" }} <%= 1 %>';
    const [plan] = service.plans;
    if (plan === undefined) throw new Error("redis has no plan");
    const maintenance = firstMaintenance("redis");
    const input = { deployment: "d1", service, plan, maintenance, secrets, domain: "x", record };
    const text = manifestOf({ ...input, parameters: { policy: hostile } });
    expect((parse(text) as Manifest).instance_groups[0]?.jobs[0]?.properties.parameters).toEqual({ policy: hostile });
  });
});
