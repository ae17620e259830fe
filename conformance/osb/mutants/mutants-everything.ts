import type { Json } from "../../client/http/json.ts";
import type { Operation } from "../../client/answer.ts";
import { alter, type Change, drop, ENDPOINTS, header, is, keyOf, type Middleware, type Mutant, mutant, operationOf, sentOf, set, success, text, type When } from "./mutant.ts";
import { hasUnfitting, isKnown, lacks } from "./when.ts";
import { jsonOf, reply, type WireRequest } from "./wire.ts";

const isRefusal = (status: number): boolean => status >= 400 && status < 500;
const IDENTITY = "x-broker-api-request-identity";

const without =
  (name: string): Change =>
  (response) => ({
    ...response,
    headers: Object.fromEntries(Object.entries(response.headers).filter(([each]) => each !== name)),
  });

const error = (operations: readonly Operation[], name: string, value: Json): Middleware =>
  alter(operations, isRefusal, set(name, value));

/** Does what it says that it refuses, with the request mended. */
const doAnyway =
  (operation: Operation, when: When, mend: (body: Readonly<Record<string, Json>>) => Json): Middleware =>
  async (request, next, memory) => {
    if (operationOf(request) !== operation || !when(request, memory)) return next(request);
    const { headers } = await next({ ...request, text: JSON.stringify(mend(sentOf(request))) });
    return { ...reply(400, { error: "BadRequest", description: "It is not done." }), headers };
  };

/** Operation strings that a URL has to encode. */
const reserved: Middleware = async (request, next, memory) => {
  const { operation, ...query } = request.query;
  const own = operation?.replace(/^jobs\//, "");
  const response = await next({ ...request, query: own === undefined ? query : { ...query, operation: own } });
  const told = jsonOf(response)["operation"];
  return typeof told === "string" ? set("operation", `jobs/${told}`)(response, request, memory) : response;
};

/** Remembers which creations were refused, and breaks on their deletion. */
const forgetful: Middleware = async (request, next, memory) => {
  const key = `refused ${keyOf(request)}`;
  if (operationOf(request) === "deprovision" && memory.facts.has(key) && !isKnown(request, memory)) {
    return reply(404, { error: "NotFound", description: "There is no such instance." }, echoed(request));
  }
  const response = await next(request);
  if (operationOf(request) === "provision" && isRefusal(response.status)) memory.facts.set(key, true);
  return response;
};

const echoed = ({ headers }: WireRequest): Record<string, string> =>
  headers[IDENTITY] === undefined ? {} : { [IDENTITY]: headers[IDENTITY] };

/** The catalog takes its time. */
const slow: Middleware = async (request, next, memory) => {
  const response = await next(request);
  if (operationOf(request) === "catalog" && response.status === 200) memory.passMs(40_000);
  return response;
};

/** In the 202 there is only the operation, in the 201 everything. */
const bareAcceptance: Middleware = alter(["provision"], is(202), drop("dashboard_url"));

export const everythingMutants: readonly Mutant[] = [
  mutant(
    "error-appropriate-status",
    "Says 201 and that it failed, in one answer.",
    alter(["provision"], is(201), set("error", "OutOfDisk")),
  ),
  mutant(
    "error-appropriate-status",
    "Takes a bad update for a mistake of its own.",
    alter(["update"], is(400), (response) => ({ ...response, status: 500 })),
    {
      id: "breaks-on-bad-updates",
      also: [
        "update-missing-service-id-400",
        "update-malformed-400",
        "update-invalid-service-id",
        "update-invalid-plan-id",
        "update-parameters-validated",
      ],
    },
  ),
  mutant("error-code-nonempty", "The error code of a 404 is empty.", error(["fetch-instance"], "error", "")),
  mutant("error-code-nonempty", "The error code of a 404 is a number.", error(["fetch-instance"], "error", 404), {
    id: "numbers-for-error-codes",
  }),
  mutant("error-code-single-word", "Error codes are sentences.", error(["fetch-instance"], "error", "Not found")),
  mutant("error-description-nonempty", "A description says nothing.", error(["fetch-instance"], "description", "")),
  mutant(
    "error-instance-usable-type",
    "A refused update calls the instance usable in words.",
    error(["update"], "instance_usable", "yes"),
  ),
  mutant(
    "error-instance-usable-scope",
    "A refused provision calls the instance usable.",
    error(["provision"], "instance_usable", true),
  ),
  mutant(
    "error-update-repeatable-type",
    "A refused update calls itself repeatable in words.",
    error(["update"], "update_repeatable", "yes"),
  ),
  mutant(
    "error-update-repeatable-scope",
    "A refused deprovision says whether an update may be repeated.",
    error(["deprovision"], "update_repeatable", true),
  ),
  mutant("error-legacy-json-object-bodies", "A 410 has no body.", alter(["deprovision"], is(410), text("")), {
    minor: 13,
  }),
  mutant(
    "response-content-type-json",
    "The catalog declares itself to be text.",
    alter(["catalog"], is(200), header("content-type", "text/plain")),
  ),
  mutant(
    "request-identity-echoed",
    "Errors lack the identity of the request.",
    alter(ENDPOINTS, isRefusal, without(IDENTITY)),
  ),
  mutant(
    "request-identity-echoed",
    "Answers name the identity of another request.",
    alter(ENDPOINTS, success, header(IDENTITY, "5f0b4c8e-2222-4000-8000-000000000001")),
    { id: "echoes-another-identity" },
  ),
  mutant(
    "vendor-response-fields-prefixed",
    "A fetched instance has a member of the vendor's own without a prefix.",
    alter(["fetch-instance"], is(200), set("backups", [])),
  ),
  mutant("url-ids-unreserved", "Operation strings contain a slash.", reserved, { mode: "async" }),
  mutant(
    "broker-well-formed-success-bodies",
    "A fetched instance is cut off in the middle.",
    alter(["fetch-instance"], is(200), (response) => ({ ...response, text: response.text.slice(0, 20) })),
  ),
  mutant("respond-promptly", "The catalog takes 40 seconds.", slow),
  mutant(
    "error-4xx-no-change",
    "Refuses a provision without an organization, and carries it out.",
    doAnyway("provision", lacks("organization_guid"), (body) => ({ ...body, organization_guid: "drydock" })),
  ),
  mutant(
    "error-4xx-no-change",
    "Refuses a bind whose parameters do not fit, and carries it out without them.",
    doAnyway("bind", hasUnfitting("bind"), (body) => ({ ...body, parameters: {} })),
    { id: "binds-what-it-refuses" },
  ),
  mutant("async-legacy-202-body-like-sync", "A 201 names the dashboard, a 202 does not.", bareAcceptance, {
    mode: "mixed",
    minor: 13,
  }),
  mutant(
    "orphan-broker-knows-only-platform-resources",
    "Breaks on the deletion of what it refused to make.",
    forgetful,
  ),
];
