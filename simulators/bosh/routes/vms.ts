import type { HttpReply } from "../../kernel/index.ts";
import { startTask } from "../tasks/queue.ts";
import type { RequestContext } from "../wire/context.ts";
import { redirectToTask } from "../wire/replies.ts";
import { utc } from "../wire/times.ts";

export function deleteVm(context: RequestContext): HttpReply {
  const { director, caller, params } = context;
  return redirectToTask(
    context,
    startTask(director, {
      type: "delete_vm",
      description: `delete vm ${params.cid}`,
      user: caller.user,
      job: { kind: "delete_vm", args: { cid: params.cid } },
    }),
  );
}

export const orphanedVms = ({ director }: RequestContext): readonly object[] =>
  [...director.slot.value.orphanVms.values()].map((vm) => ({
    az: vm.az,
    cid: vm.cid,
    deployment_name: vm.deployment,
    instance_name: vm.instance,
    ip_addresses: vm.ips,
    orphaned_at: utc(vm.orphanedMs),
  }));
