import type { Slot } from "../../../kernel/index.ts";
import type { Cloud } from "../../cloud.ts";
import type { KindName } from "./attributes.ts";

/** Whether a change of an object is in progress. */
type ProvisioningStatus = "PENDING_CREATE" | "PENDING_UPDATE" | "PENDING_DELETE" | "ACTIVE" | "ERROR";

/** A load balancer or a part of one. Times are kernel ms. */
export interface OctaviaRow {
  readonly id: string;
  readonly seq: number;
  readonly kind: KindName;
  readonly projectId: string;
  /** The id of its load balancer; its own id if it is one. */
  readonly balancerId: string;
  /** The id of its parent; for a load balancer, its own. */
  readonly parentId: string;
  /** Attributes, by the names of the API. */
  values: Readonly<Record<string, unknown>>;
  provisioning: ProvisioningStatus;
  operating: string;
  readonly createdMs: number;
  updatedMs: number | null;
}

/** An offer of operators: a flavor or a zone, or the profile behind one; attributes by the names of the API. */
export interface OfferRow {
  /** A zone is known by its name. */
  readonly id: string;
  values: Readonly<Record<string, unknown>>;
}

/** The kinds of what operators offer. */
export type OfferKind = "flavorprofile" | "flavor" | "availability_zone_profile" | "availability_zone";

/** All that Octavia knows; plain data, so that the kernel can take snapshots of it. */
export interface OctaviaState {
  readonly rows: Map<string, OctaviaRow>;
  /** Object → its parts, in order of creation. */
  readonly parts: Map<string, string[]>;
  /** Project → the quotas that were set. */
  readonly quotas: Map<string, Readonly<Record<string, number>>>;
  readonly offers: Readonly<Record<OfferKind, Map<string, OfferRow>>>;
  made: number;
}

/** An Octavia without load balancers. */
export const newState = (): OctaviaState => ({
  rows: new Map(),
  parts: new Map(),
  quotas: new Map(),
  offers: {
    flavorprofile: new Map(),
    flavor: new Map(),
    availability_zone_profile: new Map(),
    availability_zone: new Map(),
  },
  made: 0,
});

/** Octavia within its cloud. */
export interface Octavia {
  readonly cloud: Cloud;
  readonly slot: Slot<OctaviaState>;
}

/** Writes one state change into the journal. */
export function recordChange(
  { cloud }: Octavia,
  kind: string,
  subject: string,
  data: Readonly<Record<string, unknown>> = {},
): void {
  cloud.kernel.record("octavia", kind, subject, data);
}

/** The parts of an object, in order of creation. */
export const partsOf = ({ slot }: Octavia, id: string): readonly OctaviaRow[] =>
  (slot.value.parts.get(id) ?? []).flatMap((each) => slot.value.rows.get(each) ?? []);

/** Adds an object to its parent. */
export function addRow({ slot }: Octavia, row: OctaviaRow): void {
  const { rows, parts } = slot.value;
  rows.set(row.id, row);
  if (row.parentId === row.id) return;
  const siblings = parts.get(row.parentId);
  if (siblings === undefined) parts.set(row.parentId, [row.id]);
  else siblings.push(row.id);
}

/** Removes an object with all its parts. */
export function removeRow(octavia: Octavia, row: OctaviaRow): void {
  const { rows, parts } = octavia.slot.value;
  for (const part of partsOf(octavia, row.id)) removeRow(octavia, part);
  parts.delete(row.id);
  rows.delete(row.id);
  const left = (parts.get(row.parentId) ?? []).filter((id) => id !== row.id);
  if (left.length === 0) parts.delete(row.parentId);
  else parts.set(row.parentId, left);
}
