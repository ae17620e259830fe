import type { HttpReply } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { requireBody } from "../wire/body.ts";
import { notFound } from "../wire/errors.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import { type NovaRoute, proxyRoute } from "../wire/route.ts";
import { requireImage, rewordRefusals } from "./images.ts";
import { envelope, METADATA, ONE_ITEM } from "./schemas/parts.ts";

type Metadata = Readonly<Record<string, string>>;

function setMetadata(call: NovaCall, next: (now: Metadata) => Metadata): Metadata {
  const { id, properties } = requireImage(call);
  const metadata = next(properties);
  rewordRefusals(call, () => call.nova.cloud.images.setProperties(call.actor, id, metadata));
  return metadata;
}

const readMetadata = (call: NovaCall): Metadata => requireBody(call, envelope("metadata", METADATA)).metadata;

function setItem(call: NovaCall): HttpReply {
  const { meta } = requireBody(call, envelope("meta", ONE_ITEM));
  const key = call.params.key ?? "";
  const value = meta[key];
  if (value === undefined) throw new Refusal(400, "badRequest", "Request body and URI mismatch");
  setMetadata(call, (now) => ({ ...now, [key]: value }));
  return ok({ meta });
}

function requireItem(call: NovaCall): Metadata {
  const key = call.params.key ?? "";
  const value = requireImage(call).properties[key];
  if (value === undefined) throw notFound("Metadata item was not found");
  return { [key]: value };
}

function replaceMetadata(call: NovaCall, merge: boolean): HttpReply {
  const metadata = readMetadata(call);
  return ok({ metadata: setMetadata(call, (now) => (merge ? { ...now, ...metadata } : metadata)) });
}

function removeItem(call: NovaCall): HttpReply {
  const removed = requireItem(call);
  setMetadata(call, (now) => Object.fromEntries(Object.entries(now).filter(([key]) => !(key in removed))));
  return emptyReply(204);
}

/** The last microversion with the metadata of images. */
const LAST_METADATA = 38;

/** Routes of the API reference, "Images". Their metadata: Glance's, until 2.38. */
export const IMAGE_METADATA_ROUTES: readonly NovaRoute[] = [
  proxyRoute("GET", "/images/:id/metadata", (call) => ok({ metadata: requireImage(call).properties }), LAST_METADATA),
  proxyRoute("POST", "/images/:id/metadata", (call) => replaceMetadata(call, true), LAST_METADATA),
  proxyRoute("PUT", "/images/:id/metadata", (call) => replaceMetadata(call, false), LAST_METADATA),
  proxyRoute("GET", "/images/:id/metadata/:key", (call) => ok({ meta: requireItem(call) }), LAST_METADATA),
  proxyRoute("PUT", "/images/:id/metadata/:key", setItem, LAST_METADATA),
  proxyRoute("DELETE", "/images/:id/metadata/:key", removeItem, LAST_METADATA),
];
