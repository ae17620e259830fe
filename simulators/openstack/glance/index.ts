import { json, own, type Service } from "../../kernel/index.ts";
import type { Cloud, ImageOps, ImageView } from "../cloud.ts";
import { Refusal } from "../refusal.ts";
import { type Context, type OpenStackRoute, openStackService } from "../service.ts";
import { dataRoutes, endImport } from "./data.ts";
import { UPLOAD_POINT } from "./faults.ts";
import { IMPORT_METHODS, imageRoutes, make, removeImage } from "./images.ts";
import { listRoutes } from "./listing.ts";
import { memberRoutes } from "./members.ts";
import { PUBLISHED } from "./schemas.ts";
import {
  digested,
  fill,
  type Glance,
  type GlanceState,
  type ImageRow,
  newState,
  sees,
  imageOf,
  ownImage,
  touch,
} from "./state.ts";
import { notSimulated, STYLE, versions } from "./style.ts";

export type { GlanceState } from "./state.ts";

export interface GlanceService {
  readonly service: Service;
  readonly ops: ImageOps;
  state(): GlanceState;
}

const denied = (rule: string) => (): never => {
  throw new Refusal(403, "", `You are not authorized to complete ${rule} action.`);
};

/** What belongs to administrators is not modelled for them either. */
const forAdmins =
  (rule: string, what: string) =>
  ({ actor }: Context): never => {
    if (actor.isAdmin) throw notSimulated(what);
    return denied(rule)();
  };

const get = (path: string, handler: OpenStackRoute["handler"], isOpen = false): OpenStackRoute => ({
  method: "GET",
  path,
  clients: ["openstack"],
  handler,
  ...(isOpen && { open: true }),
});

const SURFACES: readonly OpenStackRoute[] = [
  get("/", (context) => versions(context, 300), true),
  get("/versions", (context) => versions(context, 200), true),
  get("/v2/info/import", () =>
    json(200, {
      "import-methods": { description: "Import methods available.", type: "array", value: IMPORT_METHODS },
    }),
  ),
  get("/v2/info/stores", () => {
    throw new Refusal(404, "", "Multi backend is not supported at this site.");
  }),
  get("/v2/info/usage", () => json(200, { usage: {} })),
  get("/v2/schemas/:name", ({ params }) => {
    const schema = own(PUBLISHED, params.name ?? "");
    if (schema === undefined) throw new Refusal(404, "", "The resource could not be found.");
    return json(200, schema);
  }),
  ...["POST", "PUT", "DELETE"].map(
    (method): OpenStackRoute => ({
      method,
      path: "/v2/metadefs/*rest",
      handler: forAdmins("modify_metadef", "metadata definitions"),
    }),
  ),
  get("/v2/schemas/metadefs/:name", () => {
    throw notSimulated("metadata definitions");
  }),
  get("/v2/tasks", forAdmins("tasks_api_access", "tasks")),
  { method: "POST", path: "/v2/tasks", handler: forAdmins("tasks_api_access", "tasks") },
  get("/v2/cache", forAdmins("cache_list", "the image cache")),
  get("/v2/metadefs/namespaces", ({ query }) => {
    const text = query.toString();
    return json(200, {
      namespaces: [],
      first: text === "" ? "/v2/metadefs/namespaces" : `/v2/metadefs/namespaces?${text}`,
      schema: "/v2/schemas/metadefs/namespaces",
    });
  }),
  get("/v2/metadefs/resource_types", () => json(200, { resource_types: [] })),
];

const viewOf = (row: ImageRow): ImageView => ({
  id: row.id,
  name: row.name,
  status: row.status,
  sizeBytes: row.size ?? 0,
  minDiskGb: row.minDiskGb,
  minRamMb: row.minRamMb,
  projectId: row.projectId,
  diskFormat: row.diskFormat,
  containerFormat: row.containerFormat,
  checksum: row.checksum,
  createdMs: row.createdMs,
  updatedMs: row.updatedMs,
  properties: row.properties,
});

/** Larger snapshots are digested by their id: nobody reads them. */
const SNAPSHOT_BYTES_MADE_MAX = 64 * 1024;

function operations(glance: Glance): ImageOps {
  const find = (id: string): ImageRow | undefined => glance.slot.value.images.get(id);
  return {
    image: (actor, id) => {
      const row = find(id);
      return row !== undefined && sees(actor, row) ? viewOf(row) : undefined;
    },
    find: (id) => {
      const row = find(id);
      return row && viewOf(row);
    },
    images: (actor) =>
      [...glance.slot.value.images.values()]
        .filter((row) => sees(actor, row))
        .reverse()
        .map(viewOf),
    create: (actor, { name, diskFormat, containerFormat, visibility, minDiskGb, minRamMb, properties }) =>
      viewOf(
        make(glance, actor.projectId, {
          name,
          disk_format: diskFormat === undefined ? "qcow2" : diskFormat,
          container_format: containerFormat === undefined ? "bare" : containerFormat,
          visibility,
          min_disk: minDiskGb ?? 0,
          min_ram: minRamMb ?? 0,
          ...properties,
        }),
      ),
    remove: (id) => {
      if (glance.slot.value.images.delete(id)) glance.cloud.kernel.record("glance", "image.delete", id);
    },
    delete: (actor, id) => removeImage(glance, actor, id),
    setProperties: (actor, id, properties) => {
      const row = ownImage(glance, actor, id);
      row.properties = properties;
      touch(glance, row);
    },
    activate: (id, sizeBytes) => {
      const row = find(id);
      if (row === undefined) return;
      row.diskFormat ??= "raw";
      row.containerFormat ??= "bare";
      const isMade = sizeBytes <= SNAPSHOT_BYTES_MADE_MAX;
      const received = digested(isMade ? Buffer.alloc(sizeBytes, "x") : id);
      fill(glance, row, isMade ? received : { ...received, size: sizeBytes, data: null });
    },
  };
}

/** Glance: images with their data, members, tags and properties; staged imports over time. */
export function createGlance(cloud: Cloud): GlanceService {
  const { kernel } = cloud;
  const glance: Glance = { cloud, slot: kernel.slot("glance", newState()) };
  kernel.faults.define(UPLOAD_POINT);
  kernel.onTimer<{ id: string }>("glance/imported", ({ id }) => endImport(glance, id));
  return {
    service: openStackService(cloud, "glance", STYLE, [
      ...SURFACES,
      ...listRoutes(glance),
      ...imageRoutes(glance),
      // Imports leave no task behind.
      get("/v2/images/:id/tasks", ({ actor, params }) => {
        imageOf(glance, actor, params.id ?? "");
        return json(200, { tasks: [] });
      }),
      ...dataRoutes(glance),
      ...memberRoutes(glance),
    ]),
    ops: operations(glance),
    state: () => glance.slot.value,
  };
}
