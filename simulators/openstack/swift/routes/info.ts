import { dumps } from "../../python/index.ts";
import { bareReply } from "../wire/headers.ts";
import type { OpenStackRoute } from "../../service.ts";
import { LIMITS } from "../state/limits.ts";

const INFO = {
  swift: LIMITS,
  symlink: { symloop_max: 2, static_links: true },
  versioned_writes: { allowed_flags: ["x-versions-location", "x-history-location"] },
  object_versioning: {},
  slo: {
    max_manifest_segments: 1000,
    max_manifest_size: 8_388_608,
    yield_frequency: 10,
    min_segment_size: 1,
    allow_async_delete: false,
  },
  account_quotas: {},
  container_quotas: {},
  tempurl: {
    methods: ["GET", "HEAD", "PUT", "POST", "DELETE"],
    incoming_remove_headers: ["x-timestamp"],
    incoming_allow_headers: [],
    outgoing_remove_headers: ["x-object-meta-*"],
    outgoing_allow_headers: ["x-object-meta-public-*"],
    allowed_digests: ["sha1", "sha256", "sha512"],
    deprecated_digests: ["sha1"],
  },
  bulk_upload: { max_containers_per_extraction: 10_000, max_failed_extractions: 1000 },
  bulk_delete: { max_deletes_per_request: 10_000, max_failed_deletes: 1000 },
};

/** The capabilities of this Swift, and its health check. */
export const INFO_ROUTES: readonly OpenStackRoute[] = [
  {
    method: "GET",
    path: "/info",
    open: true,
    handler: () => ({ status: 200, headers: { "Content-Type": "application/json; charset=UTF-8" }, body: dumps(INFO) }),
  },
  {
    method: "HEAD",
    path: "/info",
    open: true,
    handler: () => ({
      status: 200,
      headers: {
        "Content-Type": "application/json; charset=UTF-8",
        "Content-Length": String(Buffer.byteLength(dumps(INFO))),
      },
    }),
  },
  { method: "OPTIONS", path: "/info", open: true, handler: () => bareReply(200, { Allow: "GET, HEAD, OPTIONS" }) },
  {
    method: "GET",
    path: "/healthcheck",
    open: true,
    handler: () => ({ status: 200, headers: { "Content-Type": "text/plain" }, body: "OK" }),
  },
];
