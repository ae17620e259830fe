import { bodyJson, type HttpReply, json } from "../../kernel/index.ts";
import { DirectorError } from "../errors.ts";
import { startTask } from "../tasks.ts";
import { type Context, type DirectorRoute, route, toTask } from "./frame.ts";

function list({ director }: Context): HttpReply {
  return json(
    200,
    [...director.slot.value.orphanDisks.values()].map((disk) => ({
      disk_cid: disk.cid,
      size: disk.sizeMb,
      az: disk.az,
      deployment_name: disk.deployment,
      instance_name: disk.instance,
      cloud_properties: disk.cloudProperties,
      orphaned_at: `${new Date(disk.orphanedMs).toISOString().replace("T", " ").slice(0, 19)} UTC`,
    })),
  );
}

function remove(context: Context): HttpReply {
  const { director, caller, params } = context;
  const cid = params.cid ?? "";
  const attached = [...director.slot.value.deployments.values()].some(({ instances }) =>
    instances.some(({ disk }) => disk?.cid === cid),
  );
  if (attached) throw new DirectorError(520000, `Deleting persistent disk is not supported: ["${cid}"]`);
  return toTask(
    context,
    startTask(director, {
      type: "delete_orphan_disks",
      description: "delete orphan disks",
      user: caller.user,
      job: { kind: "delete_orphan_disks", args: { cids: [cid] } },
    }),
  );
}

function cleanup(context: Context): HttpReply {
  const { director, caller, request } = context;
  const body = bodyJson(request);
  const config = body.ok
    ? (body.value as { config?: { remove_all?: boolean; keep_orphaned_disks?: boolean } }).config
    : undefined;
  if (config === undefined) return { status: 500 };
  const all = config.remove_all === true;
  const args = { all, keepOrphanedDisks: config.keep_orphaned_disks === true };
  return toTask(
    context,
    startTask(director, {
      type: "delete_artifacts",
      description: all ? "clean up all" : "clean up",
      user: caller.user,
      job: { kind: "cleanup", args },
    }),
  );
}

export const DISKS: readonly DirectorRoute[] = [
  route("GET", "/disks", { needs: "read" }, list),
  route("GET", "/orphan_disks", { needs: "read" }, list),
  route("DELETE", "/disks/:cid", {}, remove),
  route("DELETE", "/orphan_disks/:cid", {}, remove),
  route("GET", "/orphaned_vms", { needs: "read" }, () => json(200, [])),
  route("GET", "/networks", { needs: "read" }, ({ query }) =>
    query.get("orphaned") === "true" ? json(200, []) : { status: 500 },
  ),
  route("POST", "/cleanup", { media: ["application/json"] }, cleanup),
];
