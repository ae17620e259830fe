import { LIMITS } from "../state/limits.ts";
import type { Headers } from "../state/state.ts";
import { badRequest } from "./errors.ts";

/** Applies `x-<kind>-meta-*` and `x-remove-<kind>-meta-*` to known metadata; an empty value removes. @throws Refusal 400 over the limits */
export function mergeMetadata(known: Headers, headers: Headers, kind: "account" | "container"): Headers {
  const merged: Record<string, string> = { ...known };
  const prefix = `x-${kind}-meta-`;
  const isKept = (name: string): boolean =>
    name.startsWith(prefix) ||
    (kind === "container" &&
      (name === "x-container-read" || name === "x-container-write" || name === "x-container-sync-key"));
  checkMetadata(headers, prefix);
  for (const [name, value] of Object.entries(headers)) {
    const removed = name.startsWith("x-remove-") ? `x-${name.slice("x-remove-".length)}` : undefined;
    if (removed !== undefined && isKept(removed)) delete merged[removed];
    if (!isKept(name)) continue;
    if (value === "") delete merged[name];
    else merged[name] = value;
  }
  return merged;
}

/** Checks that metadata keeps within the limits. @throws Refusal 400 */
export function checkMetadata(headers: Headers, prefix: string): void {
  const items = Object.entries(headers).filter(([name]) => name.startsWith(prefix));
  for (const [header, value] of items) checkItem(header, header.slice(prefix.length), value);
  if (items.length > LIMITS.max_meta_count) throw badRequest(`Too many metadata items; max ${LIMITS.max_meta_count}`);
  const bytes = items.reduce(
    (sum, [header, value]) => sum + header.length - prefix.length + Buffer.byteLength(value),
    0,
  );
  if (bytes > LIMITS.max_meta_overall_size)
    throw badRequest(`Total metadata too large; max ${LIMITS.max_meta_overall_size}`);
}

function checkItem(header: string, name: string, value: string): void {
  if (name === "") throw badRequest("Metadata name cannot be empty");
  if (name.length > LIMITS.max_meta_name_length) throw badRequest(`Metadata name too long: ${header}`);
  if (Buffer.byteLength(value) > LIMITS.max_meta_value_length)
    throw badRequest(`Metadata value longer than ${LIMITS.max_meta_value_length}: ${header}`);
}

/** Headers that are stored with an object, besides its metadata. */
const KEPT = [
  "content-disposition",
  "content-encoding",
  "x-object-manifest",
  "cache-control",
  "content-language",
  "expires",
];

/** Whether it is a header of an object's own metadata. */
export const isObjectMetadata = (name: string): boolean => name.startsWith("x-object-meta-");

/** The request headers that are stored with an object. */
export const objectMetadata = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => isObjectMetadata(name) || KEPT.includes(name)));
