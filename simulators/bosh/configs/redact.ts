import { isHash } from "./fields.ts";

/*
 * Redacts documents for callers without the right to see everything: no values of properties, no credentials
 * in addresses (redactor.rb in bosh-director).
 */

const HIDDEN_KEYS = ["properties", "bosh"];
const HIDDEN = "<redacted>";

/** A copy of a document without its secrets. */
export function redactCopy(document: unknown): unknown {
  const copy = hideKnown(document);
  if (!isHash(copy) || !Array.isArray(copy.releases)) return copy;
  return { ...copy, releases: copy.releases.map(hideCredentials) };
}

function hideKnown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hideKnown);
  if (!isHash(value)) return value;
  const entries = Object.entries(value).map(([key, each]) => [
    key,
    HIDDEN_KEYS.includes(key) && isHash(each) ? hideAll(each) : hideKnown(each),
  ]);
  return Object.fromEntries(entries);
}

function hideAll(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hideAll);
  if (isHash(value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, hideAll(each)]));
  return HIDDEN;
}

function hideCredentials(release: unknown): unknown {
  if (!isHash(release) || typeof release.url !== "string") return release;
  const [, user, password] = /^\w+:\/\/([^/@:]+)(?::([^/@]*))?@/.exec(release.url) ?? [];
  if (user === undefined) return release;
  const hidden = release.url.replace(user, HIDDEN);
  return { ...release, url: password === undefined || password === "" ? hidden : hidden.replace(password, HIDDEN) };
}
