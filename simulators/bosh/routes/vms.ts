import { type DirectorRoute, route } from "../wire/route.ts";
import { type HttpReply, json } from "../../kernel/index.ts";
import { startTask } from "../tasks/queue.ts";
import { pathParam, type RequestContext } from "../wire/context.ts";
import { redirectToTask } from "../wire/replies.ts";
import { utc } from "../wire/times.ts";

function deleteVm(context: RequestContext): HttpReply {
  const { director, caller } = context;
  const cid = pathParam(context, "cid");
  return redirectToTask(
    context,
    startTask(director, {
      type: "delete_vm",
      description: `delete vm ${cid}`,
      user: caller.user,
      job: { kind: "delete_vm", args: { cid } },
    }),
  );
}

/** The orphaned VMs, as the API shows them. */
export const orphanedVms = ({ director }: RequestContext): readonly object[] =>
  [...director.slot.value.orphanVms.values()].map((vm) => ({
    az: vm.az,
    cid: vm.cid,
    deployment_name: vm.deployment,
    instance_name: vm.instance,
    ip_addresses: vm.ips,
    orphaned_at: utc(vm.orphanedMs),
  }));

/** The routes of VMs. */
export const VMS: readonly DirectorRoute[] = [
  route("DELETE", "/vms/:cid", {}, deleteVm),
  route("GET", "/orphaned_vms", {}, (context) => json(200, orphanedVms(context))),
];
