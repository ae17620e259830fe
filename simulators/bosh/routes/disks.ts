import { type HttpReply, json } from "../../kernel/index.ts";
import type { OrphanDisk } from "../state/orphans.ts";
import { startTask } from "../tasks/queue.ts";
import type { RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { redirectToTask } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { utc } from "../wire/times.ts";
import { startCleanup, showDryRun } from "./cleanup.ts";
import { deleteVm, orphanedVms } from "./vms.ts";

export const diskView = (disk: OrphanDisk): object => ({
  disk_cid: disk.cid,
  size: disk.sizeMb,
  az: disk.az,
  deployment_name: disk.deployment,
  instance_name: disk.instance,
  cloud_properties: disk.cloudProperties,
  orphaned_at: utc(disk.orphanedMs),
});

const list = ({ director }: RequestContext): HttpReply =>
  json(200, [...director.slot.value.orphanDisks.values()].map(diskView));

function remove(context: RequestContext): HttpReply {
  const { director, caller, params, query } = context;
  const cid = params.cid ?? "";
  const isOrphaning = query.get("orphan") === "true";
  const attached = [...director.slot.value.deployments.values()].some(({ instances }) =>
    instances.some(({ disk }) => disk?.cid === cid),
  );
  if (attached && !isOrphaning)
    throw new DirectorError(520000, `Deleting persistent disk is not supported: ["${cid}"]`);
  const type = isOrphaning ? "orphan_disk" : "delete_orphan_disks";
  const job = { kind: type, args: isOrphaning ? { cid } : { cids: [cid] } };
  const description = isOrphaning ? "orphan disk" : "delete orphan disks";
  return redirectToTask(context, startTask(director, { type, description, user: caller.user, job }));
}

function attach(context: RequestContext): HttpReply {
  const { director, caller, params, query } = context;
  const deployment = query.get("deployment") ?? "";
  const [job, id] = [query.get("job") ?? "", query.get("instance_id") ?? ""];
  const args = { deployment, job, id, cid: params.cid, copy: query.get("disk_properties") === "copy" };
  return redirectToTask(
    context,
    startTask(director, {
      type: "attach_disk",
      description: `attach disk '${params.cid}' to '${job}/${id}'`,
      user: caller.user,
      deployment,
      job: { kind: "attach_disk", args },
    }),
  );
}

export const DISKS: readonly DirectorRoute[] = [
  route("GET", "/disks", {}, list),
  route("GET", "/orphan_disks", {}, list),
  route("DELETE", "/disks/:cid", {}, remove),
  route("DELETE", "/orphan_disks/:cid", {}, remove),
  route("PUT", "/disks/:cid/attachments", {}, attach),
  route("DELETE", "/vms/:cid", {}, deleteVm),
  route("GET", "/orphaned_vms", {}, (context) => json(200, orphanedVms(context))),
  route("GET", "/networks", {}, ({ query }) =>
    query.get("orphaned") === "true"
      ? json(200, [])
      : {
          status: 500,
          body: "listing active networks is not implemented",
          headers: { "Content-Type": "application/json" },
        },
  ),
  route("POST", "/cleanup", { media: ["application/json"] }, startCleanup),
  route("GET", "/cleanup/dryrun", {}, showDryRun),
];
