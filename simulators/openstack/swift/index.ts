import type { HttpReply, Service } from "../../kernel/index.ts";
import type { Cloud } from "../cloud.ts";
import { dumps } from "../python/index.ts";
import { type Context, type OpenStackRoute, openStackService } from "../service.ts";
import { admit, type Wish } from "./access.ts";
import { bulkDelete, deleteLarge, extract } from "./bulk.ts";
import {
  deleteContainer,
  postAccount,
  postContainer,
  putAccount,
  putContainer,
  readAccount,
  readContainer,
} from "./containers.ts";
import { copyObject, deleteObject, postObject, putObject, readObject } from "./objects.ts";
import { bare, LIMITS, type Swift, type SwiftState } from "./state.ts";
import { ALLOW, refused, STYLE } from "./style.ts";

export type { SwiftState } from "./state.ts";

export interface SwiftService {
  readonly service: Service;
  state(): SwiftState;
}

/** What is simulated lies in memory: bodies are smaller than a real cloud's 5 GiB. */
const OBJECT_BYTES_MAX = 64 * 1024 * 1024;

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

type Work = (swift: Swift, context: Context, isSigned: boolean) => HttpReply;
type Methods = Readonly<Record<string, readonly [Wish, Work]>>;

const hasFlag = ({ query }: Context, name: string): boolean => query.has(name);

const orBulk =
  (work: Work): Work =>
  (swift, context, isSigned) =>
    hasFlag(context, "bulk-delete") ? bulkDelete(swift, context) : work(swift, context, isSigned);

const orExtract =
  (work: Work): Work =>
  (swift, context, isSigned) =>
    hasFlag(context, "extract-archive") ? extract(swift, context) : work(swift, context, isSigned);

const ACCOUNT: Methods = {
  GET: ["own", readAccount],
  HEAD: ["own", readAccount],
  PUT: ["own", orExtract(putAccount)],
  POST: ["own", orBulk(postAccount)],
  DELETE: [
    "own",
    orBulk(() => {
      throw refused(403);
    }),
  ],
};

const CONTAINER: Methods = {
  GET: ["list", readContainer],
  HEAD: ["list", readContainer],
  PUT: ["own", orExtract(putContainer)],
  POST: ["own", postContainer],
  DELETE: ["own", deleteContainer],
};

const OBJECT: Methods = {
  GET: ["read", readObject],
  HEAD: ["read", readObject],
  PUT: ["write", orExtract(putObject)],
  POST: ["write", postObject],
  COPY: ["write", copyObject],
  DELETE: [
    "write",
    (swift, context) =>
      context.query.get("multipart-manifest") === "delete" ? deleteLarge(swift, context) : deleteObject(swift, context),
  ],
};

const PATHS: readonly (readonly [string, Methods])[] = [
  ["/v1/:account", ACCOUNT],
  ["/v1/:account/", ACCOUNT],
  ["/v1/:account/:container", CONTAINER],
  ["/v1/:account/:container/", CONTAINER],
  ["/v1/:account/:container/*object", OBJECT],
];

const options = (): HttpReply => ({ ...bare(200, { Allow: ALLOW }) });

const routes = (swift: Swift): readonly OpenStackRoute[] => [
  {
    method: "GET",
    path: "/info",
    open: true,
    handler: () => ({ status: 200, headers: { "Content-Type": "application/json; charset=UTF-8" }, body: dumps(INFO) }),
  },
  {
    method: "GET",
    path: "/healthcheck",
    open: true,
    handler: () => ({ status: 200, headers: { "Content-Type": "text/plain" }, body: "OK" }),
  },
  ...PATHS.flatMap(([path, methods]): OpenStackRoute[] => [
    { method: "OPTIONS", path, open: true, handler: options },
    ...Object.entries(methods).map(
      ([method, [wish, work]]): OpenStackRoute => ({
        method,
        path,
        open: true,
        handler: (context) => work(swift, context, admit(swift, context, wish)),
      }),
    ),
  ]),
];

/** Swift: accounts, containers and objects in memory, with large objects, signed addresses, access lists and quotas. */
export function createSwift(cloud: Cloud): SwiftService {
  const swift: Swift = { cloud, slot: cloud.kernel.slot("swift", { accounts: new Map(), metadata: new Map() }) };
  const service = openStackService(cloud, "swift", STYLE, routes(swift));
  return { service: { ...service, bodyBytesMax: OBJECT_BYTES_MAX }, state: () => swift.slot.value };
}
