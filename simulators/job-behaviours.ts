import { AGENT_PORT, CONSUL_HTTP_PORT } from "./addresses.ts";
import type { JobBehaviours, JobContext } from "./bosh/index.ts";
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

/** What a `consul-agent` job's properties say of the service beside it. */
interface Registration {
  readonly node: string;
  readonly service: string;
  readonly alias: string;
  readonly port: number;
}

/** The aliases that Consul agents register where the primary is, by address of the VM. */
type Aliases = Slot<Map<string, string>>;

/** What the jobs of the platform's releases do in this world when an agent starts or stops them. */
export function defineJobBehaviours({ kernel, net, dns, dataservices, behaviours }: Parts): void {
  const aliases: Aliases = kernel.slot("world/aliases", new Map());
  behaviours.set("consul-server", {
    start: ({ ip }) => void net.attach(ip, CONSUL_HTTP_PORT, { service: dns.http }),
    stop: () => {},
  });
  behaviours.set("consul-agent", {
    start: (context) => {
      const { alias } = register(dns, context);
      aliases.value.set(context.ip, alias);
      if (isPrimary(dataservices, context)) dns.catalog.registerNode(alias, context.ip);
    },
    stop: (context, gone) => {
      if (!gone) return;
      aliases.value.delete(context.ip);
      deregister(dns, context);
    },
  });
  dataservices.onPrimaryMoved((deployment, kind) => {
    const address = dataservices.primaryOf(deployment, kind)?.address ?? "";
    const alias = aliases.value.get(address);
    if (alias !== undefined) dns.catalog.registerNode(alias, address);
  });
  /** The VMs that run data services, by address. */
  const vms = kernel.slot("world/data-vms", new Map<string, string>());
  for (const kind of ["postgresql", "redis", "mongodb"] as const) {
    behaviours.set(kind, {
      start: (context) => {
        vms.value.set(context.ip, context.vmCid);
        dataservices.jobs[kind].start(context);
        net.attach(context.ip, AGENT_PORT, { service: dataservices.agent });
      },
      stop: (context, gone) => dataservices.jobs[kind].stop(context, gone),
      migrate: (_context, fromDisk, toDisk) => dataservices.copyDisk(fromDisk, toDisk),
    });
  }
  followLosses(kernel, dataservices, vms);
}

/** What a data service loses with its VM and its volume: the journal says when, and each change is an event of its own. */
function followLosses(kernel: Kernel, dataservices: DataServices, vms: Slot<Map<string, string>>): void {
  // A data service ends with its VM, long before the director learns of it.
  kernel.onTimer<{ vm: string }>("world/vm-gone", ({ vm }) => {
    for (const [address, each] of vms.value) {
      if (each !== vm) continue;
      vms.value.delete(address);
      const instance = dataservices.at(address);
      if (instance !== undefined) dataservices.stop(address, instance.kind, true);
    }
  });
  // The data on a volume goes with it. The journal says when, and the change is an event of its own.
  kernel.onTimer<{ disk: string }>("world/disk-gone", ({ disk }) => dataservices.destroyDisk(disk));
  kernel.journal.listen(({ source, kind, subject }) => {
    if (source === "cinder" && kind === "volume.gone") kernel.timer(0, "world/disk-gone", { disk: subject });
    if (source === "nova" && (kind === "server.terminate" || kind === "server.gone"))
      kernel.timer(0, "world/vm-gone", { vm: subject });
  });
}

/** @throws Error for properties that say no service */
function registrationOf({ node, service, alias, port }: JobContext["properties"]): Registration {
  if (typeof node === "string" && typeof service === "string" && typeof alias === "string" && typeof port === "number")
    return { node, service, alias, port };
  throw new Error("job consul-agent: properties need node, service and alias (texts) and port (a number)");
}

/** Does the VM carry the primary that clients are to connect to? Beside no data service, the first VM counts as one. */
function isPrimary(dataservices: DataServices, { ip, deployment, bootstrap }: JobContext): boolean {
  const instance = dataservices.at(ip);
  return instance === undefined ? bootstrap : dataservices.primaryOf(deployment, instance.kind)?.address === ip;
}

/** The Consul agent of a VM registers its node and its service; the alias that clients connect to is registered where the primary is. */
function register({ catalog }: Dns, { ip, index, properties }: JobContext): Registration {
  const registration = registrationOf(properties);
  const { node, service, port } = registration;
  const name = `${node}-${index}`;
  catalog.registerNode(name, ip);
  catalog.registerService({
    node: name,
    id: service,
    name: service,
    address: ip,
    port,
    tags: [],
    meta: {},
    weights: { passing: 1, warning: 1 },
  });
  return registration;
}

function deregister({ catalog }: Dns, { index, ip, properties }: JobContext): void {
  const { node, alias } = registrationOf(properties);
  catalog.deregisterNode(`${node}-${index}`);
  if (catalog.node(alias)?.address === ip) catalog.deregisterNode(alias);
}
