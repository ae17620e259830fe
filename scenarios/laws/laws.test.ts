import { beforeAll, describe, expect, it } from "vitest";
import type { InstanceRecord } from "./instance-records.ts";
import { recordLaws } from "./records.ts";
import { createWorld, type World } from "../../simulators/world.ts";
import type { OpenStackClient } from "../clients/openstack.ts";
import { orderAndBind } from "../story/customer.ts";
import { inception } from "../story/inception.ts";
import { fetchRecords } from "../clients/records.ts";
import { Brokers } from "../cloud/brokers.ts";

let world: World;
let brokers: Brokers;
let openstack: OpenStackClient;
let records: readonly InstanceRecord[];

beforeAll(async () => {
  world = createWorld({ scramIterations: 1, recordInputs: true });
  brokers = new Brokers(world);
  await world.run(async () => {
    ({ openstack } = await inception(world, { services: ["postgresql"] }));
    const [broker] = brokers.list();
    if (broker === undefined) throw new Error("no broker");
    await orderAndBind(world, broker, () => {});
    records = await fetchRecords(world.environmentAt(world.plan.applications), broker);
  });
});

const only = (): InstanceRecord => records[0] as InstanceRecord;
const vmOf = (deployment: string): { readonly cid: string; readonly ip: string; readonly disk: string } => {
  const [instance] = world.bosh.state().deployments.get(deployment)?.instances ?? [];
  return {
    cid: instance?.vm?.cid ?? "",
    ip: instance?.ips[0]?.ip ?? "",
    disk: instance?.disk?.cid ?? "",
  };
};
const call = (
  service: "compute" | "network" | "volumev3",
  method: string,
  path: string,
  body?: object,
): Promise<unknown> => openstack.call(service, method, path, body as Record<string, unknown>);

interface Group {
  readonly id: string;
  readonly security_group_rules: readonly { id: string; direction: string; port_range_min: number | null }[];
}

async function groupOf(name: string): Promise<Group> {
  const { security_groups: found } = (await call("network", "GET", `/security-groups?name=${name}`)) as {
    security_groups: readonly [Group];
  };
  return found[0];
}

async function addRule(name: string, rule: object): Promise<void> {
  const { id } = await groupOf(name);
  const added = { security_group_id: id, direction: "ingress", ethertype: "IPv4", ...rule };
  await call("network", "POST", "/security-group-rules", { security_group_rule: added });
}

describe("the laws", () => {
  it("hold after the story", () => {
    expect(records).toHaveLength(1);
    expect(world.findBrokenLaws(recordLaws(records))).toEqual([]);
    expect(world.findBrokenLaws()).toEqual([]);
  });

  const broken: Readonly<Record<string, { readonly breaks: () => unknown; readonly line: RegExp }>> = {
    "a server without an owner": {
      breaks: async () => {
        const { flavors } = (await call("compute", "GET", "/flavors")) as { flavors: readonly { id: string }[] };
        const { images } = (await openstack.call("image", "GET", "/images")) as { images: readonly { id: string }[] };
        const { networks } = (await call("network", "GET", "/networks")) as { networks: readonly { id: string }[] };
        await call("compute", "POST", "/servers", {
          server: {
            name: "stray",
            flavorRef: flavors[0]?.id,
            imageRef: images[0]?.id,
            networks: [{ uuid: networks[0]?.id }],
          },
        });
      },
      line: /^server .* \(stray\) has no owner$/,
    },
    "a volume that is nobody's": {
      breaks: () => call("volumev3", "POST", "/volumes", { volume: { size: 1 } }),
      line: /^volume .* is nobody's disk$/,
    },
    "a port without a device": {
      breaks: async () => {
        const { networks } = (await call("network", "GET", "/networks?name=management")) as {
          networks: readonly { id: string }[];
        };
        await call("network", "POST", "/ports", { port: { network_id: networks[0]?.id } });
      },
      line: /^port .* belongs to nothing$/,
    },
    "a VM that has vanished": {
      breaks: () => call("compute", "DELETE", `/servers/${vmOf(only().deployment).cid}`),
      line: /^the VM .* does not exist$/,
    },
    "a name that leads nowhere": {
      breaks: () => world.dns.catalog.registerNode("stray", `${world.plan.block}.128.77`),
      line: /^the name stray leads to .*, which is not its VM$/,
    },
    "a VM without its names": {
      breaks: () => world.dns.catalog.deregisterNode(`${only().deployment}-pg-0`),
      line: /^the name .*-pg-0 does not lead to its VM$/,
    },
    "a data service that does not run": {
      breaks: () => world.dataservices.stop(vmOf(only().deployment).ip, "postgresql"),
      line: /^no data service runs at /,
    },
    "data without a disk": {
      breaks: () => world.dataservices.copyDisk(vmOf(only().deployment).disk, "stray"),
      line: /^data is kept for the disk stray, which does not exist$/,
    },
    "a group that lets in the network of the instances": {
      breaks: () => addRule("service-instances", { remote_ip_prefix: world.plan.serviceInstances.cidr }),
      line: /^the security group service-instances of d.* lets in 127\.\S+, where instances are$/,
    },
    "a group that lets in the management network": {
      breaks: () => addRule("service-instances", { remote_ip_prefix: world.plan.management.cidr }),
      line: /^the security group service-instances of d.* lets in 127\.\S+, a whole network$/,
    },
    "a group that lets in everybody": {
      breaks: () => addRule(`guard_${only().id}`, {}),
      line: /^the security group guard_.* of d.* lets in everybody$/,
    },
    "an agent that is open to applications": {
      breaks: () =>
        addRule(`guard_${only().id}`, {
          protocol: "tcp",
          port_range_min: 3000,
          port_range_max: 4000,
          remote_ip_prefix: `${world.plan.applications}/32`,
        }),
      line: /^the security group guard_.* of d.* lets in 127\.0\.0\.1\/32 at its agent$/,
    },
    "an instance that is closed although it is bound": {
      breaks: async () => {
        for (const { id, direction, port_range_min: port } of (await groupOf(`guard_${only().id}`))
          .security_group_rules)
          if (direction === "ingress" && port === 5432) await call("network", "DELETE", `/security-group-rules/${id}`);
      },
      line: /^guard_.* is closed although the service instance has a binding$/,
    },
    "a group of data guard without an instance": {
      breaks: () => call("network", "POST", "/security-groups", { security_group: { name: "guard_stray" } }),
      line: /^the security group guard_stray belongs to no service instance$/,
    },
  };

  it.each(Object.entries(broken))(
    "are broken by %s, and hold again once it is mended",
    async (_what, { breaks, line }) => {
      const snapshot = world.kernel.snapshot();
      await world.run(async () => {
        await breaks();
        await world.driver.sleep(10_000);
      });
      expect(world.findBrokenLaws(recordLaws(records))).toContainEqual(expect.stringMatching(line));
      world.kernel.restore(snapshot);
      expect(world.findBrokenLaws(recordLaws(records))).toEqual([]);
    },
  );

  const claims: Readonly<Record<string, { readonly records: () => readonly InstanceRecord[]; readonly line: RegExp }>> =
    {
      "a deployment that no record claims": {
        records: () => [],
        line: /^the deployment .* belongs to no service instance$/,
      },
      "a record that has failed and has left something": {
        records: () => [{ ...only(), state: "failed" }],
        line: /^the deployment .* belongs to no service instance$/,
      },
      "a record without a deployment": {
        records: () => [only(), { ...only(), id: "other", deployment: "d0000000" }],
        line: /^the deployment d0000000 of the service instance other does not exist$/,
      },
      "a user whose binding is gone": {
        records: () => [{ ...only(), bindings: [] }],
        line: /^the user .* belongs to no binding$/,
      },
      "an instance that is open to nobody": {
        records: () => [{ ...only(), bindings: [] }],
        line: /^guard_.* is open although the service instance has no binding$/,
      },
      "a backup that does not exist": {
        records: () => [{ ...only(), backups: [{ id: "b", state: "succeeded", objects: [`${only().id}/b/0000`] }] }],
        line: /^the object backups\/.* of a backup does not exist$/,
      },
    };

  it.each(Object.entries(claims))("are broken by %s", (_what, { records: stated, line }) => {
    expect(world.findBrokenLaws(recordLaws(stated()))).toContainEqual(expect.stringMatching(line));
  });
});
