import { type HttpReply, own } from "../../kernel/index.ts";
import type { ImageView } from "../cloud.ts";
import { Refusal } from "../refusal.ts";
import { isoSeconds } from "../time.ts";
import {
  type Call,
  checkedBody,
  forbidden,
  limitOf,
  links,
  nextLink,
  type NovaRoute,
  nothing,
  notFound,
  ok,
} from "./call.ts";
import { envelope, METADATA } from "./schemas.ts";

/*
 * Glance's images as Nova once listed, changed and deleted them: until 2.35, their metadata until 2.38.
 */

const STATUSES: Readonly<Record<string, string>> = { queued: "SAVING", saving: "SAVING", active: "ACTIVE" };
const statusOf = ({ status }: ImageView): string => STATUSES[status] ?? "UNKNOWN";

const imageView = (call: Call, image: ImageView): object => ({
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

function imageOf(call: Call): ImageView {
  const image = call.nova.cloud.images.image(call.actor, call.params.id ?? "");
  if (image === undefined) throw notFound("Image not found.");
  return image;
}

/** A server is given by its id or its address. */
const FILTERS: Readonly<Record<string, (image: ImageView, value: string) => boolean>> = {
  name: ({ name }, value) => name === value,
  status: (image, value) => statusOf(image) === value.toUpperCase(),
  server: ({ properties }, value) => properties.instance_uuid === value.split("/").at(-1),
  type: ({ properties }, value) => (properties.image_type ?? "base") === value,
  "changes-since": ({ updatedMs }, value) => updatedMs >= Date.parse(value),
  minRam: ({ minRamMb }, value) => minRamMb >= Number(value),
  minDisk: ({ minDiskGb }, value) => minDiskGb >= Number(value),
};

function list(call: Call, path: string, view: (image: ImageView) => object): HttpReply {
  const { query, nova, actor } = call;
  const asked = [...query].filter(([name]) => Object.hasOwn(FILTERS, name));
  const found = nova.cloud.images
    .images(actor)
    .filter((image) => asked.every(([name, value]) => own(FILTERS, name)?.(image, value) ?? true));
  const marker = query.get("marker");
  const start = marker === null ? 0 : found.findIndex(({ id }) => id === marker) + 1;
  const page = found.slice(start, start + limitOf(call));
  const last = page.at(-1);
  const hasMore = query.has("limit") && last !== undefined && start + page.length < found.length;
  return ok({ images: page.map(view), ...(hasMore && { images_links: nextLink(call, path, last.id) }) });
}

/** What Glance refuses in Nova's words. */
function asked<T>(call: Call, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.status === 403) throw forbidden(`You are not authorized to access image ${call.params.id}.`);
    throw notFound("Image not found.");
  }
}

type Metadata = Readonly<Record<string, string>>;

function setMetadata(call: Call, next: (now: Metadata) => Metadata): Metadata {
  const { id, properties } = imageOf(call);
  const metadata = next(properties);
  asked(call, () => call.nova.cloud.images.setProperties(call.actor, id, metadata));
  return metadata;
}

const wanted = (call: Call): Metadata => checkedBody(call, envelope("metadata", METADATA)).metadata as Metadata;

function setItem(call: Call): HttpReply {
  const one = { ...METADATA, minProperties: 1, maxProperties: 1 };
  const { meta } = checkedBody(call, envelope("meta", one)) as { meta: Record<string, string> };
  const key = call.params.key ?? "";
  const value = meta[key];
  if (value === undefined) throw new Refusal(400, "badRequest", "Request body and URI mismatch");
  setMetadata(call, (now) => ({ ...now, [key]: value }));
  return ok({ meta });
}

function itemOf(call: Call): Metadata {
  const key = call.params.key ?? "";
  const value = imageOf(call).properties[key];
  if (value === undefined) throw notFound("Metadata item was not found");
  return { [key]: value };
}

const route = (method: string, path: string, to: number, handler: NovaRoute["handler"]): NovaRoute => ({
  method,
  path,
  to,
  handler,
});

export const OLD_IMAGE_ROUTES: readonly NovaRoute[] = [
  route("GET", "/images", 35, (call) =>
    list(call, "/images", ({ id, name }) => ({ id, name, links: links(call, "images", id) })),
  ),
  route("GET", "/images/detail", 35, (call) => list(call, "/images/detail", (image) => imageView(call, image))),
  route("GET", "/images/:id", 35, (call) => ok({ image: imageView(call, imageOf(call)) })),
  route("DELETE", "/images/:id", 35, (call) => {
    asked(call, () => call.nova.cloud.images.delete(call.actor, call.params.id ?? ""));
    return nothing(204);
  }),
  route("GET", "/images/:id/metadata", 38, (call) => ok({ metadata: imageOf(call).properties })),
  route("POST", "/images/:id/metadata", 38, (call) => {
    const metadata = wanted(call);
    return ok({ metadata: setMetadata(call, (now) => ({ ...now, ...metadata })) });
  }),
  route("PUT", "/images/:id/metadata", 38, (call) => {
    const metadata = wanted(call);
    return ok({ metadata: setMetadata(call, () => metadata) });
  }),
  route("GET", "/images/:id/metadata/:key", 38, (call) => ok({ meta: itemOf(call) })),
  route("PUT", "/images/:id/metadata/:key", 38, setItem),
  route("DELETE", "/images/:id/metadata/:key", 38, (call) => {
    const gone = itemOf(call);
    setMetadata(call, (now) => Object.fromEntries(Object.entries(now).filter(([key]) => !(key in gone))));
    return nothing(204);
  }),
];
