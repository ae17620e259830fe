import type { Body } from "../../kernel/index.ts";
import { actionFailure } from "../agent/calls.ts";
import { CpiError, type VmRequest } from "../cpi/cpi.ts";
import { withAudit } from "../events/audit.ts";
import { agentFault } from "../faults.ts";
import type { Vm } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { DirectorError } from "../wire/errors.ts";
import { abandonVm } from "./destroy-vm.ts";

/** The owner of a VM: an instance of a deployment, or a compilation worker. */
export interface VmOwner {
  readonly deployment: string;
  /** `group/uuid`. */
  readonly instance: string;
}

/** The VM to create. */
interface VmPlan extends Pick<VmRequest, "agentId" | "networks"> {
  /** The rest, resolved when the VM is created. @throws DirectorError for what can't be resolved */
  readonly makeRequest: () => VmRequest;
}

/**
 * Calls create_vm with its retries, then pings the new agent. Returns the VM; deletes one that does not come up.
 *
 * @throws CpiError, DirectorError 450002
 */
export function* bootVm(
  director: Director,
  task: Task,
  owner: VmOwner,
  { agentId, networks, makeRequest }: VmPlan,
  stemcell: Vm["stemcell"],
  metadata: Readonly<Record<string, string>>,
): Body<Vm> {
  const { kernel, cpi } = director;
  const create = tryCreate(director, makeRequest);
  const cid = yield* withAudit(director, task, { action: "create", type: "vm", ...owner }, create, (made) => made);
  const ips = networks.map(({ ip }) => ip);
  kernel.record("bosh", "vm.create", cid, { deployment: owner.deployment, instance: owner.instance, ips });
  const vm: Vm = {
    cid,
    agentId,
    createdMs: kernel.nowMs,
    stemcell,
    jobState: "running",
    isSupervised: false,
    mountedDisk: null,
    jobs: [],
    outputs: {},
  };
  try {
    yield* cpi.setVmMetadata(cid, metadata);
    yield* awaitFirstPing(director, owner, vm, metadata.index ?? "0");
  } catch (error) {
    yield* abandonVm(director, task, owner, cid, ips);
    throw error;
  }
  return vm;
}

function* tryCreate(director: Director, makeRequest: VmPlan["makeRequest"]): Body<string> {
  const request = makeRequest();
  for (let tried = 1; ; tried++) {
    try {
      return yield* director.cpi.createVm(request);
    } catch (error) {
      if (!(error instanceof CpiError) || !error.retryable || tried === CREATE_TRIES) throw error;
    }
  }
}

/** Waits for a new agent. The limit is not scaled by the pace, the boot is. @throws DirectorError 450001, 450002 */
function* awaitFirstPing(director: Director, owner: VmOwner, vm: Vm, index: string): Body {
  const { kernel, cpi } = director;
  const waitMs = director.options.agentWaitMs ?? 600_000;
  const answerMs = kernel.work(kernel.random("bosh/agent").lognormal(cpi.bootMs, 0.4));
  const [group = "", id = ""] = owner.instance.split("/");
  const effect = agentFault(kernel, "ping", { ...owner, group, id, index, vm: vm.cid });
  yield Math.min(answerMs, waitMs);
  if (effect?.kind === "error") throw actionFailure(director, effect.message);
  if (cpi.isAlive(vm.cid) && effect?.kind !== "stuck" && answerMs <= waitMs) return;
  yield Math.max(0, waitMs - answerMs);
  throw new DirectorError(
    450002,
    `Timed out pinging VM '${vm.cid}' with agent '${vm.agentId}' after ${waitMs / 1000} seconds`,
  );
}

const CREATE_TRIES = 5;
