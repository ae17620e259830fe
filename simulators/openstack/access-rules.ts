import { CATALOG, type ServiceName } from "./catalog.ts";
import type { CloudProfile } from "./cloud.ts";
import type { Actor } from "./operations/identity.ts";

/*
 * Whether the middleware in front of a service admits a token that is limited to certain requests (keystonemiddleware, access rules).
 */

/** Other names of a service's type that a rule may use (service-types-authority). */
const ALIASES: Partial<Readonly<Record<ServiceName, readonly string[]>>> = {
  cinder: ["volumev3", "block-storage", "block-store", "volume"],
};

const typesOf = (name: ServiceName): readonly string[] =>
  ALIASES[name] ?? Object.entries(CATALOG).flatMap(([type, entry]) => (entry.name === name ? [type] : []));

/** `*` and `{name}` stand for one segment of a path, `**` for any number. */
function matchesPath(pattern: readonly string[], path: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return path.length === 0;
  if (first === "**") return rest.length === 0 || path.some((_segment, at) => matchesPath(rest, path.slice(at)));
  if (path.length === 0) return false;
  const isAny = first === "*" || /^\{[^{}]+\}$/.test(first);
  return (isAny || first === path[0]) && matchesPath(rest, path.slice(1));
}

/**
 * Whether the caller's token may make the request. Keystone itself does not ask. The recorded services do not know their own types
 * (`service_type`), and so refuse every token that has rules.
 */
export function isWithinRules(
  { accessRules }: Actor,
  profile: CloudProfile,
  name: ServiceName,
  { method, path }: { readonly method: string; readonly path: string },
): boolean {
  if (accessRules === undefined || name === "keystone") return true;
  if (profile === "rig") return false;
  const types = typesOf(name);
  return accessRules.some(
    (rule) =>
      types.includes(rule.service ?? "") &&
      rule.method === method &&
      matchesPath((rule.path ?? "").split("/"), path.split("/")),
  );
}
