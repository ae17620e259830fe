import type { VmRequest } from "../cpi/cpi.ts";
import type { Body, Random } from "../../kernel/index.ts";
import { stemcellInZone } from "../configs/cpi-config.ts";
import { vmProperties, zoneCpiOf } from "../configs/cloud-config.ts";
import { audit, withAudit } from "../events/audit.ts";
import { bootVm, type VmOwner } from "../instances/boot.ts";
import { abandonVm } from "../instances/destroy-vm.ts";
import type { Deployment, Vm } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { releaseAddress, reserveAddress } from "./addresses.ts";
import { fillVariables, scopeIn } from "./fill-variables.ts";
import type { PendingPackage } from "./compile.ts";
import type { DeployPlan } from "./adopt.ts";

/** Does work on a VM that is created for it and always deleted afterwards. @throws CpiError, DirectorError */
export function* withCompilationVm(
  director: Director,
  task: Task,
  deployment: Deployment,
  plan: DeployPlan,
  pending: PendingPackage,
  work: Body,
): Body {
  const random = director.kernel.random("bosh/instances");
  director.slot.value.instanceRows++;
  const name = `compilation-${random.uuid()}/${random.uuid()}`;
  const owner = { deployment: deployment.name, instance: name };
  const { request, ips } = prepareVm(director, plan, pending, owner, random);
  const metadata = {
    director: director.name,
    deployment: deployment.name,
    name,
    instance_group: name.split("/")[0] ?? "",
  };
  const entry = { action: "create", type: "instance", name, ...owner };
  try {
    const scope = scopeIn(director, deployment.name, plan.variableSet);
    const makeRequest = (): VmRequest => ({
      ...request,
      cloudProperties: fillVariables(director, scope, request.cloudProperties),
    });
    const boot = bootVm(director, task, owner, { ...request, makeRequest }, stemcellOf(pending), metadata);
    const { cid } = yield* withAudit(director, task, entry, boot);
    try {
      yield* director.cpi.setVmMetadata(cid, { ...metadata, compiling: pending.each.name });
      yield* work;
    } finally {
      const parent = audit(director, task, { ...entry, action: "delete" });
      yield* abandonVm(director, task, owner, cid, ips);
      audit(director, task, { ...entry, action: "delete", parent });
    }
  } finally {
    for (const ip of ips) if (ip !== "") releaseAddress(director, ip);
  }
}

const stemcellOf = ({ stemcell: { name, version, apiVersion } }: PendingPackage): Vm["stemcell"] => ({
  name,
  version,
  apiVersion,
});

/** Reserves the address of a compilation VM and describes the VM to the CPI. @throws DirectorError 130011 */
function prepareVm(
  director: Director,
  { config }: DeployPlan,
  { stemcell }: PendingPackage,
  owner: VmOwner,
  random: Pick<Random, "uuid">,
): { readonly request: VmRequest; readonly ips: readonly string[] } {
  const { compilation } = config;
  const { az } = compilation;
  const network = config.networks.get(compilation.network);
  const holder = { ...owner, title: `${owner.instance} (0)`, az };
  const networks = network === undefined ? [] : [reserveAddress(director, network, holder, undefined, undefined)];
  const cloudProperties = { ...vmProperties(config, az, compilation, director.cpi), ...compilation.cloudProperties };
  const request = {
    agentId: random.uuid(),
    stemcellCid: stemcellInZone(director, stemcell, az, zoneCpiOf(config, az)).cid,
    cloudProperties,
    networks,
    env: compilation.env,
  };
  return { request, ips: networks.map(({ ip }) => ip) };
}
