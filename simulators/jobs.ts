import { AGENT_PORT, CONSUL_HTTP_PORT } from "./addresses.ts";
import type { JobBehaviours, JobContext } from "./bosh/index.ts";
import type { DataServices } from "./dataservices/index.ts";
import type { Dns } from "./dns/index.ts";
import type { LocalNet } from "./kernel/edge/local.ts";
import type { Kernel } from "./kernel/index.ts";

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

/** What the jobs of the platform's releases do in this world when an agent starts or stops them. */
export function wireJobs({ kernel, net, dns, dataservices, behaviours }: Parts): void {
  behaviours.set("consul-server", {
    start: ({ ip }) => void net.attach(ip, CONSUL_HTTP_PORT, { service: dns.http }),
    stop: () => {},
  });
  behaviours.set("consul-agent", {
    start: (context) => register(dns, context),
    stop: (context, gone) => {
      if (gone) deregister(dns, context);
    },
  });
  for (const kind of ["postgresql", "redis", "mongodb"] as const) {
    behaviours.set(kind, {
      start: (context) => {
        dataservices.jobs[kind].start(context);
        net.attach(context.ip, AGENT_PORT, { service: dataservices.agent });
      },
      stop: (context, gone) => dataservices.jobs[kind].stop(context, gone),
      migrate: (_context, fromDisk, toDisk) => dataservices.copyDisk(fromDisk, toDisk),
    });
  }
  // The data on a volume goes with it. The journal says when, and the change is an event of its own.
  kernel.onTimer<{ disk: string }>("world/disk-gone", ({ disk }) => dataservices.destroyDisk(disk));
  kernel.journal.listen(({ source, kind, subject }) => {
    if (source === "cinder" && kind === "volume.gone") kernel.timer(0, "world/disk-gone", { disk: subject });
  });
}

/** @throws Error for properties that say no service */
function registrationOf({ node, service, alias, port }: JobContext["properties"]): Registration {
  if (typeof node === "string" && typeof service === "string" && typeof alias === "string" && typeof port === "number")
    return { node, service, alias, port };
  throw new Error("job consul-agent: properties need node, service and alias (texts) and port (a number)");
}

/** The Consul agent of a VM registers its node, its service, and on the first VM the alias that clients connect to. */
function register({ catalog }: Dns, { ip, index, bootstrap, properties }: JobContext): void {
  const { node, service, alias, port } = registrationOf(properties);
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
  if (bootstrap) catalog.registerNode(alias, ip);
}

function deregister({ catalog }: Dns, { index, bootstrap, ip, properties }: JobContext): void {
  const { node, alias } = registrationOf(properties);
  catalog.deregisterNode(`${node}-${index}`);
  if (bootstrap && catalog.node(alias)?.address === ip) catalog.deregisterNode(alias);
}
