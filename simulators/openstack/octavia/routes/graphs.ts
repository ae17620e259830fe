import { type HttpReply, isObject, json } from "../../../kernel/index.ts";
import type { Actor } from "../../cloud.ts";
import type { RequestContext } from "../../service.ts";
import { startChange } from "../behaviour/changes.ts";
import { addObject, projectFor } from "../behaviour/creation.ts";
import { checkReferences } from "../behaviour/parents.ts";
import type { KindName } from "../state/attributes.ts";
import { checkQuota } from "../state/quotas.ts";
import type { Octavia, OctaviaRow } from "../state/state.ts";
import { badRequest, invalidValue } from "../wire/errors.ts";
import { newValues, type Values } from "../wire/values.ts";
import { graphOf } from "../wire/views.ts";
import { checkChoices } from "./offers.ts";

/*
 * A load balancer that is created with its listeners, pools and all that is within them: all of it, or nothing.
 */

/** The members of a load balancer's body that name its parts. */
export const GRAPH_MEMBERS = ["listeners", "pools"];

/** A part that has been checked, with its own. */
interface Part {
  readonly kind: KindName;
  readonly values: Values;
  readonly parts: readonly Part[];
  /** The pool to which it sends, by its name among the others. */
  readonly sendsTo?: string | undefined;
}

const listIn = (given: Values, name: string): readonly Values[] => {
  const value = given[name];
  if (value === undefined || value === null) return [];
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.map((each) => {
    if (!isObject(each)) throw invalidValue(name, String(each), "Wrong type. Expected a dictionary");
    return each;
  });
};

/** An id that stands for the object of which a part is made, until it has one. */
const ABOVE = "00000000-0000-4000-8000-000000000000";

/** Without the members that hold parts, which are checked by themselves. */
function ownOf(given: Values, nested: readonly string[]): Values {
  return Object.fromEntries(Object.entries(given).filter(([name]) => !nested.includes(name)));
}

const part = (kind: KindName, given: Values, above: Values = {}): Part => ({
  kind,
  values: newValues(kind, { ...given, ...above }),
  parts: [],
});

function poolPart(given: Values): Part {
  const members = listIn(given, "members").map((each) => part("member", each));
  const monitors = listIn(given, "healthmonitor").map((each) => part("healthmonitor", each, { pool_id: ABOVE }));
  return { ...part("pool", ownOf(given, ["members", "healthmonitor"])), parts: [...members, ...monitors] };
}

/** Pools are parts of the load balancer, wherever they are written: `pools` collects them. @throws Refusal 400 */
function poolNameIn(given: Values, name: string, pools: Map<string, Part>): string | undefined {
  const [pool] = listIn(given, name);
  if (pool === undefined) return undefined;
  const label = String(pool.name ?? `pool ${pools.size}`);
  const isReference = Object.keys(pool).every((each) => each === "name");
  if (isReference && !pools.has(label)) throw badRequest(`Pool ${label} is not among the pools of the load balancer.`);
  if (!isReference && pools.has(label)) throw badRequest(`Pool name ${label} is used twice.`);
  if (!isReference) pools.set(label, poolPart(pool));
  return label;
}

function policyPart(given: Values, pools: Map<string, Part>): Part {
  const sendsTo = poolNameIn(given, "redirect_pool", pools);
  const rules = listIn(given, "rules").map((each) => part("rule", each));
  const above = { listener_id: ABOVE };
  return { ...part("l7policy", ownOf(given, ["rules", "redirect_pool"]), above), parts: rules, sendsTo };
}

function listenerPart(given: Values, pools: Map<string, Part>): Part {
  const sendsTo = poolNameIn(given, "default_pool", pools);
  const policies = listIn(given, "l7policies").map((each) => policyPart(each, pools));
  const above = { loadbalancer_id: ABOVE };
  return { ...part("listener", ownOf(given, ["l7policies", "default_pool"]), above), parts: policies, sendsTo };
}

function countOf(parts: readonly Part[], counts = new Map<KindName, number>()): Map<KindName, number> {
  for (const each of parts) {
    counts.set(each.kind, (counts.get(each.kind) ?? 0) + 1);
    countOf(each.parts, counts);
  }
  return counts;
}

/** Names of the attributes by which a part names what is above it, and the pool to which it sends. */
const ABOVE_NAMES = ["loadbalancer_id", "listener_id", "pool_id"];
const POOL_NAMES: Partial<Record<KindName, string>> = { listener: "default_pool_id", l7policy: "redirect_pool_id" };

/** Adds a part and all within it. */
function addPart(
  octavia: Octavia,
  actor: Actor,
  parent: OctaviaRow,
  wanted: Part,
  pools: Map<string, string>,
): OctaviaRow {
  const { kind, values, parts, sendsTo } = wanted;
  const named = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      ABOVE_NAMES.includes(name) && value === ABOVE ? parent.id : value,
    ]),
  );
  const poolName = POOL_NAMES[kind];
  const target = sendsTo === undefined || poolName === undefined ? {} : { [poolName]: pools.get(sendsTo) ?? null };
  const object = { kind, parent, projectId: parent.projectId, values: { ...named, ...target } };
  const row = addObject(octavia, actor, object);
  for (const each of parts) addPart(octavia, actor, row, each, pools);
  return row;
}

/** Creates a load balancer with all its parts. @throws Refusal 400, 403, 404, 409 */
export function createGraph(octavia: Octavia, { actor }: RequestContext, given: Values): HttpReply {
  const values = newValues("loadbalancer", ownOf(given, GRAPH_MEMBERS));
  const pools = new Map<string, Part>();
  for (const each of listIn(given, "pools")) {
    if (typeof each.name !== "string") throw badRequest("Pools must have a name when they are listed.");
    pools.set(each.name, poolPart(each));
  }
  const listeners = listIn(given, "listeners").map((each) => listenerPart(each, pools));
  const projectId = projectFor(actor, given, undefined);
  checkReferences(octavia, actor, values);
  checkChoices(octavia, values);
  checkQuota(octavia, projectId, "loadbalancer");
  for (const [kind, count] of countOf([...listeners, ...pools.values()])) checkQuota(octavia, projectId, kind, count);
  const row = addObject(octavia, actor, { kind: "loadbalancer", parent: undefined, projectId, values });
  const poolIds = new Map<string, string>();
  for (const [name, each] of pools) poolIds.set(name, addPart(octavia, actor, row, each, poolIds).id);
  for (const each of listeners) addPart(octavia, actor, row, each, poolIds);
  startChange(octavia, row, "create");
  return json(201, { loadbalancer: graphOf(octavia, row) });
}
