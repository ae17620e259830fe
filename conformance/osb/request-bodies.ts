import { isObject, type JsonObject } from "../client/http/json.ts";
import { type Offer, schemaOf, type SchemaUse } from "../client/catalog.ts";
import { differentFrom, minimalFor } from "../client/schema.ts";
import { type PlanParameters, parametersFor } from "../runner/parameters.ts";
import type { RunContext } from "../runner/suite.ts";
import { provisionBody } from "../client/request.ts";

const HEADER_CONTEXT: JsonObject = {
  platform: "cloudfoundry",
  organization_guid: "1f0c7f0e-6f0c-4bb5-9d6e-3f9bb1f9a001",
  organization_name: "drydock",
  space_guid: "1f0c7f0e-6f0c-4bb5-9d6e-3f9bb1f9a002",
  space_name: "conformance",
  instance_name: "drydock-instance",
};

/** Parameters from drydock.yml, else the least that a published schema demands. */
export function parametersOf(run: RunContext, offer: Offer, use: keyof PlanParameters): JsonObject | undefined {
  const given = parametersFor(run.file, offer, use);
  if (given !== undefined) return given;
  const schema = schemaOf(offer, use === "provision" ? "create" : use);
  const minimal = schema === undefined ? undefined : minimalFor(schema);
  return minimal !== undefined && Object.keys(minimal).length > 0 ? minimal : undefined;
}

/** The context of requests: of Cloud Foundry, with what drydock.yml says merged in. */
export function contextOf(run: RunContext): JsonObject {
  return { ...HEADER_CONTEXT, ...run.file.context };
}

/** The body of an ordinary provision. */
export function provisionBodyFor(run: RunContext, offer: Offer): JsonObject {
  return provisionBody(offer, contextOf(run), parametersOf(run, offer, "provision"));
}

/** The body of an ordinary bind. */
export function bindBodyFor(run: RunContext, offer: Offer): JsonObject {
  const parameters = parametersOf(run, offer, "bind");
  return {
    service_id: offer.service.id,
    plan_id: offer.plan.id,
    context: contextOf(run),
    bind_resource: bindResourceFor(offer),
    ...(parameters === undefined ? {} : { parameters }),
  };
}

const APP_GUID = "1f0c7f0e-6f0c-4bb5-9d6e-3f9bb1f9a003";

function bindResourceFor(offer: Offer): JsonObject {
  const needsRoute = JSON.stringify(offer.service.raw["requires"] ?? []).includes("route_forwarding");
  return needsRoute ? { route: "drydock.example.com" } : { app_guid: APP_GUID };
}

/** How the parameters of a request could be different and still valid. */
export function otherParameters(run: RunContext, offer: Offer, use: SchemaUse): JsonObject | undefined {
  const schema = schemaOf(offer, use);
  if (schema === undefined || !isObject(schema)) return undefined;
  return differentFrom(schema, parametersOf(run, offer, use === "create" ? "provision" : use) ?? {});
}
