import { AGENT_PORT } from "../../simulators/addresses.ts";
import type { LawfulWorld } from "../../simulators/laws/lookup.ts";
import { hasClaim, isSettled, type RecordIndex } from "./instance-records.ts";

type Groups = ReturnType<LawfulWorld["openstack"]["state"]>["neutron"]["groups"];
type Group = Groups extends Map<string, infer G> ? G : never;
type Rule = Group["rules"][number];

/** Data guard names the security group of an instance after the instance (broker/guard/guard.ts). */
const PREFIX = "guard_";

/** The name of the security group that the reference broker gives an instance. */
const guardGroupOf = (instanceId: string): string => `${PREFIX}${instanceId}`;

/** Whether a rule is for applications. Those for the platform and for the instance's own nodes always exist. */
const isForApplications = (rule: Rule, groupId: string): boolean =>
  rule.direction === "ingress" &&
  rule.remoteGroupId !== groupId &&
  !(rule.portMin === AGENT_PORT && rule.portMax === AGENT_PORT);

/** A settled instance is open to applications exactly while it has a binding. */
function checkAccess({ id, name, rules }: Group, { byId }: RecordIndex): readonly string[] {
  const record = byId.get(name.slice(PREFIX.length));
  if (record === undefined || !isSettled(record)) return [];
  const isOpen = rules.some((rule) => isForApplications(rule, id));
  if (isOpen && record.bindings.length === 0) return [`${name} is open although the service instance has no binding`];
  const isBound = record.bindings.some(({ state }) => state === "ready");
  return isBound && !isOpen ? [`${name} is closed although the service instance has a binding`] : [];
}

/** Each group of data guard belongs to an instance, and each settled instance has one, which is open exactly while there is a binding. */
export function checkGuard({ openstack }: LawfulWorld, records: RecordIndex): readonly string[] {
  const groups = [...openstack.state().neutron.groups.values()].filter(({ name }) => name.startsWith(PREFIX));
  const stray = groups
    .filter(({ name }) => !hasClaim(records.byId.get(name.slice(PREFIX.length))))
    .map(({ name }) => `the security group ${name} belongs to no service instance`);
  const byName = Map.groupBy(groups, ({ name }) => name);
  const miscounted = [...records.byId.values()].filter(isSettled).flatMap(({ id }) => {
    const count = byName.get(guardGroupOf(id))?.length ?? 0;
    return count === 1 ? [] : [`the service instance ${id} has ${count} security groups of data guard`];
  });
  return [...stray, ...miscounted, ...groups.flatMap((group) => checkAccess(group, records))];
}
