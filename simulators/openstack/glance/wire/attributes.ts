import type { Actor } from "../../cloud.ts";
import { Refusal } from "../../refusal.ts";
import { isReadOnlyAttribute } from "./schemas.ts";

const RESERVED: readonly string[] = ["locations", "deleted", "deleted_at", "direct_url"];

/** Checks that a client may set attributes of these names. @throws Refusal 403 */
export function checkNames(names: readonly string[]): void {
  for (const name of names) {
    const isReserved = RESERVED.includes(name);
    if (isReadOnlyAttribute(name) && !isReserved) throw new Refusal(403, "", `Attribute '${name}' is read-only.`);
    if (isReserved || name.startsWith("os_glance_")) throw new Refusal(403, "", `Attribute '${name}' is reserved.`);
  }
}

/** Checks that the actor may set these values. @throws Refusal 400, 403 */
export function checkValues(actor: Actor, attributes: Readonly<Record<string, unknown>>): void {
  for (const name of ["min_disk", "min_ram"]) {
    const value = attributes[name];
    if (typeof value === "number" && value < 0)
      throw new Refusal(400, "", `Invalid value '${value}' for parameter '${name}': Cannot be a negative value`);
  }
  if (actor.isAdmin) return;
  if (attributes.visibility === "public")
    throw new Refusal(403, "", "You are not authorized to complete publicize_image action.");
  if (attributes.owner !== undefined && attributes.owner !== actor.projectId)
    throw new Refusal(403, "", `You are not permitted to create images owned by '${String(attributes.owner)}'.`);
}
