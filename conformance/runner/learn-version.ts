import { type Json, isArray, isObject } from "../client/http/json.ts";
import type { Answer } from "../client/answer.ts";
import type { OsbClient } from "../client/osb-client.ts";
import { NEWEST_MINOR, type SpecMinor } from "../client/spec-version.ts";

/** Catalog members by the version that brought them: a broker that sends one knows that version. */
const BROUGHT_BY: readonly (readonly [SpecMinor, readonly string[]])[] = [
  [17, ["binding_rotatable"]],
  [15, ["maintenance_info", "maximum_polling_duration", "allow_context_updates"]],
  [14, ["instances_retrievable", "bindings_retrievable"]],
  [13, ["schemas"]],
];

interface LearntVersion {
  readonly minor: SpecMinor;
  /** Why, in a sentence. */
  readonly reason: string;
}

function namesIn(value: Json | undefined, depth = 0): string[] {
  if (isArray(value)) return value.flatMap((item) => namesIn(item, depth + 1));
  if (!isObject(value) || depth > 6) return [];
  return Object.entries(value).flatMap(([name, item]) =>
    name === "metadata" ? [] : [name, ...(name === "services" || name === "plans" ? namesIn(item, depth + 1) : [])],
  );
}

function newestMember(catalog: Answer): readonly [SpecMinor, string] | undefined {
  const names = new Set(namesIn(catalog.json));
  for (const [minor, members] of BROUGHT_BY) {
    const member = members.find((each) => names.has(each));
    if (member !== undefined) return [minor, member];
  }
  return undefined;
}

/**
 * Which version a broker behaves like: 2.17, unless it refuses that version or answers the poll of an unknown instance in the
 * way of the versions before 2.16; never less than the newest member that its catalog uses.
 */
export async function learnVersion(platform: OsbClient, catalog: Answer): Promise<LearntVersion> {
  const newest = platform.settings.minor;
  if (newest < NEWEST_MINOR) {
    return {
      minor: newest,
      reason: `The broker is taken for 2.${newest}: it refuses newer versions (--profile overrides).`,
    };
  }
  const said = newestMember(catalog);
  const poll = await platform.send("poll-instance", { instanceId: platform.newId() });
  const upper: SpecMinor = poll.status === 404 ? NEWEST_MINOR : 15;
  const why = `it answers ${poll.status} to the poll of an unknown instance`;
  if (said !== undefined && said[0] > upper) {
    return {
      minor: said[0],
      reason: `The broker is taken for 2.${said[0]}: its catalog uses ${said[1]} (--profile overrides).`,
    };
  }
  return { minor: upper, reason: `The broker behaves like 2.${upper}: ${why} (--profile overrides).` };
}
