import { createHash } from "node:crypto";
import { empty, json, type HttpReply, type Service, type Slot } from "../../kernel/index.ts";
import type { Cloud } from "../cloud.ts";
import { Refusal } from "../common/refusal.ts";
import { type Context, type OpenStackRoute, openStackService, type Style } from "../common/service.ts";

interface ObjectRow {
  readonly data: Uint8Array;
  readonly etag: string;
  readonly type: string;
  readonly storedMs: number;
  readonly metadata: Readonly<Record<string, string>>;
}

interface ContainerRow {
  readonly objects: Map<string, ObjectRow>;
  readonly createdMs: number;
}

export interface SwiftState {
  /** Account (project) → container. */
  readonly accounts: Map<string, Map<string, ContainerRow>>;
}

interface Swift {
  readonly cloud: Cloud;
  readonly slot: Slot<SwiftState>;
}

export interface SwiftService {
  readonly service: Service;
  state(): SwiftState;
}

/** Swift's own default (max_file_size is 5 GiB; what is simulated is smaller, and lies in memory). */
const OBJECT_BYTES_MAX = 64 * 1024 * 1024;
const LISTING_MAX = 10_000;

const page = (title: string, text: string): string => `<html><h1>${title}</h1><p>${text}</p></html>`;
const HTML = { "Content-Type": "text/html; charset=UTF-8" };

const PAGES: Readonly<Record<number, string>> = {
  401: page(
    "Unauthorized",
    "This server could not verify that you are authorized to access the document you requested.",
  ),
  403: page("Forbidden", "Access was denied to this resource."),
  404: page("Not Found", "The resource could not be found."),
  405: page("Method Not Allowed", "The method is not allowed for this resource."),
  409: page("Conflict", "There was a conflict when trying to complete your request."),
  422: page("Unprocessable Entity", "Unable to process the contained instructions"),
};

const STYLE: Style = {
  refuse: ({ status, message }) => ({ status, body: PAGES[status] ?? message, headers: HTML }),
  unauthenticated: ({ cloud, request, params }) => ({
    status: 401,
    body: PAGES[401] as string,
    headers: {
      ...HTML,
      "WWW-Authenticate": [
        `Swift realm="${params.account ?? "unknown"}"`,
        `Keystone uri="${cloud.root("identity", request)}"`,
      ],
    },
  }),
  unmatched: (_context, allowed) =>
    allowed.length > 0
      ? { status: 405, body: PAGES[405] as string, headers: { ...HTML, Allow: allowed.join(", ") } }
      : { status: 404, body: PAGES[404] as string, headers: HTML },
  headers: ({ requestId }) => {
    const id = `tx${requestId.slice("req-".length).replaceAll("-", "").slice(0, 21)}-${requestId.slice(-10)}`;
    return { "X-Trans-Id": id, "X-Openstack-Request-Id": id };
  },
  admit: ({ params, actor }) => {
    const isOwn =
      params.account === `AUTH_${actor.projectId}` && actor.roles.some((role) => role === "member" || role === "admin");
    if (params.account !== undefined && !isOwn && !actor.roles.includes("ResellerAdmin"))
      throw new Refusal(403, "", "Forbidden");
  },
};

const stamp = (ms: number): string => (ms / 1000).toFixed(5);

const notFound = (): Refusal => new Refusal(404, "", "Not Found");

function containerOf({ slot }: Swift, { params }: Context): ContainerRow {
  const container = slot.value.accounts.get(params.account ?? "")?.get(params.container ?? "");
  if (container === undefined) throw notFound();
  return container;
}

function objectOf(swift: Swift, context: Context): ObjectRow {
  const object = containerOf(swift, context).objects.get(context.params.object ?? "");
  if (object === undefined) throw notFound();
  return object;
}

function putContainer(swift: Swift, { params, cloud }: Context): HttpReply {
  const { accounts } = swift.slot.value;
  const account = params.account ?? "";
  const containers = accounts.get(account) ?? new Map<string, ContainerRow>();
  accounts.set(account, containers);
  if (containers.has(params.container ?? "")) return empty(202, HTML);
  containers.set(params.container ?? "", { objects: new Map(), createdMs: cloud.kernel.nowMs });
  cloud.kernel.record("swift", "container.create", `${account}/${params.container}`);
  return { status: 201, body: "", headers: HTML };
}

function deleteContainer(swift: Swift, context: Context): HttpReply {
  const container = containerOf(swift, context);
  if (container.objects.size > 0) throw new Refusal(409, "", "Conflict");
  swift.slot.value.accounts.get(context.params.account ?? "")?.delete(context.params.container ?? "");
  context.cloud.kernel.record("swift", "container.delete", `${context.params.account}/${context.params.container}`);
  return empty(204);
}

const totals = ({ objects }: ContainerRow): Record<string, string> => ({
  "X-Container-Object-Count": String(objects.size),
  "X-Container-Bytes-Used": String([...objects.values()].reduce((sum, { data }) => sum + data.length, 0)),
});

function listing(
  context: Context,
  names: readonly string[],
  views: (name: string) => object,
  headers: Record<string, string>,
): HttpReply {
  const { query, request } = context;
  const wantsJson = query.get("format") === "json" || (request.headers.accept ?? "").includes("application/json");
  const limit = Math.min(LISTING_MAX, Number(query.get("limit") ?? LISTING_MAX));
  const chosen = [...names]
    .sort()
    .filter((name) => name.startsWith(query.get("prefix") ?? "") && name > (query.get("marker") ?? ""))
    .slice(0, limit);
  if (wantsJson) return json(200, chosen.map(views), { "Content-Type": "application/json; charset=utf-8", ...headers });
  const text = { "Content-Type": "text/plain; charset=utf-8", ...headers };
  return chosen.length === 0
    ? { status: 204, headers: text }
    : { status: 200, body: `${chosen.join("\n")}\n`, headers: text };
}

function listContainer(swift: Swift, context: Context): HttpReply {
  const container = containerOf(swift, context);
  const view = (name: string): object => {
    const { data, etag, type, storedMs } = container.objects.get(name) as ObjectRow;
    return {
      name,
      bytes: data.length,
      hash: etag,
      content_type: type,
      last_modified: new Date(storedMs).toISOString().replace("Z", "000"),
    };
  };
  return listing(context, [...container.objects.keys()], view, totals(container));
}

function listAccount(swift: Swift, context: Context): HttpReply {
  const containers = swift.slot.value.accounts.get(context.params.account ?? "") ?? new Map<string, ContainerRow>();
  const view = (name: string): object => ({
    name,
    count: containers.get(name)?.objects.size ?? 0,
    bytes: Number(totals(containers.get(name) as ContainerRow)["X-Container-Bytes-Used"]),
  });
  return listing(context, [...containers.keys()], view, { "X-Account-Container-Count": String(containers.size) });
}

function putObject(swift: Swift, context: Context): HttpReply {
  const container = containerOf(swift, context);
  const { request, params, cloud } = context;
  const data = typeof request.body === "string" ? Buffer.from(request.body) : request.body;
  const etag = createHash("md5").update(data).digest("hex");
  const expected = request.headers.etag?.replaceAll('"', "");
  if (expected !== undefined && expected !== etag) throw new Refusal(422, "", "Unprocessable Entity");
  const metadata = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => name.startsWith("x-object-meta-")),
  );
  container.objects.set(params.object ?? "", {
    data: new Uint8Array(data),
    etag,
    type: request.headers["content-type"] ?? "application/octet-stream",
    storedMs: cloud.kernel.nowMs,
    metadata,
  });
  cloud.kernel.record("swift", "object.put", `${params.account}/${params.container}/${params.object}`, {
    bytes: data.length,
    etag,
  });
  return {
    status: 201,
    body: "",
    headers: { ...HTML, Etag: etag, "Last-Modified": new Date(cloud.kernel.nowMs).toUTCString() },
  };
}

const objectHeaders = (object: ObjectRow): Record<string, string> => ({
  "Content-Type": object.type,
  Etag: object.etag,
  "X-Timestamp": stamp(object.storedMs),
  "Last-Modified": new Date(object.storedMs).toUTCString(),
  "Accept-Ranges": "bytes",
  ...Object.fromEntries(
    Object.entries(object.metadata).map(([name, value]) => [
      name.replace(/(^|-)([a-z])/g, (_all, dash: string, letter: string) => dash + letter.toUpperCase()),
      value,
    ]),
  ),
});

function getObject(swift: Swift, context: Context): HttpReply {
  const object = objectOf(swift, context);
  const range = /^bytes=(\d+)-(\d*)$/.exec(context.request.headers.range ?? "");
  if (range === null) return { status: 200, body: object.data, headers: objectHeaders(object) };
  const from = Number(range[1]);
  const to = range[2] === "" ? object.data.length - 1 : Math.min(Number(range[2]), object.data.length - 1);
  if (from >= object.data.length)
    return { status: 416, body: "", headers: { ...HTML, "Content-Range": `bytes */${object.data.length}` } };
  return {
    status: 206,
    body: object.data.slice(from, to + 1),
    headers: { ...objectHeaders(object), "Content-Range": `bytes ${from}-${to}/${object.data.length}` },
  };
}

function deleteObject(swift: Swift, context: Context): HttpReply {
  objectOf(swift, context);
  const { params, cloud } = context;
  containerOf(swift, context).objects.delete(params.object ?? "");
  cloud.kernel.record("swift", "object.delete", `${params.account}/${params.container}/${params.object}`);
  return { status: 204, headers: HTML };
}

function routes(swift: Swift): readonly OpenStackRoute[] {
  const account = "/v1/:account";
  const container = `${account}/:container`;
  const object = `${container}/*object`;
  const head = (reply: HttpReply): HttpReply => ({ status: 204, headers: reply.headers ?? {} });
  return [
    { method: "GET", path: account, handler: (context) => listAccount(swift, context) },
    { method: "HEAD", path: account, handler: (context) => head(listAccount(swift, context)) },
    { method: "PUT", path: container, handler: (context) => putContainer(swift, context) },
    { method: "GET", path: container, handler: (context) => listContainer(swift, context) },
    {
      method: "HEAD",
      path: container,
      handler: (context) => ({
        status: 204,
        headers: { "Content-Type": "text/plain; charset=utf-8", ...totals(containerOf(swift, context)) },
      }),
    },
    { method: "DELETE", path: container, handler: (context) => deleteContainer(swift, context) },
    { method: "PUT", path: object, handler: (context) => putObject(swift, context) },
    { method: "GET", path: object, handler: (context) => getObject(swift, context) },
    {
      method: "HEAD",
      path: object,
      handler: (context) => {
        const found = objectOf(swift, context);
        return { status: 200, headers: { ...objectHeaders(found), "Content-Length": String(found.data.length) } };
      },
    },
    { method: "DELETE", path: object, handler: (context) => deleteObject(swift, context) },
  ];
}

/** Swift: accounts, containers, objects with digests and ranges. Large objects, versions, temporary URLs and quotas are not simulated. */
export function createSwift(cloud: Cloud): SwiftService {
  const swift: Swift = { cloud, slot: cloud.kernel.slot("swift", { accounts: new Map() }) };
  const service = openStackService(cloud, "swift", STYLE, routes(swift));
  return { service: { ...service, bodyBytesMax: OBJECT_BYTES_MAX }, state: () => swift.slot.value };
}
