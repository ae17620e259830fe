import type { CinderRoute } from "../wire/route.ts";
import { metadataRoutes } from "./metadata.ts";
import { requireSnapshotOf } from "./snapshots/require-snapshot.ts";

/** Routes of the API reference, "Volume snapshots". Their metadata. */
export const SNAPSHOT_METADATA_ROUTES: readonly CinderRoute[] = metadataRoutes("snapshots", {
  kind: "Snapshot",
  find: requireSnapshotOf,
});
