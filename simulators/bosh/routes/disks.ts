import { type HttpReply, json } from "../../kernel/index.ts";
import { doomedBy } from "../artifacts/cleanup.ts";
import { DirectorError } from "../wire/errors.ts";
import type { OrphanDisk, ReleaseVersion } from "../state/index.ts";
import { startTask } from "../tasks/queue.ts";
import { stemcellView } from "./releases.ts";
import { type Context, type DirectorRoute, isHash, jsonObject, page, route, toTask, Unforeseen, utc } from "../wire/route.ts";

const diskView = (disk: OrphanDisk): object => ({
  disk_cid: disk.cid,
  size: disk.sizeMb,
  az: disk.az,
  deployment_name: disk.deployment,
  instance_name: disk.instance,
  cloud_properties: disk.cloudProperties,
  orphaned_at: utc(disk.orphanedMs),
});

const list = ({ director }: Context): HttpReply =>
  json(200, [...director.slot.value.orphanDisks.values()].map(diskView));

function remove(context: Context): HttpReply {
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
  return toTask(context, startTask(director, { type, description, user: caller.user, job }));
}

function attach(context: Context): HttpReply {
  const { director, caller, params, query } = context;
  const deployment = query.get("deployment") ?? "";
  const [job, id] = [query.get("job") ?? "", query.get("instance_id") ?? ""];
  const args = { deployment, job, id, cid: params.cid, copy: query.get("disk_properties") === "copy" };
  return toTask(
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

function deleteVm(context: Context): HttpReply {
  const { director, caller, params } = context;
  return toTask(
    context,
    startTask(director, {
      type: "delete_vm",
      description: `delete vm ${params.cid}`,
      user: caller.user,
      job: { kind: "delete_vm", args: { cid: params.cid } },
    }),
  );
}

const orphanedVms = ({ director }: Context): readonly object[] =>
  [...director.slot.value.orphanVms.values()].map((vm) => ({
    az: vm.az,
    cid: vm.cid,
    deployment_name: vm.deployment,
    instance_name: vm.instance,
    ip_addresses: vm.ips,
    orphaned_at: utc(vm.orphanedMs),
  }));

function cleanup(context: Context): HttpReply {
  const { director, caller } = context;
  const config = jsonObject(context)?.config;
  if (!isHash(config)) throw new Unforeseen();
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

/** What is compiled of the versions, in the order in which it was. */
const compiledView = (versions: readonly ReleaseVersion[]): readonly object[] =>
  versions.flatMap(({ compiled, packages }) =>
    [...compiled.keys()].map((key) => {
      const [fingerprint, target = ""] = key.split(":");
      const [os, version] = target.split("/");
      const name = packages.find((each) => each.fingerprint === fingerprint)?.name;
      return { package_name: name, stemcell_os: os, stemcell_version: version };
    }),
  );

function dryRun(context: Context): HttpReply {
  const { director, query } = context;
  const doomed = doomedBy(director, query.get("remove_all") === "true", query.get("keep_orphaned_disks") === "true");
  return page(200, {
    releases: [...doomed.releases].map(([name, versions]) => ({
      name,
      versions: versions.map(({ version }) => version),
    })),
    stemcells: doomed.stemcells.map((stemcell) => stemcellView(director, stemcell)),
    compiled_packages: [...doomed.releases.values()].flatMap(compiledView),
    orphaned_disks: doomed.disks.map(diskView),
    orphaned_vms: orphanedVms(context),
    exported_releases: [],
    dns_blobs: query.get("remove_all") === "true" ? director.slot.value.dnsBlobs : [],
  });
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
  route("POST", "/cleanup", { media: ["application/json"] }, cleanup),
  route("GET", "/cleanup/dryrun", {}, dryRun),
];
