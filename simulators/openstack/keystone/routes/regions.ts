import { type HttpReply, json } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import type { Keystone } from "../behaviour/tokens.ts";
import { checkBody, readBody } from "../wire/body.ts";
import { conflict } from "../wire/errors.ts";
import type { Region } from "../state/entities.ts";
import { withSelf } from "../wire/links.ts";
import { requireAdmin } from "../wire/policy.ts";
import { NULLABLE_TEXT, objectSchema, TEXT, updateSchema } from "../wire/schema-parts.ts";
import { newId, withExtras } from "./attributes.ts";
import { defineResource, resourceRoutes } from "./resource.ts";

const PROPERTIES = { description: NULLABLE_TEXT, id: TEXT, parent_region_id: NULLABLE_TEXT } as const;

const KNOWN = ["id", "description", "parent_region_id", "parent_id"];

const REGIONS = defineResource({
  collection: "regions",
  member: "region",
  filters: ["parent_region_id"],
  bodyRequired: true,
  createSchema: { ...objectSchema(PROPERTIES), additionalProperties: true },
  updateSchema: updateSchema(PROPERTIES),
  map: (state) => state.regions,
  view: (region) => ({
    id: region.id,
    description: region.description,
    parent_region_id: region.parentId,
    ...region.extra,
  }),
  create: ({ state, cloud }, _context, attributes) => {
    const id = attributes.id || newId(cloud);
    if (state.regions.has(id)) throw conflict("region", `Duplicate ID, ${id}.`);
    const parentId = attributes.parent_region_id ?? null;
    const region: Region = { id, name: id, description: attributes.description ?? "", parentId };
    return withExtras(region, attributes, KNOWN);
  },
  update: (_keystone, region, attributes) => {
    const { description, parent_region_id: parentId } = attributes;
    withExtras(region, attributes, KNOWN);
    if (description !== undefined) region.description = description ?? "";
    if (parentId !== undefined) region.parentId = parentId || null;
  },
  remove: (state, region) => {
    if ([...state.endpoints.values()].some(({ regionId }) => regionId === region.id)) throw hasEndpoints(region.id);
  },
  isReadable: () => true,
  isListed: () => true,
});

/** Regions. */
export const regionRoutes = resourceRoutes(REGIONS);

const hasEndpoints = (id: string): Refusal =>
  new Refusal(403, "", `Unable to delete region ${id} because it or its child regions have associated endpoints.`);

/** The creation of a region whose id the client chooses (Identity API v3, "create region with a specific ID"). */
export const namedRegionRoutes = (keystone: Keystone): readonly OpenStackRoute[] =>
  bindRoutes(keystone, [["PUT", "/v3/regions/:id", createNamedRegion]]);

function createNamedRegion(keystone: Keystone, context: RequestContext): HttpReply {
  const { state, cloud } = keystone;
  requireAdmin(context, "create_region");
  const attributes = checkBody(REGIONS.createSchema, readBody(context).region ?? {});
  const { id = "" } = context.params;
  const region = REGIONS.create(keystone, context, { ...attributes, id });
  state.regions.set(id, region);
  cloud.kernel.record("keystone", "region.create", id, { name: id });
  return json(201, { region: withSelf(context, "regions", REGIONS.view(region, context, state)) });
}
