import { flagOr, textOr } from "../../schema/index.ts";
import type { ServiceEntry } from "../state/entities.ts";
import { BOOLEAN, createSchema, nameSchema, updateSchema } from "../wire/schema-parts.ts";
import { newId, withExtras } from "./attributes.ts";
import { defineResource, resourceRoutes } from "./resource.ts";

const PROPERTIES = {
  enabled: BOOLEAN,
  name: nameSchema(255),
  type: { type: "string", minLength: 1, maxLength: 255 },
} as const;

const KNOWN = ["name", "type", "description", "enabled", "id"];

const SERVICES = defineResource({
  collection: "services",
  member: "service",
  filters: ["type", "name"],
  bodyRequired: true,
  createSchema: createSchema(PROPERTIES, ["type"]),
  updateSchema: updateSchema(PROPERTIES),
  map: (state) => state.services,
  view: (service) => ({
    name: service.name,
    ...(service.description !== undefined && { description: service.description }),
    ...service.extra,
    id: service.id,
    type: service.type,
    enabled: service.enabled,
  }),
  create: ({ cloud }, _context, attributes) => {
    const { name = "", type, description, enabled } = attributes;
    const service: ServiceEntry = {
      id: newId(cloud),
      name,
      type,
      description: typeof description === "string" ? description : undefined,
      enabled: enabled ?? true,
    };
    return withExtras(service, attributes, KNOWN);
  },
  update: (_keystone, service, attributes) => {
    service.name = textOr(attributes.name, service.name);
    service.type = textOr(attributes.type, service.type);
    if (typeof attributes.description === "string") service.description = attributes.description;
    service.enabled = flagOr(attributes.enabled, service.enabled);
    withExtras(service, attributes, KNOWN);
  },
  remove: ({ endpoints }, service) => {
    for (const endpoint of endpoints.values()) if (endpoint.serviceId === service.id) endpoints.delete(endpoint.id);
  },
});

/** Services of the catalog. */
export const serviceRoutes = resourceRoutes(SERVICES);
