import { notSimulated } from "../wire/errors.ts";
import type { CinderRoute } from "../wire/route.ts";

const refuse = (): never => {
  throw notSimulated("what a back end has beside its volumes");
};

/** Volumes and snapshots of a back end that Cinder does not manage, for administrators. */
const routesOf = (paths: readonly string[], policy: string): readonly CinderRoute[] =>
  paths.flatMap((path) => [
    { method: "GET", path, admin: `${policy}:list_manageable`, handler: refuse },
    { method: "GET", path: `${path}/detail`, admin: `${policy}:list_manageable`, handler: refuse },
    {
      method: "POST",
      path,
      admin: `${policy}:${policy === "volume_extension" ? "volume_manage" : "snapshot_manage"}`,
      handler: refuse,
    },
  ]);

/** Routes of the API reference, "Volume manage extension" and "Snapshot manage extension". */
export const MANAGEABLE_ROUTES: readonly CinderRoute[] = [
  ...routesOf(["/os-volume-manage", "/manageable_volumes"], "volume_extension"),
  ...routesOf(["/os-snapshot-manage", "/manageable_snapshots"], "snapshot_extension"),
];
