import type { Actor } from "../../cloud.ts";
import { Refusal } from "../../refusal.ts";
import { ERRED } from "../../webob.ts";
import { isImageAttribute, isReadOnlyAttribute } from "./schemas.ts";

const RESERVED: readonly string[] = ["locations", "deleted", "deleted_at", "direct_url"];

/** Attributes that a new image may name, without effect. */
const IGNORED_AT_FIRST: readonly string[] = ["os_hash_algo", "os_hash_value"];

const NAME_LENGTH_MAX = 255;
const VALUE_LENGTH_MAX = 65_535;
const INTEGER_MAX = 2_147_483_647;

/** Checks the custom properties of a new image. @throws Refusal 400; 500 for a value that is longer than its column */
export function checkProperties(attributes: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (isImageAttribute(name)) continue;
    if (name.length > NAME_LENGTH_MAX)
      throw new Refusal(400, "", "Custom property should not be greater than 255 characters.");
    if (typeof value === "string" && Buffer.byteLength(value) > VALUE_LENGTH_MAX) throw new Refusal(500, "", ERRED);
  }
}

/** Checks that a client may set attributes of these names; `isNew`: of a new image. @throws Refusal 403 */
export function checkNames(names: readonly string[], isNew = false): void {
  for (const name of names) {
    if (isNew && IGNORED_AT_FIRST.includes(name)) continue;
    if (isNew && name.startsWith("os_glance_"))
      throw new Refusal(403, "", "Access was denied to this resource.", {
        members: { detail: `Attribute '${name}' is reserved.` },
      });
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
    if (typeof value === "number" && value > INTEGER_MAX)
      throw new Refusal(400, "", `'${name}' value out of range, must not exceed ${INTEGER_MAX}.`);
  }
  if (actor.isAdmin) return;
  if (attributes.visibility === "public")
    throw new Refusal(403, "", "You are not authorized to complete publicize_image action.");
  if (attributes.owner !== undefined && attributes.owner !== actor.projectId)
    throw new Refusal(403, "", `You are not permitted to create images owned by '${String(attributes.owner)}'.`);
}
