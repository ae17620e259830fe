import { Refusal } from "../../refusal.ts";
import { type Designate, NAMESERVER, type ZoneRow } from "../state/state.ts";
import { badRequest, duplicate } from "../wire/errors.ts";
import type { Actor } from "../../cloud.ts";
import { checkQuota } from "../state/quotas.ts";
import { propagate, soaOf } from "./propagation.ts";

/** The TTL of records whose zone does not say otherwise, seconds. */
export const TTL_DEFAULT_S = 3600;
const REFRESH_S: readonly [min: number, max: number] = [3500, 3600];

/** The values of a new zone. */
export type NewZone = Pick<ZoneRow, "name" | "email" | "ttl" | "description" | "attributes">;

/** Creates a zone, which the name servers get to know. */
export function addZone(designate: Designate, projectId: string, fields: NewZone): ZoneRow {
  const { kernel } = designate.cloud;
  const zone: ZoneRow = {
    ...fields,
    id: designate.cloud.uuid("designate"),
    projectId,
    serial: Math.floor(kernel.nowMs / 1000),
    refreshS: designate.cloud.random("designate").int(...REFRESH_S),
    status: "PENDING",
    action: "CREATE",
    version: 1,
    createdMs: kernel.nowMs,
    updatedMs: null,
  };
  designate.slot.value.zones.set(zone.id, zone);
  addManagedRecordsets(designate, zone);
  kernel.record("designate", "zone.create", zone.id, { project: projectId, name: zone.name });
  propagate(designate, zone);
  return zone;
}

/** Whether a name lies below a zone. Both have their final dot. */
export const isBelow = (name: string, zone: string): boolean => name.endsWith(`.${zone}`);

/** Checks that a zone neither exists already nor lies above or below another project's. @throws Refusal 400, 403, 409 */
function checkZoneName({ slot }: Designate, name: string, projectId: string): void {
  const zones = [...slot.value.zones.values()];
  if (name.split(".").filter((label) => label !== "").length < 2)
    throw badRequest("invalid_zone_name", "More than one label is required");
  const foreign = zones.filter((zone) => zone.projectId !== projectId);
  if (foreign.some((zone) => isBelow(name, zone.name)))
    throw new Refusal(403, "illegal_child", "Unable to create subzone in another tenants zone");
  if (foreign.some((zone) => isBelow(zone.name, name)))
    throw new Refusal(403, "illegal_parent", "Unable to create zone because another tenant owns a subzone of the zone");
  if (zones.some((zone) => zone.name === name)) throw duplicate("duplicate_zone", "Zone");
}

/** Checks that a zone lies below a TLD, once an administrator has created any. @throws Refusal 400 */
function checkTld({ slot }: Designate, zoneName: string): void {
  const names = [...slot.value.admin.tlds.values()].map(({ fields }) => String(fields.name).toLowerCase());
  if (names.length === 0) return;
  const zone = zoneName.toLowerCase().replace(/\.$/, "");
  if (names.includes(zone)) throw badRequest("invalid_zone_name", "Zone name cannot be the same as a TLD");
  if (!names.some((name) => isBelow(zone, name))) throw badRequest("invalid_tld", "Invalid TLD");
}

/** Checks that no blacklist forbids a zone's name; administrators may use any. @throws Refusal 400 */
function checkBlacklists({ slot }: Designate, zoneName: string): void {
  for (const { fields } of slot.value.admin.blacklists.values())
    if (new RegExp(String(fields.pattern)).test(zoneName))
      throw badRequest("invalid_zone_name", "Blacklisted zone name");
}

/** @throws Refusal 400 when the zone is being deleted */
export function checkNotDeleting(zone: ZoneRow): void {
  if (zone.action === "DELETE") throw badRequest("bad_request", "Can not update a deleting zone");
}

/** Adds the recordsets with which a zone begins: its SOA and its NS. */
function addManagedRecordsets({ slot, cloud }: Designate, zone: ZoneRow): void {
  for (const [type, record] of [
    ["NS", NAMESERVER],
    ["SOA", soaOf(zone)],
  ] as const) {
    const id = cloud.uuid("designate");
    slot.value.recordsets.set(id, {
      id,
      zoneId: zone.id,
      projectId: zone.projectId,
      name: zone.name,
      type,
      managed: true,
      records: [record],
      description: null,
      ttl: null,
      status: "PENDING",
      action: "CREATE",
      version: 1,
      createdMs: zone.createdMs,
      updatedMs: null,
    });
  }
}

/** Whether a project may have another zone of this name. @throws Refusal 400, 403, 409, 413 */
export function checkNewZone(
  designate: Designate,
  actor: Pick<Actor, "isAdmin">,
  projectId: string,
  name: string,
): void {
  const own = [...designate.slot.value.zones.values()].filter((zone) => zone.projectId === projectId);
  checkQuota(designate, projectId, "zones", own.length + 1);
  checkZoneName(designate, name, projectId);
  checkTld(designate, name);
  if (!actor.isAdmin) checkBlacklists(designate, name);
}
