import type { Service } from "../../kernel/index.ts";
import type { Cloud } from "../cloud.ts";
import { openStackService } from "../service.ts";
import { withPaths } from "../service-paths.ts";
import { FAULT_POINTS } from "./faults.ts";
import { INFO_ROUTES } from "./routes/info.ts";
import { storageRoutes } from "./routes/storage.ts";
import { emptyState, type Swift, type SwiftState } from "./state/state.ts";
import { WIRE } from "./wire/wire.ts";

export type { SwiftState } from "./state/state.ts";

/** Swift of one cloud. */
interface SwiftService {
  readonly service: Service;
  /** The state; read-only. */
  state(): SwiftState;
}

/** The largest object, in bytes: data is held in memory, so it is smaller than a real cloud's 5 GiB. */
const OBJECT_BYTES_MAX = 64 * 1024 * 1024;

/** Swift: accounts, containers and objects in memory, with large objects, temporary URLs, access lists and quotas. */
export function createSwift(cloud: Cloud): SwiftService {
  const swift: Swift = { cloud, slot: cloud.kernel.slot("swift", emptyState()) };
  for (const point of FAULT_POINTS) cloud.kernel.faults.define(point);
  const service = openStackService(cloud, "swift", WIRE, [...INFO_ROUTES, ...storageRoutes(swift)]);
  // Both names of the version are the same.
  const either = withPaths(service, (path) => path.replace(/^\/v1\.0(?=\/|$)/, "/v1"));
  return { service: { ...either, bodyBytesMax: OBJECT_BYTES_MAX }, state: () => swift.slot.value };
}
