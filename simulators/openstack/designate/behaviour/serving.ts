import { type Designate, recordsetsOf, type ServedVersion, type ServedZone, type ZoneRow } from "../state/state.ts";

/** How many versions of a zone are remembered. */
const VERSIONS_MAX = 16;

/** Hands the name servers a zone as it is now: its recordsets that are to stay. */
export function publish(designate: Designate, zone: ZoneRow): void {
  const sets = recordsetsOf(designate, zone.id)
    .filter(({ action, records }) => action !== "DELETE" && records.length > 0)
    .map(({ name, type, ttl, records }) => ({ name, type, ttl: ttl ?? zone.ttl, records }));
  remember(designate, zone.name, { serial: zone.serial, sets });
}

/** Has the name servers forget a zone. */
export const withdraw = (designate: Designate, { name }: ZoneRow): void => remember(designate, name, null);

function remember({ slot, cloud }: Designate, name: string, content: ServedZone | null): void {
  const { served } = slot.value;
  const version: ServedVersion = { atMs: cloud.kernel.nowMs, content };
  served.set(name, [...(served.get(name) ?? []), version].slice(-VERSIONS_MAX));
  slot.value.servedChanges++;
}
