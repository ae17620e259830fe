import { flagOr, textOr } from "../../schema/index.ts";
import type { RequestContext } from "../../service.ts";
import type { Endpoint } from "../state/entities.ts";
import type { KeystoneState } from "../state/state.ts";
import type { Attributes } from "../wire/body.ts";
import { endpointUrl } from "../wire/catalog.ts";
import { badRequest, missingAttribute } from "../wire/errors.ts";
import { BOOLEAN, createSchema, TEXT, updateSchema } from "../wire/schema-parts.ts";
import { newId, withExtras } from "./attributes.ts";
import { defineResource, resourceRoutes } from "./resource.ts";

const PROPERTIES = {
  enabled: BOOLEAN,
  interface: { type: "string", enum: ["admin", "internal", "public"] },
  region_id: TEXT,
  region: TEXT,
  service_id: TEXT,
  url: { type: "string", minLength: 0, maxLength: 225, pattern: "^[a-zA-Z0-9+.-]+:.+" },
} as const;

const KNOWN = [...Object.keys(PROPERTIES), "id", "name"];

/** @throws Refusal 400 */
function checkService(state: KeystoneState, { service_id: id }: Attributes): void {
  if (id !== undefined && !state.services.has(textOr(id)))
    throw missingAttribute("endpoint service_id", "service table");
}

/** The placeholders that a URL may contain (keystone, `catalog/core.py`). */
const SUBSTITUTES = [
  "tenant_id",
  "project_id",
  "user_id",
  "public_bind_host",
  "admin_bind_host",
  "compute_host",
  "admin_port",
  "public_port",
  "public_endpoint",
  "admin_endpoint",
];

/** Checks that every part to be filled in is known, as Python's `%` would. @throws Refusal 400 */
function checkUrl(url: string | undefined): void {
  const rest = url?.replaceAll(/[$%]\(([^()]{0,255})\)s/g, (part, name: string) =>
    SUBSTITUTES.includes(name) ? "" : part,
  );
  if (rest !== undefined && /[$%]\(|%/.test(rest.replaceAll("%%", "")))
    throw badRequest(`Cannot create an endpoint with an invalid URL: ${url}.`);
}

/** The region that an endpoint names; it is created if it does not exist. */
function ensureRegion(state: KeystoneState, { region_id, region }: Attributes): string | null {
  const id = region_id ?? region;
  if (typeof id !== "string") return null;
  if (!state.regions.has(id)) state.regions.set(id, { id, name: id, description: "", parentId: null });
  return id;
}

/** An endpoint as the API shows it, without links. */
export const endpointView = (
  endpoint: Endpoint,
  context: RequestContext,
  state: KeystoneState,
): Readonly<Record<string, unknown>> => ({
  ...(endpoint.name !== "" && { name: endpoint.name }),
  ...endpoint.extra,
  id: endpoint.id,
  interface: endpoint.interface,
  region_id: endpoint.regionId,
  service_id: endpoint.serviceId,
  url: endpointUrl(state, context, endpoint),
  enabled: endpoint.enabled,
  region: endpoint.regionId,
});

const ENDPOINTS = defineResource({
  collection: "endpoints",
  member: "endpoint",
  filters: ["interface", "service_id", "region_id"],
  existsFirst: true,
  bodyRequired: true,
  createSchema: createSchema(PROPERTIES, ["interface", "service_id", "url"]),
  updateSchema: updateSchema(PROPERTIES),
  map: (state) => state.endpoints,
  view: endpointView,
  create: ({ state, cloud }, _context, attributes) => {
    checkUrl(attributes.url);
    checkService(state, attributes);
    const endpoint: Endpoint = {
      id: newId(cloud),
      name: textOr(attributes.name),
      serviceId: attributes.service_id,
      interface: attributes.interface,
      regionId: ensureRegion(state, attributes),
      url: attributes.url,
      enabled: attributes.enabled ?? true,
    };
    return withExtras(endpoint, attributes, KNOWN);
  },
  update: ({ state }, endpoint, attributes) => {
    checkService(state, attributes);
    endpoint.name = textOr(attributes.name, endpoint.name);
    endpoint.serviceId = attributes.service_id ?? endpoint.serviceId;
    endpoint.interface = attributes.interface ?? endpoint.interface;
    endpoint.regionId = ensureRegion(state, attributes) ?? endpoint.regionId;
    if (attributes.url !== undefined) endpoint.url = attributes.url;
    endpoint.enabled = flagOr(attributes.enabled, endpoint.enabled);
    withExtras(endpoint, attributes, KNOWN);
  },
});

/** Endpoints of the catalog. */
export const endpointRoutes = resourceRoutes(ENDPOINTS);
