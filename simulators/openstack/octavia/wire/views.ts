import { isoSeconds } from "../../../kernel/index.ts";
import { KINDS } from "../state/attributes.ts";
import { type Octavia, type OctaviaRow, partsOf } from "../state/state.ts";

/** Other objects, as an object refers to them. */
const refs = (rows: readonly OctaviaRow[]): readonly object[] => rows.map(({ id }) => ({ id }));

const ofKind = (octavia: Octavia, row: OctaviaRow, kind: OctaviaRow["kind"]): readonly OctaviaRow[] =>
  partsOf(octavia, row.id).filter((part) => part.kind === kind);

/** The listeners that send to a pool. */
const listenersOf = (octavia: Octavia, pool: OctaviaRow): readonly OctaviaRow[] =>
  partsOf(octavia, pool.balancerId).filter(
    ({ kind, values }) => kind === "listener" && values.default_pool_id === pool.id,
  );

/** Members that show how objects are related. */
function relations(octavia: Octavia, row: OctaviaRow): object {
  switch (row.kind) {
    case "loadbalancer":
      return {
        listeners: refs(ofKind(octavia, row, "listener")),
        pools: refs(ofKind(octavia, row, "pool")),
      };
    case "listener":
      return { loadbalancers: [{ id: row.balancerId }], l7policies: refs(ofKind(octavia, row, "l7policy")) };
    case "pool":
      return {
        loadbalancers: [{ id: row.balancerId }],
        listeners: refs(listenersOf(octavia, row)),
        members: refs(ofKind(octavia, row, "member")),
        healthmonitor_id: ofKind(octavia, row, "healthmonitor")[0]?.id ?? null,
      };
    case "healthmonitor":
      return { pools: [{ id: row.parentId }] };
    case "l7policy":
      return { rules: refs(ofKind(octavia, row, "rule")) };
    case "member":
    case "rule":
      return {};
  }
}

/** Attributes of bodies that views leave out, as the relations show the same. */
const HIDDEN: Readonly<Partial<Record<OctaviaRow["kind"], readonly string[]>>> = {
  listener: ["loadbalancer_id"],
  pool: ["loadbalancer_id", "listener_id"],
  healthmonitor: ["pool_id"],
};

/** An object as GET shows it. */
export function viewOf(octavia: Octavia, row: OctaviaRow): Readonly<Record<string, unknown>> {
  const hidden = HIDDEN[row.kind] ?? [];
  return {
    id: row.id,
    ...Object.fromEntries(Object.entries(row.values).filter(([name]) => !hidden.includes(name))),
    project_id: row.projectId,
    provisioning_status: row.provisioning,
    operating_status: row.operating,
    created_at: isoSeconds(row.createdMs).replace("Z", ""),
    updated_at: row.updatedMs === null ? null : isoSeconds(row.updatedMs).replace("Z", ""),
    ...relations(octavia, row),
  };
}

/** An object with everything within it, as the creation of all at once shows it. */
export function graphOf(octavia: Octavia, row: OctaviaRow): Readonly<Record<string, unknown>> {
  const parts = (kind: OctaviaRow["kind"]): readonly object[] =>
    ofKind(octavia, row, kind).map((part) => graphOf(octavia, part));
  const view = viewOf(octavia, row);
  switch (row.kind) {
    case "loadbalancer":
      return { ...view, listeners: parts("listener"), pools: parts("pool") };
    case "listener":
      return { ...view, l7policies: parts("l7policy") };
    case "pool":
      return { ...view, members: parts("member"), healthmonitor: parts("healthmonitor")[0] ?? null };
    case "l7policy":
      return { ...view, rules: parts("rule") };
    case "healthmonitor":
    case "member":
    case "rule":
      return view;
  }
}

/** An object within the tree of statuses. */
export function statusOf(octavia: Octavia, row: OctaviaRow): object {
  const { id, values, provisioning, operating } = row;
  const parts = Map.groupBy(partsOf(octavia, id), ({ kind }) => kind);
  const own = { id, name: values.name, provisioning_status: provisioning, operating_status: operating };
  const nested = [...parts].map(([kind, rows]) => [
    KINDS[kind].collection,
    rows.map((part) => statusOf(octavia, part)),
  ]);
  return { ...own, ...Object.fromEntries(nested) };
}
