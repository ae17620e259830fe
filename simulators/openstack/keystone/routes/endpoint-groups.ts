import type { HttpReply } from "../../../kernel/index.ts";
import { bindRoutes, type OpenStackRoute, type RequestContext } from "../../service.ts";
import type { Keystone } from "../behaviour/tokens.ts";
import { isInGroup } from "../state/endpoint-filter.ts";
import type { EndpointGroup } from "../state/entities.ts";
import type { Attributes } from "../wire/body.ts";
import { badRequest, missingAttribute, notFound } from "../wire/errors.ts";
import { collectionReply } from "../wire/links.ts";
import { requireAdmin } from "../wire/policy.ts";
import { nameSchema, NULLABLE_TEXT } from "../wire/schema-parts.ts";
import { newId } from "./attributes.ts";
import { endpointView } from "./endpoints.ts";
import { defineResource, resourceRoutes } from "./resource.ts";

/** keystone, `catalog/schema.py`. */
const PROPERTIES = { description: NULLABLE_TEXT, filters: { type: "object" }, name: nameSchema(255) } as const;

const KNOWN = ["id", "name", "description", "filters"];
const FILTERS = ["service_id", "region_id", "interface"];

/** Its table has no column for more. @throws Refusal 400 */
function checkNames(attributes: Attributes): void {
  const unknown = Object.keys(attributes).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw badRequest(`'${unknown}' is an invalid keyword argument for EndpointGroup`);
}

/** @throws Refusal 400 */
function checkFilters(filters: Attributes | undefined): void {
  if (Object.keys(filters ?? {}).some((name) => !FILTERS.includes(name)))
    throw missingAttribute("service_id or region_id or interface", "endpoint_group");
}

/** A group of endpoints as the API shows it. */
export const endpointGroupView = ({ id, name, description, filters }: EndpointGroup) => ({
  id,
  name,
  description,
  filters,
});

const ENDPOINT_GROUPS = defineResource({
  collection: "OS-EP-FILTER/endpoint_groups",
  listed: "endpoint_groups",
  member: "endpoint_group",
  title: "Endpoint Group",
  filters: ["name"],
  createSchema: { type: "object", properties: PROPERTIES, required: ["name", "filters"] },
  updateSchema: { type: "object", properties: PROPERTIES, minProperties: 1 },
  map: (state) => state.endpointGroups,
  view: endpointGroupView,
  create: ({ cloud }, _context, attributes) => {
    const { name, description = null, filters } = attributes;
    checkFilters(filters);
    if (Object.keys(filters).length === 0) throw badRequest("filters field is required and cannot be empty");
    checkNames(attributes);
    const group: EndpointGroup = { id: newId(cloud), name, description, filters };
    return group;
  },
  update: (_keystone, group, attributes) => {
    checkFilters(attributes.filters);
    checkNames(attributes);
    group.name = attributes.name ?? group.name;
    if (attributes.description !== undefined) group.description = attributes.description;
    group.filters = attributes.filters ?? group.filters;
  },
});

/** Groups of endpoints (Identity API v3, OS-EP-FILTER). */
export const endpointGroupRoutes = resourceRoutes(ENDPOINT_GROUPS);

function listEndpoints({ state }: Keystone, context: RequestContext): HttpReply {
  requireAdmin(context, "list_endpoints_associated_with_endpoint_group");
  const { id = "" } = context.params;
  const group = state.endpointGroups.get(id);
  if (group === undefined) throw notFound("Endpoint Group", id);
  const views = [...state.endpoints.values()]
    .filter((endpoint) => isInGroup(group, endpoint))
    .map((endpoint) => endpointView(endpoint, context, state));
  return collectionReply(context, "endpoints", views);
}

/** The endpoints and projects of an endpoint group. */
export const groupedEndpointRoutes = (keystone: Keystone): readonly OpenStackRoute[] =>
  bindRoutes(keystone, [["GET", "/v3/OS-EP-FILTER/endpoint_groups/:id/endpoints", listEndpoints]]);
