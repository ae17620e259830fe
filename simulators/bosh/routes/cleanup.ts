import { type DirectorRoute, route } from "../wire/route.ts";
import type { HttpReply } from "../../kernel/index.ts";
import { findRemovable } from "../artifacts/cleanup.ts";
import { startTask } from "../tasks/queue.ts";
import { isHash } from "../configs/fields.ts";
import { jsonObject, Unforeseen } from "../wire/bodies.ts";
import type { RequestContext } from "../wire/context.ts";
import { htmlJson, redirectToTask } from "../wire/replies.ts";
import { diskView } from "./disks.ts";
import { stemcellView } from "./stemcells.ts";
import { orphanedVms } from "./vms.ts";

function startCleanup(context: RequestContext): HttpReply {
  const { director, caller } = context;
  const config = jsonObject(context)?.config;
  if (!isHash(config)) throw new Unforeseen();
  const all = config.remove_all === true;
  const args = { all, keepOrphanedDisks: config.keep_orphaned_disks === true };
  return redirectToTask(
    context,
    startTask(director, {
      type: "delete_artifacts",
      description: all ? "clean up all" : "clean up",
      user: caller.user,
      job: { kind: "cleanup", args },
    }),
  );
}

function showDryRun(context: RequestContext): HttpReply {
  const { director, query } = context;
  const removable = findRemovable(
    director,
    query.get("remove_all") === "true",
    query.get("keep_orphaned_disks") === "true",
  );
  return htmlJson(200, {
    releases: [...removable.releases].map(([name, versions]) => ({
      name,
      versions: versions.map(({ version }) => version),
    })),
    stemcells: removable.stemcells.map((stemcell) => stemcellView(director, stemcell)),
    compiled_packages: removable.compiled.map(({ each, os, version }) => ({
      package_name: each.name,
      stemcell_os: os,
      stemcell_version: version,
    })),
    orphaned_disks: removable.disks.map(diskView),
    orphaned_vms: orphanedVms(context),
    exported_releases: removable.exported,
    dns_blobs: removable.dnsBlobs,
  });
}

/** The routes of /cleanup. */
export const CLEANUP: readonly DirectorRoute[] = [
  route("POST", "/cleanup", { media: ["application/json"] }, startCleanup),
  route("GET", "/cleanup/dryrun", {}, showDryRun),
];
