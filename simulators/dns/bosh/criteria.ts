import type { InstanceRecord } from "./records.ts";

/** The name under which instances are found by the id of their agent. */
export const AGENT_DOMAIN = "bosh-agent-id.";

/** The criteria in a name: values by criterion. All criteria must match, each with any of its values. */
export type Criteria = ReadonlyMap<string, readonly string[]>;

/** Ordered pairs of criterion and value; those without a value are left out. */
function criteriaOf(pairs: readonly (readonly [string, string])[]): Criteria {
  const criteria = new Map<string, string[]>();
  for (const [key, value] of pairs) if (value !== "") criteria.set(key, [...(criteria.get(key) ?? []), value]);
  return criteria;
}

/** The criteria of a query label, `q-a1s0`; undefined if it has none. */
function queryPairs(label: string): readonly (readonly [string, string])[] | undefined {
  const pairs = [...label.slice(QUERY.length).matchAll(/([aismny])([0-9]+)/g)];
  return pairs.length === 0 ? undefined : pairs.map(([, key = "", value = ""]) => [key, value]);
}

const QUERY = "q-";
const GROUP = /^q-g([0-9]+)$/;

/** Reads a name, in lower case with its final dot, beneath one of the domains; undefined for one that is not a query. */
export function readCriteria(fqdn: string, domains: readonly string[]): Criteria | undefined {
  const dot = fqdn.indexOf(".");
  if (dot < 0) return undefined;
  const [first, rest] = [fqdn.slice(0, dot), fqdn.slice(dot + 1)];
  const own = ["fqdn", fqdn] as const;
  if (rest === AGENT_DOMAIN) return criteriaOf([["agentID", first], own]);
  const domain = domains.find((each) => fqdn.endsWith(each));
  if (domain === undefined) return criteriaOf([["instanceName", first], own]);
  const groups = (rest.endsWith(`.${domain}`) ? rest.slice(0, -domain.length - 1) : rest).split(".");
  if (groups.length !== SHORT_LABELS && groups.length !== LONG_LABELS) return undefined;
  const isQuery = first.startsWith(QUERY);
  const asked = isQuery ? queryPairs(first) : [];
  if (asked === undefined) return undefined;
  const [group = "", network = "", deployment = ""] = groups;
  const isLong = groups.length === LONG_LABELS;
  return criteriaOf([
    ...asked,
    ["instanceName", isQuery ? "" : first],
    ["instanceGroupName", isLong ? group : ""],
    ["network", network],
    ["deployment", deployment],
    ["g", GROUP.exec(group)?.[1] ?? ""],
    ["domain", domain],
    own,
  ]);
}

const SHORT_LABELS = 1;
const LONG_LABELS = 3;

/** Whether a text matches a value with a `*` at its beginning or end. */
function fitsGlob(text: string, value: string): boolean {
  if (!value.includes("*")) return text === value;
  if (value === "*") return true;
  if (value.startsWith("*")) return text.endsWith(value.slice(1));
  return value.endsWith("*") && text.startsWith(value.slice(0, -1));
}

const FITS: Readonly<Record<string, (record: InstanceRecord, value: string) => boolean>> = {
  instanceName: ({ id }, value) => id === value,
  instanceGroupName: ({ group }, value) => fitsGlob(group, value),
  network: ({ network }, value) => fitsGlob(network, value),
  deployment: ({ deployment }, value) => fitsGlob(deployment, value),
  domain: ({ domain }, value) => domain === value,
  agentID: ({ agentId }, value) => agentId === value,
  m: ({ numId }, value) => numId === value,
  n: ({ networkId }, value) => networkId === value,
  a: ({ azId }, value) => azId === value,
  i: ({ index }, value) => index === value,
  g: ({ groupIds }, value) => groupIds.includes(value),
};

/** The matching records; health (`s`) and the way of asking for it (`y`) do not count. */
export function fittingRecords(criteria: Criteria, records: readonly InstanceRecord[]): readonly InstanceRecord[] {
  const wanted = [...criteria].flatMap(([key, values]) => {
    const fits = FITS[key];
    return fits === undefined ? [] : [(record: InstanceRecord) => values.some((value) => fits(record, value))];
  });
  return records.filter((record) => wanted.every((fits) => fits(record)));
}
