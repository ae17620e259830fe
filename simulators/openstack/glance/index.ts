import type { Service } from "../../kernel/index.ts";
import type { Cloud, ImageOps } from "../cloud.ts";
import { type OpenStackRoute, openStackService } from "../service.ts";
import { withPaths } from "../service-paths.ts";
import { defineImports } from "./behaviour/imports.ts";
import { defineTasks } from "./behaviour/tasks.ts";
import { operations } from "./behaviour/operations.ts";
import { FAULT_POINTS } from "./faults.ts";
import { CACHE_ROUTES } from "./routes/cache.ts";
import { imageActionRoutes } from "./routes/image-actions.ts";
import { imageDataRoutes } from "./routes/image-data.ts";
import { imageImportRoutes } from "./routes/image-import.ts";
import { imageListRoutes } from "./routes/image-list.ts";
import { imageTagRoutes } from "./routes/image-tags.ts";
import { imageUpdateRoutes } from "./routes/image-update.ts";
import { imageRoutes } from "./routes/images.ts";
import { INFO_ROUTES } from "./routes/info.ts";
import { memberRoutes } from "./routes/members.ts";
import { metadefRoutes } from "./routes/metadefs.ts";
import { SCHEMA_ROUTES } from "./routes/schemas.ts";
import { taskRoutes } from "./routes/tasks.ts";
import { VERSION_ROUTES } from "./routes/versions.ts";
import { emptyState, type Glance } from "./state.ts";
import { WIRE } from "./wire/wire.ts";

/** Glance of one cloud. */
interface GlanceService {
  readonly service: Service;
  /** Its operations for the other services. */
  readonly ops: ImageOps;
}

/** Glance: images with their data, members, tags and properties; staged imports over time. */
export function createGlance(cloud: Cloud): GlanceService {
  const glance: Glance = { cloud, slot: cloud.kernel.slot("glance", emptyState()) };
  for (const point of FAULT_POINTS) cloud.kernel.faults.define(point);
  defineImports(glance);
  defineTasks(glance);
  const service = openStackService(cloud, "glance", WIRE, routesOf(glance));
  return { service: withPaths(service, plainPath), ops: operations(glance) };
}

/** Any known version of the API is the same, and slashes in a row are one. */
const plainPath = (path: string): string => path.replace(/\/{2,}/g, "/").replace(/^\/v2\.(?:[0-7]|9|15)(?=\/)/, "/v2");

const routesOf = (glance: Glance): readonly OpenStackRoute[] => [
  ...VERSION_ROUTES,
  ...INFO_ROUTES,
  ...SCHEMA_ROUTES,
  ...metadefRoutes(glance),
  ...taskRoutes(glance),
  ...CACHE_ROUTES,
  ...imageListRoutes(glance),
  ...imageRoutes(glance),
  ...imageUpdateRoutes(glance),
  ...imageTagRoutes(glance),
  ...imageImportRoutes(glance),
  ...imageDataRoutes(glance),
  ...imageActionRoutes(glance),
  ...memberRoutes(glance),
];
