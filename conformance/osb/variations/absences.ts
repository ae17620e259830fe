import type { SpecMinor } from "../../client/spec-version.ts";
import type { Row } from "./row.ts";
import type { JsonObject } from "../../client/http/json.ts";

/** A body without a required member, in one of the ways in which it can be missing. */
interface Absence {
  readonly words: string;
  readonly body: JsonObject;
  /** It is present, but the id of nothing. */
  readonly isEmpty: boolean;
}

/** A body without a required member, in each of the ways in which it can be missing. */
export function absencesOf(member: string, body: JsonObject): readonly Absence[] {
  const { [member]: _, ...rest } = body;
  return [
    { words: `no ${member}`, body: rest, isEmpty: false },
    { words: `an empty ${member}`, body: { ...rest, [member]: "" }, isEmpty: true },
    { words: `${member} null`, body: { ...rest, [member]: null }, isEmpty: false },
  ];
}

/** From this version on, an id need not be "a non-empty string", but must be the id of something: an empty one is invalid, not missing. */
const EMPTY_IS_INVALID_SINCE: SpecMinor = 14;

/** Bodies without a required id: 400. An empty one may be refused in another way if the version counts it as invalid. */
export function withoutId(member: "service_id" | "plan_id", minor: SpecMinor, body: JsonObject): readonly Row[] {
  return absencesOf(member, body).map(({ words, body: varied, isEmpty }) =>
    isEmpty && minor >= EMPTY_IS_INVALID_SINCE
      ? { words, body: varied, good: ["4xx"], tolerated: ["2xx"], isPermission: true }
      : { words, body: varied, good: [400] },
  );
}

/** A body without each of the members in turn that a platform may leave out, as far as it has them. */
export function withoutEach(
  members: readonly string[],
  body: JsonObject,
): readonly { words: string; body: JsonObject }[] {
  return members
    .filter((member) => body[member] !== undefined)
    .map((member) => {
      const { [member]: _, ...rest } = body;
      return { words: `without ${member}`, body: rest };
    });
}
