import { createSchema, TEXT, updateSchema } from "../wire/schema-parts.ts";
import { createBlob, updateBlob } from "./credentials.ts";
import { defineResource, resourceRoutes } from "./resource.ts";

const PROPERTIES = { blob: TEXT, type: { type: "string", maxLength: 255 } } as const;

const POLICIES = defineResource({
  collection: "policies",
  member: "policy",
  filters: ["type"],
  createSchema: createSchema(PROPERTIES, ["blob", "type"]),
  updateSchema: updateSchema(PROPERTIES),
  map: (state) => state.policies,
  view: ({ id, blob, type, extra }) => ({ ...extra, type, blob, id }),
  create: ({ cloud }, _context, attributes) => createBlob(cloud, attributes),
  update: (_keystone, blob, attributes) => updateBlob(blob, attributes),
});

/** Policies: blobs that administrators store and nothing enforces. */
export const policyRoutes = resourceRoutes(POLICIES);
