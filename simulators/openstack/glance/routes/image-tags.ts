import { controls } from "../../cloud.ts";
import type { HttpReply } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import { type Glance, type ImageRow, touch } from "../state.ts";
import { emptyReply } from "../wire/body.ts";
import { checkImage } from "../wire/schemas.ts";

const PATH = "/v2/images/:id/tags/:tag";

/** Tags of images (Image API v2, "image tags"). */
export const imageTagRoutes = (glance: Glance): readonly OpenStackRoute[] =>
  bindRoutes(glance, [
    ["PUT", PATH, addTag, { clients: ["openstack"] }],
    ["DELETE", PATH, removeTag, { clients: ["openstack"] }],
  ]);

/** @throws Refusal 404 */
function requireTaggable(glance: Glance, { actor, params }: RequestContext): ImageRow {
  const row = glance.slot.value.images.get(params.id ?? "");
  if (row === undefined || !controls(actor, row)) throw new Refusal(404, "", `Image ${params.id} not found.`);
  return row;
}

function addTag(glance: Glance, context: RequestContext): HttpReply {
  const { tag = "" } = context.params;
  checkImage({ tags: [tag] });
  const row = requireTaggable(glance, context);
  row.tags = [...new Set([...row.tags, tag])];
  touch(glance, row);
  return emptyReply(204);
}

function removeTag(glance: Glance, context: RequestContext): HttpReply {
  const { tag = "" } = context.params;
  const row = requireTaggable(glance, context);
  if (!row.tags.includes(tag)) throw new Refusal(404, "", "The resource could not be found.");
  row.tags = row.tags.filter((each) => each !== tag);
  touch(glance, row);
  return emptyReply(204);
}
