import type { Json, JsonObject } from "../../client/http/json.ts";
import type { SpecMinor } from "../../client/spec-version.ts";
import type { Row } from "./row.ts";

/** A member of a request, with a value of another JSON type than the specification gives it. */
interface WrongType {
  readonly member: string;
  readonly value: Json;
  /** The version that introduced the member there. Default: all versions have it. */
  readonly since?: SpecMinor;
  /** A broker that has no use for the member need not look at it. Default: every broker must read it. */
  readonly isUnread?: boolean;
}

const SERVICE_ID: WrongType = { member: "service_id", value: 1 };
const PARAMETERS: readonly WrongType[] = [
  { member: "parameters", value: "text" },
  { member: "parameters", value: ["text"] },
];
const MAINTENANCE: WrongType = { member: "maintenance_info", value: "1.0.0", since: 15, isUnread: true };

/** Every member of the requests that have a body, each with values of wrong types. */
const WRONG_TYPES: Readonly<Record<"provision" | "update" | "bind", readonly WrongType[]>> = {
  provision: [
    SERVICE_ID,
    { member: "plan_id", value: true },
    ...PARAMETERS,
    { member: "context", value: "text", since: 12, isUnread: true },
    { member: "organization_guid", value: 1, isUnread: true },
    { member: "space_guid", value: ["text"], isUnread: true },
    MAINTENANCE,
  ],
  update: [
    SERVICE_ID,
    { member: "plan_id", value: 1 },
    ...PARAMETERS,
    { member: "context", value: "text", since: 12, isUnread: true },
    { member: "previous_values", value: "text", isUnread: true },
    MAINTENANCE,
  ],
  bind: [
    SERVICE_ID,
    { member: "plan_id", value: true },
    ...PARAMETERS,
    { member: "context", value: "text", since: 13, isUnread: true },
    { member: "bind_resource", value: "text", isUnread: true },
    { member: "app_guid", value: 1, isUnread: true },
  ],
};

/** A request that is malformed in one member. */
interface Malformed {
  readonly member: string;
  readonly words: string;
  readonly body: JsonObject;
  /** Whether a broker may ignore the member, and so its mistake. */
  readonly isUnread: boolean;
}

/**
 * Requests with one member of a wrong type each, and how they may be answered: 400, or 2xx if the member need not be read. 422 is worth a warning.
 */
export function typedRows(operation: keyof typeof WRONG_TYPES, minor: SpecMinor, body: JsonObject): readonly Row[] {
  return wronglyTyped(operation, minor, body).map(({ words, body: malformed, isUnread }) => ({
    words,
    body: malformed,
    good: isUnread ? [400, "2xx"] : [400],
    tolerated: [422],
  }));
}

/** Those with wrong parameters, for a second plan: the way of refusing is judged on the first plan, the refusal itself on each. */
export function parameterRows(operation: keyof typeof WRONG_TYPES, minor: SpecMinor, body: JsonObject): readonly Row[] {
  return wronglyTyped(operation, minor, body)
    .filter(({ member }) => member === "parameters")
    .map(({ words, body: malformed }) => ({ words, body: malformed, good: ["4xx"] }));
}

/** A body with each of its members in turn of a wrong type, if the version has the member. */
function wronglyTyped(operation: keyof typeof WRONG_TYPES, minor: SpecMinor, body: JsonObject): readonly Malformed[] {
  return WRONG_TYPES[operation]
    .filter(({ since = 11 }) => since <= minor)
    .map(({ member, value, isUnread = false }) => ({
      member,
      words: `${member} ${JSON.stringify(value)}`,
      body: { ...body, [member]: value },
      isUnread,
    }));
}
