import { type HttpReply, json } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import { ERRED } from "../../webob.ts";
import { createImage, removeImage } from "../behaviour/images.ts";
import { type Glance, requireImage } from "../state.ts";
import { checkNames, checkProperties, checkValues } from "../wire/attributes.ts";
import { emptyReply, readBody } from "../wire/body.ts";
import { imageView } from "../wire/image.ts";
import { checkImage } from "../wire/schemas.ts";
import { IMPORT_METHODS } from "./image-import.ts";

/** Images (Image API v2, "images"), one by one. */
export const imageRoutes = (glance: Glance): readonly OpenStackRoute[] =>
  bindRoutes(glance, [
    ["POST", "/v2/images", create, { clients: ["bosh", "openstack"] }],
    ["GET", "/v2/images/:id", show, { clients: ["bosh", "openstack"] }],
    ["DELETE", "/v2/images/:id", remove, { clients: ["bosh", "openstack"] }],
  ]);

function create(glance: Glance, context: RequestContext): HttpReply {
  const body = readBody(context);
  // The real service fails on a list.
  if (Array.isArray(body)) throw new Refusal(500, "", ERRED);
  checkNames(Object.keys(body), true);
  const attributes = checkImage(body);
  checkValues(context.actor, attributes);
  checkProperties(attributes);
  if (attributes.id !== undefined && glance.slot.value.usedIds.has(attributes.id))
    throw new Refusal(409, "", `Image ID ${attributes.id} already exists!`);
  const row = createImage(glance, context.actor.projectId, attributes);
  return json(201, imageView(row), {
    Location: `${context.cloud.root("image", context.request)}/v2/images/${row.id}`,
    "OpenStack-image-import-methods": IMPORT_METHODS.join(","),
  });
}

const show = (glance: Glance, { actor, params }: RequestContext): HttpReply =>
  json(200, imageView(requireImage(glance, actor, params.id ?? "")));

function remove(glance: Glance, { actor, params }: RequestContext): HttpReply {
  removeImage(glance, actor, params.id ?? "");
  return emptyReply(204);
}
