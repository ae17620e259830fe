import { isIPv6 } from "node:net";
import { type Designate, MANAGED_PROJECT, type RecordSetRow, type ZoneRow } from "../state/state.ts";
import { markChanged } from "./propagation.ts";
import { addZone, TTL_DEFAULT_S } from "./zones.ts";

const MANAGED_EMAIL = "hostmaster@example.com";

/** The reverse name of an IPv4 address, and the zone that it belongs to: that of its first three bytes. */
function reverseOf(address: string): { readonly name: string; readonly zone: string } {
  if (isIPv6(address)) throw new Error(`floating addresses are IPv4: ${address}`);
  const [last = "", ...rest] = address.split(".").reverse();
  const zone = `${rest.join(".")}.in-addr.arpa.`;
  return { name: `${last}.${zone}`, zone };
}

/** A floating address with its project. */
interface NamedAddress {
  readonly id: string;
  readonly projectId: string;
  readonly address: string;
}

/** The recordset that names a floating address. */
export const reverseRecordset = ({ slot }: Designate, id: string): RecordSetRow | undefined =>
  [...slot.value.recordsets.values()].find(({ floatingIp, action }) => floatingIp?.id === id && action !== "DELETE");

/** Names a floating address, in a zone that the service makes if there is none. */
export function setReverseName(
  designate: Designate,
  { id, projectId, address }: NamedAddress,
  given: { readonly ptrdname: string; readonly ttl: number | null; readonly description: string | null },
): RecordSetRow {
  const { kernel } = designate.cloud;
  const { name, zone: zoneName } = reverseOf(address);
  const { zones, recordsets } = designate.slot.value;
  const zone =
    [...zones.values()].find((each) => each.name === zoneName) ??
    addZone(designate, MANAGED_PROJECT, {
      name: zoneName,
      email: MANAGED_EMAIL,
      ttl: TTL_DEFAULT_S,
      description: null,
      attributes: {},
    });
  const known = [...recordsets.values()].find(
    (row) => row.zoneId === zone.id && row.name === name && row.type === "PTR" && row.action !== "DELETE",
  );
  const row: RecordSetRow = {
    id: known?.id ?? designate.cloud.uuid("designate"),
    zoneId: zone.id,
    projectId: zone.projectId,
    name,
    type: "PTR",
    managed: true,
    records: [given.ptrdname],
    floatingIp: { id, projectId },
    description: given.description,
    ttl: given.ttl,
    status: "PENDING",
    action: known === undefined ? "CREATE" : "UPDATE",
    version: (known?.version ?? 0) + 1,
    createdMs: known?.createdMs ?? kernel.nowMs,
    updatedMs: known === undefined ? null : kernel.nowMs,
  };
  recordsets.set(row.id, row);
  kernel.record("designate", "recordset.create", row.id, { zone: zone.id, name, type: "PTR", records: row.records });
  markChanged(designate, zone);
  return row;
}

/** Removes the name of a floating address. */
export function unsetReverseName(designate: Designate, row: RecordSetRow): void {
  const { kernel } = designate.cloud;
  Object.assign(row, { status: "PENDING", action: "DELETE", version: row.version + 1, updatedMs: kernel.nowMs });
  kernel.record("designate", "recordset.delete", row.id);
  const zone: ZoneRow | undefined = designate.slot.value.zones.get(row.zoneId);
  if (zone !== undefined) markChanged(designate, zone);
}

/** Names of addresses that their project no longer has are removed when anybody looks. */
export function dropStaleNames(designate: Designate, projectId: string, ids: ReadonlySet<string>): void {
  for (const row of designate.slot.value.recordsets.values())
    if (row.floatingIp?.projectId === projectId && row.action !== "DELETE" && !ids.has(row.floatingIp.id))
      unsetReverseName(designate, row);
}
