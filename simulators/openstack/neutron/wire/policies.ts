import type { Actor } from "../../cloud.ts";
import { isDictionary } from "./structures.ts";

/*
 * Who may set an attribute: neutron, `conf/policies/*.py` with the deprecated rules, as both apply in Zed. Attributes are those with
 * `enforce_policy` in neutron-lib's API definitions.
 */

/**
 * Whom a rule lets through: everybody; administrators; also the project that owns the port's network; the same or whomever the network is shared
 * with; whoever does not name a device of the network itself; whoever does not name all projects.
 */
type PolicyRule = "everybody" | "admin" | "network-owner" | "network-user" | "device" | "target";

/** The rules of an attribute. */
export interface AttributePolicy {
  readonly create: PolicyRule;
  /** Default: as for creation. */
  readonly update?: PolicyRule;
  /** What it is unless the client says otherwise: giving just that at creation is not looked at. */
  readonly default?: unknown;
  /** The rules of the members of its value, in the order in which refusals name them; of a list's elements if it is one. */
  readonly parts?: Readonly<Record<string, PolicyRule>>;
}

/** Everybody may set it, but refusals name it. */
export const forEverybody: AttributePolicy = { create: "everybody" };

/** Administrators alone may set it. */
export const forAdmins: AttributePolicy = { create: "admin" };

/** The same, unless it is false at creation, which is the default. */
export const trueForAdmins: AttributePolicy = { create: "admin", default: false };

/** What the rules about ports ask of the network. */
export interface PolicyNetwork {
  readonly isOwn: boolean;
  readonly isShared: boolean;
}

const NO_NETWORK: PolicyNetwork = { isOwn: false, isShared: false };

const RULES: Readonly<Record<PolicyRule, (value: unknown, network: PolicyNetwork) => boolean>> = {
  everybody: () => true,
  admin: () => false,
  "network-owner": (_value, { isOwn }) => isOwn,
  "network-user": (_value, { isOwn, isShared }) => isOwn || isShared,
  device: (value, { isOwn }) => isOwn || typeof value !== "string" || !value.startsWith("network:"),
  target: (value) => value !== "*",
};

/** The members of a value that policy looks at: of each element of a list, or those of a dictionary that have a rule. */
function partsOf(value: unknown, parts: Readonly<Record<string, PolicyRule>>): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((each: unknown) => (isDictionary(each) ? Object.keys(each) : []));
  return isDictionary(value) ? Object.keys(parts).filter((name) => Object.hasOwn(value, name)) : [];
}

/** What is wrong with a request: the rules that it had to pass, all of them, as the service names them. */
export function findRefusal(
  actor: Actor,
  base: string,
  policies: Iterable<readonly [name: string, value: unknown, policy: AttributePolicy]>,
  network: PolicyNetwork = NO_NETWORK,
): string | undefined {
  if (actor.isAdmin) return undefined;
  const isUpdate = base.startsWith("rule:update_");
  let isForbidden = false;
  let rules = base;
  for (const [name, value, policy] of policies) {
    if (!isUpdate && Object.hasOwn(policy, "default") && value === policy.default) continue;
    const parts = partsOf(value, policy.parts ?? {});
    const named = parts.map((part) => `${base}:${name}:${part}`);
    const own = named.length === 0 ? `${base}:${name}` : `(${base}:${name} and (${named.join(" and ")}))`;
    rules = `(${rules} and ${own})`;
    const applied = [(isUpdate ? policy.update : undefined) ?? policy.create];
    for (const part of parts) applied.push(policy.parts?.[part] ?? "everybody");
    isForbidden ||= applied.some((rule) => !RULES[rule](value, network));
  }
  return isForbidden ? rules : undefined;
}
