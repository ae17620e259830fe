import type { HttpReply } from "../../../kernel/index.ts";
import { Refusal } from "../../common/refusal.ts";
import { checkedBody } from "../wire/body.ts";
import { notFound } from "../wire/errors.ts";
import { nothing, ok } from "../wire/replies.ts";
import type { Call } from "../wire/request.ts";
import { type NovaRoute, proxyRoute } from "../wire/route.ts";
import { asked, imageOf } from "./images.ts";
import { envelope, METADATA } from "./schemas/parts.ts";

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

function replaceMetadata(call: Call, merge: boolean): HttpReply {
  const metadata = wanted(call);
  return ok({ metadata: setMetadata(call, (now) => (merge ? { ...now, ...metadata } : metadata)) });
}

function removeItem(call: Call): HttpReply {
  const removed = itemOf(call);
  setMetadata(call, (now) => Object.fromEntries(Object.entries(now).filter(([key]) => !(key in removed))));
  return nothing(204);
}

/** The last microversion with the metadata of images. */
const LAST_METADATA = 38;

export const IMAGE_METADATA_ROUTES: readonly NovaRoute[] = [
  proxyRoute("GET", "/images/:id/metadata", (call) => ok({ metadata: imageOf(call).properties }), LAST_METADATA),
  proxyRoute("POST", "/images/:id/metadata", (call) => replaceMetadata(call, true), LAST_METADATA),
  proxyRoute("PUT", "/images/:id/metadata", (call) => replaceMetadata(call, false), LAST_METADATA),
  proxyRoute("GET", "/images/:id/metadata/:key", (call) => ok({ meta: itemOf(call) }), LAST_METADATA),
  proxyRoute("PUT", "/images/:id/metadata/:key", setItem, LAST_METADATA),
  proxyRoute("DELETE", "/images/:id/metadata/:key", removeItem, LAST_METADATA),
];
