import { AGENT_PORT, CONSUL_HTTP_PORT } from "./addresses.ts";
import type { JobBehaviours } from "./bosh/index.ts";
import { ConsulAgents } from "./consul-agents.ts";
import type { DataServices } from "./dataservices/index.ts";
import type { Dns } from "./dns/index.ts";
import type { LocalNet } from "./kernel/edge/local.ts";
import type { Kernel, Slot } from "./kernel/index.ts";

interface Parts {
  readonly kernel: Kernel;
  readonly net: LocalNet;
  readonly dns: Dns;
  readonly dataservices: DataServices;
  readonly behaviours: JobBehaviours;
}

/** The behaviours of the platform's jobs in this world when an agent starts or stops them. */
export function defineJobBehaviours({ kernel, net, dns, dataservices, behaviours }: Parts): void {
  const agents = new ConsulAgents(kernel, dns, dataservices);
  behaviours.set("consul-server", {
    start: ({ ip }) => void net.attach(ip, CONSUL_HTTP_PORT, { service: dns.http }),
    stop: () => {},
  });
  behaviours.set("consul-agent", {
    start: (context) => agents.start(context),
    stop: (context, gone) => agents.stop(context, gone),
  });
  /** The VMs that run data services, by address. */
  const vms = kernel.slot("world/data-vms", new Map<string, string>());
  for (const kind of ["postgresql", "redis", "mongodb"] as const) {
    behaviours.set(kind, {
      start: (context) => {
        vms.value.set(context.ip, context.vmCid);
        dataservices.jobs[kind].start(context);
        net.attach(context.ip, AGENT_PORT, { service: dataservices.agent });
        agents.checkSoon(context.ip);
      },
      stop: (context, gone) => {
        dataservices.jobs[kind].stop(context, gone);
        if (!gone) agents.checkSoon(context.ip);
      },
      migrate: (_context, fromDisk, toDisk) => dataservices.copyDisk(fromDisk, toDisk),
    });
  }
  followLosses(kernel, dataservices, vms, agents);
}

/**
 * The losses of a data service with its VM and its volume: the journal says when, and each change is a
 * separate event.
 */
function followLosses(
  kernel: Kernel,
  dataservices: DataServices,
  vms: Slot<Map<string, string>>,
  agents: ConsulAgents,
): void {
  // A data service ends with its VM, long before the director learns of it.
  kernel.onTimer<{ vm: string }>("world/vm-gone", ({ vm }) => {
    for (const [address, each] of vms.value) {
      if (each !== vm) continue;
      vms.value.delete(address);
      agents.lose(address);
      const instance = dataservices.at(address);
      if (instance !== undefined) dataservices.stop(address, instance.kind, true);
    }
  });
  // The data on a volume is lost with it. The journal says when, and the change is an event of its own.
  kernel.onTimer<{ disk: string }>("world/disk-gone", ({ disk }) => dataservices.destroyDisk(disk));
  kernel.journal.listen(({ source, kind, subject }) => {
    if (source === "cinder" && kind === "volume.gone") kernel.timer(0, "world/disk-gone", { disk: subject });
    if (source === "nova" && (kind === "server.terminate" || kind === "server.gone"))
      kernel.timer(0, "world/vm-gone", { vm: subject });
  });
}
