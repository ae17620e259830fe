import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { BackendError } from "../errors.ts";
import { type BackendAnswer, bodyOf, expectStatus, describeAnswer } from "../http/client.ts";
import { neutronReason } from "../http/refusals.ts";
import type { OpenStackProject } from "../openstack/project.ts";

const Nullable = <T extends Type.TSchema>(type: T) => Type.Union([type, Type.Null()]);

const Rule = Type.Object({
  id: Type.String(),
  direction: Type.String(),
  ethertype: Type.String(),
  protocol: Nullable(Type.String()),
  port_range_min: Nullable(Type.Integer()),
  port_range_max: Nullable(Type.Integer()),
  remote_ip_prefix: Nullable(Type.String()),
  remote_group_id: Nullable(Type.String()),
});
const Group = Type.Object({ id: Type.String(), name: Type.String(), security_group_rules: Type.Array(Rule) });
const Port = Type.Object({
  id: Type.String(),
  status: Type.String(),
  device_id: Type.String(),
  device_owner: Type.String(),
  security_groups: Type.Array(Type.String()),
});

/** A security group rule, as Neutron shows it. */
export type Rule = Static<typeof Rule>;
/** A security group with its rules. */
export type Group = Static<typeof Group>;
type Port = Static<typeof Port>;

const GROUPS = Compile(Type.Object({ security_groups: Type.Array(Group) }));
const GROUP = Compile(Type.Object({ security_group: Group }));
const PORTS = Compile(Type.Object({ ports: Type.Array(Port) }));

/** Whether no VM has a port any more: the OpenStack CPI looks at the same when it needs a port's address. */
export const isAbandoned = ({ status, device_id: device, device_owner: owner }: Port): boolean =>
  status === "DOWN" && device === "" && owner === "";

/** A rule to make. */
export type NewRule = Omit<Rule, "id">;

/**
 * What data guard asks of Neutron (API v2.0). Each call asks for no more than it needs, so that it costs the same however many
 * instances there are. A call that collides with another client's change throws BackendError: look again and go on.
 */
export interface Neutron {
  /** Lists all groups of the project, or those with this name. */
  groups(name?: string): Promise<readonly Group[]>;
  /** Creates a group. It is not tried again: look for the group first. */
  createGroup(name: string): Promise<Group>;
  /** Deletes a group, unless it is gone. @throws BackendError while a port has it */
  deleteGroup(id: string): Promise<void>;
  /** Creates a rule. @throws BackendError if the rule exists or the group is gone; FinalError if Neutron refuses, for example because of a quota */
  createRule(groupId: string, rule: NewRule): Promise<void>;
  /** Nothing happens when it is gone. */
  deleteRule(id: string): Promise<void>;
  /** Lists all ports of the project, those of a VM, or those with a group. */
  ports(of?: { readonly vm: string } | { readonly group: string }): Promise<readonly Port[]>;
  /** Nothing happens when it is gone. */
  deletePort(id: string): Promise<void>;
  /** Sets the groups of a port, unless it is gone. */
  setGroups(port: Port, groups: readonly string[]): Promise<void>;
}

/** Whether a refusal means that somebody else has changed the same thing meanwhile. */
const raceError = (answer: BackendAnswer, what: string): BackendError =>
  new BackendError(`${describeAnswer(answer, what)}; somebody else was quicker`);

/** Neutron, as the project of the broker sees it. */
export function neutronOf(project: OpenStackProject): Neutron {
  const call = (method: string, path: string, json?: unknown): Promise<BackendAnswer> =>
    project.call("network", method, path, json === undefined ? {} : { json });
  /** Deletes something that may already be gone. */
  const remove = async (path: string, what: string, gone: string, busy?: string): Promise<void> => {
    const answer = await call("DELETE", path);
    const reason = neutronReason(answer);
    if (busy !== undefined && reason === busy) throw raceError(answer, what);
    if (reason !== gone) expectStatus(answer, what, 204);
  };
  return {
    async groups(name) {
      const query = name === undefined ? "" : `?name=${encodeURIComponent(name)}`;
      const answer = await call("GET", `/security-groups${query}`);
      return bodyOf(expectStatus(answer, "security groups", 200), GROUPS).security_groups;
    },
    async createGroup(name) {
      const answer = await call("POST", "/security-groups", { security_group: { name, description: "data guard" } });
      return bodyOf(expectStatus(answer, "security group", 201), GROUP).security_group;
    },
    deleteGroup: (id) =>
      remove(`/security-groups/${id}`, "security group", "SecurityGroupNotFound", "SecurityGroupInUse"),
    async createRule(groupId, rule) {
      const answer = await call("POST", "/security-group-rules", {
        security_group_rule: { security_group_id: groupId, ...rule },
      });
      const reason = neutronReason(answer);
      if (reason === "SecurityGroupRuleExists" || reason === "SecurityGroupNotFound") throw raceError(answer, "rule");
      expectStatus(answer, "rule", 201);
    },
    deleteRule: (id) => remove(`/security-group-rules/${id}`, "rule", "SecurityGroupRuleNotFound"),
    async ports(of) {
      const answer = await call("GET", `/ports${of === undefined ? "" : queryOf(of)}`);
      return bodyOf(expectStatus(answer, "ports", 200), PORTS).ports;
    },
    deletePort: (id) => remove(`/ports/${id}`, "port", "PortNotFound"),
    async setGroups({ id }, groups) {
      const answer = await call("PUT", `/ports/${id}`, { port: { security_groups: groups } });
      if (neutronReason(answer) !== "PortNotFound") expectStatus(answer, "port", 200);
    },
  };
}

const queryOf = (of: { readonly vm: string } | { readonly group: string }): string =>
  "vm" in of ? `?device_id=${encodeURIComponent(of.vm)}` : `?security_groups=${encodeURIComponent(of.group)}`;
