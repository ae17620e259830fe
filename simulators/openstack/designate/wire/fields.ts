import { repr } from "../../python/index.ts";
import { invalidValue } from "./errors.ts";

/*
 * Fields of zones and recordsets, as Designate's objects convert and refuse them.
 */

const DOMAIN = /^(?!.{255,})(?:(?!-)[A-Za-z0-9_-]{1,63}(?<!-)\.)+$/;
const HOST = /^(?!.{255,})(?:(?:^\*|(?!-)[A-Za-z0-9_-]{1,63})(?<!-)\.)+$/;
const EMAIL = /^[^@\s]+@[A-Za-z0-9._-]+$/;

const TTL_MAX_S = 2_147_483_647;
const EMAIL_LENGTH_MAX = 255;
const DESCRIPTION_LENGTH_MAX = 160;

/** Whether a text is a domain with its final dot. */
export const isDomain = (text: string | undefined): boolean => text !== undefined && DOMAIN.test(text);

/** A domain with its final dot. @throws Refusal 400 */
export function domain(value: unknown): string {
  const name = String(value);
  if (!name.endsWith(".")) throw invalidValue(`Domain ${name} does not end with a dot`);
  if (!isDomain(name)) throw invalidValue(`Domain ${name} is invalid`);
  return name;
}

/** A domain whose first label may be `*`. @throws Refusal 400 */
export function host(value: unknown): string {
  const name = String(value);
  if (!name.endsWith(".")) throw invalidValue(`Host name ${name} does not end with a dot`);
  if (!HOST.test(name)) throw invalidValue(`Host name ${name} is invalid`);
  return name;
}

/** @throws Refusal 400 */
export function email(value: unknown): string {
  const text = String(value);
  if (!EMAIL.test(text) || text.length > EMAIL_LENGTH_MAX) throw invalidValue(`${text} is not an email`);
  return text;
}

/** A whole number as Python's `int()` reads it. @throws Refusal 400 */
export function integer(value: unknown): number {
  const text = typeof value === "boolean" ? String(Number(value)) : String(value).trim();
  if (!/^[+-]?\d+$/.test(text)) throw invalidValue(`invalid literal for int() with base 10: ${repr(String(value))}`);
  return Number(text);
}

/** Seconds, or null. @throws Refusal 400 */
export function ttl(value: unknown): number | null {
  if (value === null) return null;
  const seconds = integer(value);
  if (seconds < 0) throw invalidValue("Value must be >= 0 for field ttl");
  if (seconds > TTL_MAX_S) throw invalidValue(`Value must be <= ${TTL_MAX_S} for field ttl`);
  return seconds;
}

/** @throws Refusal 400 */
export function description(value: unknown): string | null {
  if (value === null) return null;
  const text = String(value);
  if (text.length > DESCRIPTION_LENGTH_MAX) throw invalidValue("Value is too long for field description");
  return text;
}
