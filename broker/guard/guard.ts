import type { Host } from "../host.ts";
import { type Answer, expected, jsonOf, persistently } from "../http/client.ts";
import type { Project } from "./openstack.ts";

/** Data guard: an instance can be reached only while a binding admits somebody. Every method may be called again after a failure. */
export interface Guard {
  /** Sees that the instance has a group of its own and that its VMs' ports carry it. */
  protect(instanceId: string, vmCids: readonly string[]): Promise<void>;
  /** As `protect`, but only while the instance has a group. */
  reprotect(instanceId: string, vmCids: readonly string[]): Promise<void>;
  /** How many ports carry the group of an instance, by instance. */
  guardedPorts(): Promise<ReadonlyMap<string, number>>;
  /** Opens the instance's port to these networks, and closes it to all others. */
  admit(instanceId: string, port: number, cidrs: readonly string[]): Promise<void>;
  /** Takes the group off the ports and deletes it. */
  remove(instanceId: string): Promise<void>;
}

interface Group {
  readonly id: string;
  readonly security_group_rules: readonly Rule[];
}

interface Rule {
  readonly id: string;
  readonly direction: string;
  readonly remote_ip_prefix: string | null;
  readonly port_range_min: number | null;
}

interface Port {
  readonly id: string;
  readonly security_groups: readonly string[];
}

const PREFIX = "guard_";
const nameOf = (instanceId: string): string => `${PREFIX}${instanceId}`;

export function createGuard(project: Project, host: Host): Guard {
  const find = async (instanceId: string): Promise<readonly Group[]> => {
    const answer = await project.call(
      "network",
      "GET",
      `/security-groups?name=${encodeURIComponent(nameOf(instanceId))}`,
    );
    return (jsonOf(expected(answer, "security groups", 200)) as { security_groups: readonly Group[] }).security_groups;
  };
  /** Looks before each try, so that a group whose answer was lost is found instead of made twice. */
  const ensure = (instanceId: string): Promise<Group> =>
    persistently(host, async () => {
      const [known] = await find(instanceId);
      if (known !== undefined) return known;
      const answer = await project.call("network", "POST", "/security-groups", {
        json: { security_group: { name: nameOf(instanceId), description: "data guard" } },
      });
      return (jsonOf(expected(answer, "security group", 201)) as { security_group: Group }).security_group;
    });
  const ports = async (query: string): Promise<readonly Port[]> =>
    (
      jsonOf(expected(await project.call("network", "GET", `/ports${query}`), "ports", 200)) as {
        ports: readonly Port[];
      }
    ).ports;
  const setGroups = async (port: Port, groups: readonly string[]): Promise<void> =>
    void expected(
      await project.call("network", "PUT", `/ports/${port.id}`, { json: { port: { security_groups: groups } } }),
      "port",
      200,
      404,
    );
  const carry = async (groupId: string, vmCids: readonly string[]): Promise<void> => {
    for (const cid of vmCids) {
      for (const port of await ports(`?device_id=${cid}`))
        if (!port.security_groups.includes(groupId)) await setGroups(port, [...port.security_groups, groupId]);
    }
  };
  return {
    protect: async (instanceId, vmCids) => carry((await ensure(instanceId)).id, vmCids),
    async reprotect(instanceId, vmCids) {
      const [group] = await find(instanceId);
      if (group !== undefined) await carry(group.id, vmCids);
    },
    async guardedPorts() {
      const answer = expected(await project.call("network", "GET", "/security-groups"), "security groups", 200);
      const { security_groups: groups } = jsonOf(answer) as {
        security_groups: readonly { id: string; name: string }[];
      };
      const owners = new Map(
        groups.flatMap(({ id, name }) => (name.startsWith(PREFIX) ? [[id, name.slice(PREFIX.length)]] : [])),
      );
      const counts = new Map<string, number>();
      for (const { security_groups: ids } of await ports("")) {
        for (const owner of ids.flatMap((id) => owners.get(id) ?? [])) counts.set(owner, (counts.get(owner) ?? 0) + 1);
      }
      return counts;
    },
    async admit(instanceId, port, cidrs) {
      const group = await ensure(instanceId);
      const ingress = group.security_group_rules.filter(({ direction }) => direction === "ingress");
      for (const cidr of cidrs.filter(
        (each) => !ingress.some((rule) => rule.remote_ip_prefix === each && rule.port_range_min === port),
      )) {
        const rule = {
          security_group_id: group.id,
          direction: "ingress",
          ethertype: "IPv4",
          protocol: "tcp",
          port_range_min: port,
          port_range_max: port,
          remote_ip_prefix: cidr,
        };
        // Of two equal rules the second is refused: to ask again is safe.
        const ask = (): Promise<Answer> =>
          project.call("network", "POST", "/security-group-rules", { json: { security_group_rule: rule } });
        expected(await persistently(host, ask), "rule", 201, 409);
      }
      for (const rule of ingress.filter(({ remote_ip_prefix: prefix }) => prefix === null || !cidrs.includes(prefix))) {
        expected(await project.call("network", "DELETE", `/security-group-rules/${rule.id}`), "rule", 204, 404);
      }
    },
    async remove(instanceId) {
      const doomed = (await find(instanceId)).map(({ id }) => id);
      if (doomed.length === 0) return;
      for (const port of await ports("")) {
        const left = port.security_groups.filter((id) => !doomed.includes(id));
        if (left.length < port.security_groups.length) await setGroups(port, left);
      }
      for (const id of doomed)
        expected(await project.call("network", "DELETE", `/security-groups/${id}`), "security group", 204, 404);
    },
  };
}
