import { isObject, type JsonObject } from "../../client/http/json.ts";
import { alter, header, is, keyOf, type Memory, type Middleware, type Mutant, mutant, pretend, refuse, rewrite, sentOf, status, type When } from "./mutant.ts";
import { replaced } from "./replaced.ts";
import { jsonOf, type WireRequest } from "./wire.ts";
import { all, asks, isKnown, not } from "./when.ts";

const says =
  (word: string): When =>
  (request) =>
    request.text.includes(word);
const sendsHeader =
  (name: string): When =>
  ({ headers }) =>
    headers[name] !== undefined;
const spells =
  (name: string): When =>
  ({ headerNames }) =>
    headerNames.includes(name);
const hasInside =
  (owner: string, member: string): When =>
  (request) => {
    const inside = sentOf(request)[owner];
    return isObject(inside) && inside[member] !== undefined;
  };

const IDENTITY = "x-broker-api-originating-identity";
const VERSION = "x-broker-api-version";
const isOtherMajor: When = ({ headers }) => !(headers[VERSION] ?? "2.").startsWith("2.");
const hasPlatform =
  (name: string): When =>
  ({ headers }) =>
    headers[IDENTITY]?.startsWith(name) === true;
const isTyped =
  (type: string | undefined): When =>
  ({ headers }) =>
    headers["content-type"] === type;
const isAuthorized: When = ({ headers }, { authorization }) => headers["authorization"] === authorization;
const isOdd: When = ({ path }) => /[ /]/.test(path[2] ?? "");

/** Cuts instance ids short where they become unusual. */
const shorten = (request: WireRequest): WireRequest => ({
  ...request,
  path: request.path.map((part, at) => (at === 2 ? part.replace(/[ /].*$/, "") : part)),
});

const flagged = (request: WireRequest): WireRequest => ({
  ...request,
  query: { ...request.query, accepts_incomplete: "true" },
});

/** Whether it happens for the first time with this instance or binding. */
const once =
  (fact: string): When =>
  (request, { facts }) => {
    const key = `${fact} ${keyOf(request)}`;
    if (facts.has(key)) return false;
    facts.set(key, true);
    return true;
  };

const rereads = (memory: Memory): number => {
  const count = Number(memory.facts.get("reads") ?? 0) + 1;
  memory.facts.set("reads", count);
  return count;
};

/** From the second reading on, what the catalog says at a path is something else. */
const later =
  (path: readonly (string | number)[], to: string | undefined): Middleware =>
  async (request, next, memory) => {
    const isLater = request.path[1] === "catalog" && rereads(memory) > 1;
    const response = await next(request);
    if (!isLater || response.status !== 200) return response;
    return { ...response, text: JSON.stringify(replaced(jsonOf(response), path, to)) };
  };

const unknownVersion: JsonObject = { error: "VersionNotSupported" };

/** Defects in how unusual but right requests are taken. */
export const requestMutants: readonly Mutant[] = [
  mutant(
    "minor-version-fields-ignored",
    "Refuses members of the context that a later version brought.",
    refuse(["provision", "bind"], says("_annotations")),
  ),
  mutant(
    "api-version-unsupported-412",
    "Breaks on a version that it does not know.",
    pretend(["catalog"], isOtherMajor, 500, unknownVersion),
  ),
  mutant(
    "api-version-unsupported-message",
    "Refuses a version without a word.",
    pretend(["catalog"], isOtherMajor, 412, unknownVersion),
  ),
  mutant(
    "api-version-missing-400",
    "Breaks when no version is given.",
    pretend(["catalog"], not(sendsHeader(VERSION)), 500),
  ),
  mutant(
    "api-version-header-case-insensitive",
    "Knows the version header in one spelling only.",
    refuse(["catalog"], spells(VERSION), 412),
  ),
  mutant(
    "originating-identity-optional-on-non-user-requests",
    "Breaks on the deletion of an unknown instance when nobody is named who wants it.",
    pretend(
      ["deprovision"],
      all(not(isKnown), not(sendsHeader(IDENTITY)), (request, { pending }) => !pending.has(keyOf(request))),
      500,
    ),
    {
      also: [
        "deprovision-410-unknown",
        "orphan-delete-after-5xx-provision",
        "orphan-broker-knows-only-platform-resources",
        "error-appropriate-status",
      ],
    },
  ),
  mutant(
    "originating-identity-accepted",
    "Refuses requests that name a user.",
    refuse(["provision", "bind"], sendsHeader(IDENTITY)),
  ),
  mutant(
    "originating-identity-accepted",
    "Refuses users of Kubernetes.",
    refuse(["provision", "bind"], hasPlatform("kubernetes")),
    { id: "no-kubernetes-users" },
  ),
  mutant(
    ["vendor-request-fields-do-not-halt", "vendor-request-fields-ignored"],
    "Refuses to provision with unknown members.",
    refuse(["provision"], hasInside("context", "drydock_ext"), 400),
    { also: ["context-accepted"] },
  ),
  mutant(
    "vendor-request-fields-do-not-halt",
    "Refuses to bind with unknown members.",
    refuse(["bind"], says("ignore me")),
    { id: "no-unknown-members-of-bindings" },
  ),
  mutant(
    "vendor-request-fields-do-not-halt",
    "Refuses to update with unknown members.",
    refuse(["update"], hasInside("previous_values", "drydock_ext")),
    { id: "no-unknown-members-of-updates" },
  ),
  mutant(
    "vendor-request-fields-ignored",
    "Takes an unknown member for a difference: the same provision with one is a conflict.",
    refuse(["provision"], all(isKnown, says("ignore me")), 409),
  ),
  mutant("context-accepted", "Serves Cloud Foundry alone.", refuse(["provision"], says('"platform":"kubernetes"'))),
  mutant(
    "context-accepted",
    "Refuses unknown members of a context when it binds.",
    refuse(["bind"], all(hasInside("context", "drydock_ext"), not(says("ignore me")))),
    { id: "no-unknown-members-of-contexts" },
  ),
  mutant(
    "request-content-type-missing-tolerated",
    "Answers 415 to a body without a content type.",
    pretend(["provision"], isTyped(undefined), 415),
  ),
  mutant(
    "request-content-type-mismatch-400",
    "Answers 415 to a body of another type.",
    pretend(["provision"], isTyped("text/plain"), 415),
  ),
  mutant(
    "request-content-type-mismatch-400",
    "Breaks on a body of another type.",
    pretend(["provision"], isTyped("text/plain"), 500),
    { id: "breaks-on-other-types", also: ["error-appropriate-status"] },
  ),
  mutant("url-no-charset-restriction", "Breaks on ids with a blank or a slash.", pretend(["provision"], isOdd, 500), {
    also: ["error-appropriate-status"],
  }),
  mutant("url-no-charset-restriction", "Ends an id at a blank or a slash.", (request, next) => next(shorten(request)), {
    id: "cuts-ids-short",
  }),
  mutant(
    "async-needs-accepts-incomplete",
    "Takes its time whether or not the platform can wait.",
    rewrite(["provision", "update", "deprovision", "bind", "unbind"], not(asks("accepts_incomplete")), flagged),
    { mode: "async", also: ["*-accepts-incomplete-422"] },
  ),
  mutant(
    "async-needs-accepts-incomplete",
    "Unbinds asynchronously whether or not the platform can wait.",
    rewrite(["unbind"], not(asks("accepts_incomplete")), flagged),
    { id: "unbinds-later-unasked", mode: "async", also: ["unbind-accepts-incomplete-422"] },
  ),
  mutant(
    "async-needs-accepts-incomplete",
    "Deprovisions asynchronously whether or not the platform can wait.",
    rewrite(["deprovision"], not(asks("accepts_incomplete")), flagged),
    { id: "deprovisions-later-unasked", mode: "async", also: ["deprovision-accepts-incomplete-422"] },
  ),
  mutant(
    "async-when-not-guaranteed",
    "Says 201 before the instance is ready: the first fetch does not find it.",
    refuse(["fetch-instance"], all(isKnown, isAuthorized, once("fetch")), 404),
    { also: ["fetch-instance-supported", "fetch-instance-query-hints-optional"] },
  ),
  mutant("catalog-etag", "The ETag is not quoted.", alter(["catalog"], is(200), header("etag", "memory-1"))),
  mutant(
    "catalog-etag",
    "Breaks when asked whether the catalog has changed.",
    pretend(["catalog"], sendsHeader("if-none-match"), 500),
    { id: "breaks-on-if-none-match" },
  ),
  mutant(
    "catalog-if-modified-since",
    "The time of the last change is not a time.",
    alter(["catalog"], is(200), header("last-modified", "yesterday")),
  ),
  mutant(
    "catalog-if-modified-since",
    "Breaks when asked whether the catalog has changed since.",
    pretend(["catalog"], sendsHeader("if-modified-since"), 500),
    { id: "breaks-on-if-modified-since" },
  ),
  mutant(
    "catalog-ids-stable",
    "A plan has another id each time that the catalog is made.",
    later(["services", 0, "plans", "last", "id"], "5f0b4c8e-0000-4000-8000-000000000999"),
  ),
  mutant("catalog-200", "The catalog comes with 203.", alter(["catalog"], is(200), status(203))),
  mutant("catalog-services-required", "The catalog is empty when read again.", later(["services"], undefined)),
];
