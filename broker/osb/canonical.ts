import { isObject } from "../json.ts";

/** The same text for equal JSON values, whatever the order of their members. Members that are undefined do not count. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (isObject(value)) {
    const members = Object.keys(value)
      .sort()
      .filter((key) => value[key] !== undefined)
      .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value ?? null);
}

/** Members of a context that identify the owner (profile.md of the specification); names and annotations may change. */
const OWNER = ["platform", "organization_guid", "space_guid", "namespace", "clusterid"] as const;

/** The owner of an instance or a binding, as one text. Organization and space default to those of the context. */
export const ownerOf = (
  context: Readonly<Record<string, unknown>>,
  organization = context.organization_guid,
  space = context.space_guid,
): string =>
  canonical({ organization, space, context: Object.fromEntries(OWNER.map((name) => [name, context[name]])) });
