import type { Body } from "../../kernel/index.ts";
import { vmProperties } from "../configs/cloud-config.ts";
import { optionalField } from "../configs/fields.ts";
import { audit, withAudit } from "../events/audit.ts";
import { bootVm } from "../instances/boot.ts";
import { abandonVm } from "../instances/destroy-vm.ts";
import type { Deployment } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";
import { releaseAddress, reserveAddress } from "./addresses.ts";
import type { PendingPackage } from "./compile.ts";
import type { InstanceGroup } from "./manifest.ts";
import type { DeployPlan } from "./adopt.ts";

export function* withCompilationVm(
  director: Director,
  task: Task,
  deployment: Deployment,
  plan: DeployPlan,
  need: PendingPackage,
  work: Body,
): Body {
  const random = director.kernel.random("bosh/instances");
  director.slot.value.instanceRows++;
  const instance = `compilation-${random.uuid()}/${random.uuid()}`;
  const owner = { deployment: deployment.name, instance };
  const { config } = plan;
  const az = optionalField(config.compilation, "az", "string") ?? "";
  const network = config.networks.get(optionalField(config.compilation, "network", "string") ?? "");
  const holder = { ...owner, title: `${instance} (0)`, az };
  const networks = network === undefined ? [] : [reserveAddress(director, network, holder, undefined, undefined)];
  const { name, version, apiVersion, cid: stemcellCid } = need.stemcell;
  const cloudProperties = vmProperties(config, az, compilationGroup(config.compilation), director.cpi);
  const request = { agentId: random.uuid(), stemcellCid, cloudProperties, networks, env: {} };
  const metadata = {
    director: director.name,
    deployment: deployment.name,
    name: instance,
    instance_group: instance.split("/")[0] ?? "",
  };
  const what = { action: "create", type: "instance", name: instance, ...owner };
  try {
    const boot = bootVm(director, task, owner, request, { name, version, apiVersion }, metadata);
    const { cid } = yield* withAudit(director, task, what, boot);
    try {
      yield* director.cpi.setVmMetadata(cid, { ...metadata, compiling: need.each.name });
      yield* work;
    } finally {
      const parent = audit(director, task, { ...what, action: "delete" });
      yield* abandonVm(
        director,
        task,
        owner,
        cid,
        networks.map(({ ip }) => ip),
      );
      audit(director, task, { ...what, action: "delete", parent });
    }
  } finally {
    for (const { ip } of networks) if (ip !== "") releaseAddress(director, ip);
  }
}

const compilationGroup = (compilation: Readonly<Record<string, unknown>>): InstanceGroup =>
  ({
    vmType: compilation.vm_type === undefined ? undefined : String(compilation.vm_type),
    vmResources: (compilation.vm_resources ??
      (compilation.cloud_properties === undefined ? undefined : {})) as InstanceGroup["vmResources"],
    vmExtensions: ((compilation.vm_extensions ?? []) as readonly unknown[]).map(String),
  }) as unknown as InstanceGroup;
