import { badRequest } from "../errors.ts";
import type { OperationContext } from "../operations/context.ts";

const ID_CHARS_MAX = 100;

/** Whether a value can be an id. Ids name records, objects and groups, so each must be usable in a path unescaped. */
export const isId = (value: unknown): value is string =>
  typeof value === "string" && value.length <= ID_CHARS_MAX && /^[A-Za-z0-9][A-Za-z0-9._~-]*$/.test(value);

/** Checks the id that a platform has chosen, and returns it. @throws OsbError 400 */
export function checkId(id: string): string {
  if (id.length > ID_CHARS_MAX) throw badRequest(`The id is longer than ${ID_CHARS_MAX} characters.`);
  if (!isId(id)) throw badRequest("The id holds characters that are not allowed.");
  return id;
}

/** Random bytes as hexadecimal digits, two a byte. */
export const randomHex = ({ host }: Pick<OperationContext, "host">, bytes: number): string =>
  Buffer.from(host.randomBytes(bytes)).toString("hex");

/** A new UUID of version 4. */
export function newId(context: Pick<OperationContext, "host">): string {
  const digits = randomHex(context, 16);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20)}`;
}
