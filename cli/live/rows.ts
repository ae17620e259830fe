import type { GroupRow, Health, NetworkRow, ProjectRow, Row, StrayRow, TaskRow } from "../../reports/live/feed.ts";
import type { World } from "../../simulators/world.ts";
import { boshRows } from "./bosh-rows.ts";
import { indexCloud } from "./cloud-index.ts";
import type { InstanceRecord } from "../../scenarios/laws/instance-records.ts";
import { recordRows } from "./record-rows.ts";

type Neutron = ReturnType<World["openstack"]["state"]>["neutron"];
type Group = Neutron["groups"] extends Map<string, infer G> ? G : never;
type Rule = Group["rules"][number];

/** A rule as people read it: `in tcp 5432 from 127.64.9.1/32`. */
function ruleText(rule: Rule, groups: Neutron["groups"]): string {
  const { direction, protocol, portMin, portMax, remoteIpPrefix, remoteGroupId } = rule;
  const ports = portMin === null ? "" : portMin === portMax ? ` ${portMin}` : ` ${portMin}–${portMax}`;
  const remote =
    remoteGroupId === null
      ? (remoteIpPrefix ?? "anywhere")
      : `group ${groups.get(remoteGroupId)?.name ?? remoteGroupId}`;
  const [way, word] = direction === "ingress" ? ["in", "from"] : ["out", "to"];
  return `${way} ${protocol ?? "any"}${ports} ${word} ${remote}`;
}

/** The projects that own something. */
function projects({ openstack }: World): readonly ProjectRow[] {
  const { nova, neutron } = openstack.state();
  const owned = [...nova.servers.values(), ...neutron.networks.values(), ...neutron.groups.values()];
  const ids = new Set(owned.map(({ projectId }) => projectId));
  return [...ids].map((id) => {
    const project = openstack.cloud.identity.project(id);
    const isEnabled = project?.enabled === true;
    return {
      kind: "project",
      id: `project/${id}`,
      name: project?.name ?? id,
      health: isEnabled ? "ok" : "off",
      state: project === undefined ? "deleted" : isEnabled ? "enabled" : "disabled",
    };
  });
}

function networks({ openstack }: World): readonly NetworkRow[] {
  const { networks: all, subnets } = openstack.state().neutron;
  return [...all.values()].map(({ id, name, projectId, adminStateUp, subnets: ids }) => ({
    kind: "network",
    id: `network/${id}`,
    name,
    health: adminStateUp ? "ok" : "off",
    state: adminStateUp ? "up" : "down",
    project: projectId,
    cidrs: ids.flatMap((each) => subnets.get(each)?.cidr ?? []),
  }));
}

function groups({ openstack }: World): readonly GroupRow[] {
  const { groups: all } = openstack.state().neutron;
  return [...all.values()].map(({ id, name, projectId, rules }) => ({
    kind: "group",
    id: `group/${id}`,
    name,
    health: "ok",
    state: `${rules.length} rules`,
    project: projectId,
    rules: rules.filter(({ ethertype }) => ethertype === "IPv4").map((rule) => ruleText(rule, all)),
  }));
}

const TASK_HEALTH: Readonly<Record<string, Health>> = {
  queued: "busy",
  processing: "busy",
  cancelling: "busy",
  done: "ok",
  error: "broken",
  timeout: "broken",
  cancelled: "off",
};

/** How many of the newest tasks are listed. */
const TASKS_MAX = 2000;

function tasks({ bosh }: World): readonly TaskRow[] {
  return [...bosh.state().tasks.values()].slice(-TASKS_MAX).map((task) => ({
    kind: "task",
    id: `task/${task.id}`,
    name: task.description,
    health: TASK_HEALTH[task.state] ?? "ok",
    state: task.state,
    number: task.id,
    deployment: task.deployment ?? "",
    type: task.type,
    user: task.user,
    ...(task.startedAt !== null && { startedMs: task.startedAt * 1000 }),
    result: task.result ?? "",
  }));
}

/** The OpenStack resources that no VM of the director uses. */
function strays(world: World, { owned }: ReturnType<typeof indexCloud>): readonly StrayRow[] {
  const { nova, neutron, cinder } = world.openstack.state();
  const row = (what: StrayRow["what"], id: string, name: string, state: string): StrayRow => ({
    kind: "stray",
    id: `stray/${id}`,
    name: name === "" ? id : name,
    health: "ok",
    state,
    what,
  });
  return [
    ...[...nova.servers.values()].filter(({ id }) => !owned.has(id)).map(({ id, name }) => row("server", id, name, "")),
    ...[...neutron.ports.values()]
      .filter(({ id }) => !owned.has(id))
      .map(({ id, name, status, deviceOwner }) => row("port", id, name, `${status} ${deviceOwner}`)),
    ...[...cinder.volumes.values()]
      .filter(({ id }) => !owned.has(id))
      .map(({ id, name, status }) => row("volume", id, name ?? "", status)),
  ];
}

/** Everything of a cloud that its page shows, in time linear in what exists. */
export function rowsOf(world: World, records: ReadonlyMap<string, readonly InstanceRecord[]>): readonly Row[] {
  const index = indexCloud(world);
  return [
    ...projects(world),
    ...networks(world),
    ...groups(world),
    ...boshRows(world, index),
    ...recordRows(records),
    ...tasks(world),
    ...strays(world, index),
  ];
}
