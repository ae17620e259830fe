import { isObject, type JsonObject } from "../client/http/json.ts";
import { type Offer, requires, schemaOf, type SchemaUse } from "../client/catalog.ts";
import { differentFrom, minimalFor } from "../client/schema.ts";
import { type PlanParameters, parametersFor } from "../runner/parameters.ts";
import type { RunContext } from "../runner/suite.ts";
import { planIds, provisionBody } from "../client/request.ts";
import type { SpecMinor } from "../client/spec-version.ts";

/** The context of Cloud Foundry, each member with the version that introduced it (profile.md, "Cloud Foundry Context Object"). */
const CONTEXT: readonly (readonly [since: SpecMinor, name: string, value: string])[] = [
  [11, "platform", "cloudfoundry"],
  [11, "organization_guid", "1f0c7f0e-6f0c-4bb5-9d6e-3f9bb1f9a001"],
  [15, "organization_name", "drydock"],
  [11, "space_guid", "1f0c7f0e-6f0c-4bb5-9d6e-3f9bb1f9a002"],
  [15, "space_name", "conformance"],
  [15, "instance_name", "drydock-instance"],
];

/** The first versions whose requests have a context: those of provisions and updates, and those of binds. */
const CONTEXT_SINCE: SpecMinor = 12;
const BIND_CONTEXT_SINCE: SpecMinor = 13;

/** Parameters from drydock.yml, else the least that a published schema demands. */
export function parametersOf(run: RunContext, offer: Offer, use: keyof PlanParameters): JsonObject | undefined {
  const given = parametersFor(run.file, offer, use);
  if (given !== undefined) return given;
  const schema = schemaOf(offer, use === "provision" ? "create" : use);
  const minimal = schema === undefined ? undefined : minimalFor(schema);
  return minimal !== undefined && Object.keys(minimal).length > 0 ? minimal : undefined;
}

/** The context of requests: Cloud Foundry's, as far as the version has it, merged with that of drydock.yml. */
export function contextOf({ minor, file }: Pick<RunContext, "minor" | "file">): JsonObject {
  const known = CONTEXT.filter(([since]) => since <= minor).map(([, name, value]) => [name, value] as const);
  return { ...Object.fromEntries(known), ...file.context };
}

/** A context as a member of a request, if the version has it there. */
const contextMember = (run: RunContext, since: SpecMinor): JsonObject =>
  run.minor >= since ? { context: contextOf(run) } : {};

/** The body of an ordinary provision. */
export function provisionBodyFor(run: RunContext, offer: Offer): JsonObject {
  const { context: _, ...body } = provisionBody(offer, contextOf(run), parametersOf(run, offer, "provision"));
  return { ...body, ...contextMember(run, CONTEXT_SINCE) };
}

/** The body of an ordinary bind: with the deprecated `app_guid` beside `bind_resource`, as Cloud Foundry sends it. */
export function bindBodyFor(run: RunContext, offer: Offer): JsonObject {
  const parameters = parametersOf(run, offer, "bind");
  return {
    ...planIds(offer),
    ...contextMember(run, BIND_CONTEXT_SINCE),
    ...applicationFor(offer),
    ...(parameters === undefined ? {} : { parameters }),
  };
}

const APP_GUID = "1f0c7f0e-6f0c-4bb5-9d6e-3f9bb1f9a003";

function applicationFor(offer: Offer): JsonObject {
  return requires(offer, "route_forwarding")
    ? { bind_resource: { route: "drydock.example.com" } }
    : { app_guid: APP_GUID, bind_resource: { app_guid: APP_GUID } };
}

/** The body of a bind without its application. */
export function withoutApp(body: JsonObject): JsonObject {
  const { app_guid: _, bind_resource: _resource, ...rest } = body;
  return rest;
}

/** The previous values in an update, as Cloud Foundry sends them: with deprecated members. */
export function previousValues(run: RunContext, { service, plan }: Offer): JsonObject {
  const { organization_guid: organization = "", space_guid: space = "" } = contextOf(run);
  return { plan_id: plan.id, service_id: service.id, organization_id: organization, space_id: space };
}

/** The body of an update that asks for `change`, for an instance of this plan. */
export function updateBodyFor(run: RunContext, offer: Offer, change: JsonObject): JsonObject {
  return { service_id: offer.service.id, ...contextMember(run, CONTEXT_SINCE), ...change };
}

/** How the parameters of a request could be different and still valid. */
export function otherParameters(run: RunContext, offer: Offer, use: SchemaUse): JsonObject | undefined {
  const schema = schemaOf(offer, use);
  if (schema === undefined || !isObject(schema)) return undefined;
  return differentFrom(schema, parametersOf(run, offer, use === "create" ? "provision" : use) ?? {});
}
