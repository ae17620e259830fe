import type { JsonObject } from "../../client/http/json.ts";

/** A body without a member that it has to have, in the ways in which it can be missing. */
export function absencesOf(member: string, body: JsonObject): readonly { words: string; body: JsonObject }[] {
  const { [member]: _, ...rest } = body;
  return [
    { words: `no ${member}`, body: rest },
    { words: `an empty ${member}`, body: { ...rest, [member]: "" } },
    { words: `${member} null`, body: { ...rest, [member]: null } },
  ];
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
