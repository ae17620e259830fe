import type { CinderRoute } from "../wire/route.ts";
import { metadataRoutes } from "./metadata.ts";
import { requireVolumeOf } from "./volumes/require-volume.ts";

/** Routes of the API reference, "Volumes". Their metadata. */
export const VOLUME_METADATA_ROUTES: readonly CinderRoute[] = metadataRoutes("volumes", {
  kind: "Volume",
  find: requireVolumeOf,
});
