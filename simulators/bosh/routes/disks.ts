import { allInstances, disksOf, requireDeployment } from "../state/lookup.ts";
import { type HttpReply, json } from "../../kernel/index.ts";
import type { OrphanDisk } from "../state/orphans.ts";
import { startTask } from "../tasks/queue.ts";
import { pathParam, type RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { redirectToTask } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { utc } from "../wire/times.ts";

/** An orphaned disk as the API shows it. */
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

/** @throws DirectorError 520000 */
function remove(context: RequestContext): HttpReply {
  const { director, caller, query } = context;
  const { user } = caller;
  const cid = pathParam(context, "cid");
  if ((query.get("orphan") ?? "false") !== "false") {
    const job = { kind: "orphan_disk", args: { cid } } as const;
    return redirectToTask(context, startTask(director, { type: "orphan_disk", description: "orphan disk", user, job }));
  }
  if (
    allInstances(director)
      .flatMap(disksOf)
      .some((disk) => disk.cid === cid)
  )
    throw new DirectorError(520000, `Deleting persistent disk is not supported: ["${cid}"]`);
  const job = { kind: "delete_orphan_disks", args: { cids: [cid] } } as const;
  const description = "delete orphan disks";
  return redirectToTask(context, startTask(director, { type: "delete_orphan_disks", description, user, job }));
}

/** @throws DirectorError 70000 */
function attach(context: RequestContext): HttpReply {
  const { director, caller, query } = context;
  const cid = pathParam(context, "cid");
  const { name: deployment } = requireDeployment(director, query.get("deployment") ?? "");
  const [job, id] = [query.get("job") ?? "", query.get("instance_id") ?? ""];
  const args = { deployment, job, id, cid, copy: query.get("disk_properties") === "copy" };
  return redirectToTask(
    context,
    startTask(director, {
      type: "attach_disk",
      description: `attach disk '${cid}' to '${job}/${id}'`,
      user: caller.user,
      deployment,
      job: { kind: "attach_disk", args },
    }),
  );
}

/** The routes of /disks. */
export const DISKS: readonly DirectorRoute[] = [
  route("GET", "/disks", {}, list),
  route("GET", "/orphan_disks", {}, list),
  route("DELETE", "/disks/:cid", {}, remove),
  route("DELETE", "/orphan_disks/:cid", {}, remove),
  route("PUT", "/disks/:cid/attachments", {}, attach),
  // Dynamic disks have their own API; none ever exists here.
];
