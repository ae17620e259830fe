import { type HttpReply, own, isoSeconds } from "../../../kernel/index.ts";
import type { ImageView } from "../../cloud.ts";
import { Refusal } from "../../refusal.ts";
import { forbidden, notFound } from "../wire/errors.ts";
import { links, nextLink } from "../wire/links.ts";
import { pageSize } from "../wire/query.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import { type NovaRoute, proxyRoute } from "../wire/route.ts";

/*
 * Glance's images as Nova once listed, changed and deleted them: until 2.35, their metadata until 2.38.
 */

const STATUSES: Readonly<Record<string, string>> = { queued: "SAVING", saving: "SAVING", active: "ACTIVE" };
const statusOf = ({ status }: ImageView): string => STATUSES[status] ?? "UNKNOWN";

const imageView = (call: NovaCall, image: ImageView): object => ({
  id: image.id,
  name: image.name,
  links: links(call, "images", image.id),
  status: statusOf(image),
  progress: image.status === "active" ? 100 : 25,
  created: isoSeconds(image.createdMs),
  updated: isoSeconds(image.updatedMs),
  minDisk: image.minDiskGb,
  minRam: image.minRamMb,
  metadata: image.properties,
  "OS-EXT-IMG-SIZE:size": image.sizeBytes,
});

/** The image of the path. @throws Refusal 404 */
export function requireImage(call: NovaCall): ImageView {
  const image = call.nova.cloud.images.image(call.actor, call.params.id ?? "");
  if (image === undefined) throw notFound("Image not found.");
  return image;
}

/** A server is named by its id or its URL. */
const FILTERS: Readonly<Record<string, (image: ImageView, value: string) => boolean>> = {
  name: ({ name }, value) => name === value,
  status: (image, value) => statusOf(image) === value.toUpperCase(),
  server: ({ properties }, value) => properties.instance_uuid === value.split("/").at(-1),
  type: ({ properties }, value) => (properties.image_type ?? "base") === value,
  "changes-since": ({ updatedMs }, value) => updatedMs >= Date.parse(value),
  minRam: ({ minRamMb }, value) => minRamMb >= Number(value),
  minDisk: ({ minDiskGb }, value) => minDiskGb >= Number(value),
};

function list(call: NovaCall, path: string, view: (image: ImageView) => object): HttpReply {
  const { query, nova, actor } = call;
  const asked = [...query].filter(([name]) => Object.hasOwn(FILTERS, name));
  const found = nova.cloud.images
    .images(actor)
    .filter((image) => asked.every(([name, value]) => own(FILTERS, name)?.(image, value) ?? true));
  const marker = query.get("marker");
  const start = marker === null ? 0 : found.findIndex(({ id }) => id === marker) + 1;
  const page = found.slice(start, start + pageSize(call));
  const last = page.at(-1);
  const hasMore = query.has("limit") && last !== undefined && start + page.length < found.length;
  return ok({ images: page.map(view), ...(hasMore && { images_links: nextLink(call, path, last.id) }) });
}

/** Rewords Glance's refusals as Nova does. */
export function rewordRefusals<T>(call: NovaCall, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.status === 403) throw forbidden(`You are not authorized to access image ${call.params.id}.`);
    throw notFound("Image not found.");
  }
}

function deleteImage(call: NovaCall): HttpReply {
  rewordRefusals(call, () => call.nova.cloud.images.delete(call.actor, call.params.id ?? ""));
  return emptyReply(204);
}

/** Routes of the API reference, "Images". Glance's, until 2.35. */
export const IMAGE_ROUTES: readonly NovaRoute[] = [
  proxyRoute("GET", "/images", (call) =>
    list(call, "/images", ({ id, name }) => ({ id, name, links: links(call, "images", id) })),
  ),
  proxyRoute("GET", "/images/detail", (call) => list(call, "/images/detail", (image) => imageView(call, image))),
  proxyRoute("GET", "/images/:id", (call) => ok({ image: imageView(call, requireImage(call)) })),
  proxyRoute("DELETE", "/images/:id", deleteImage),
];
