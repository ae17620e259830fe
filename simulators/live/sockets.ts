import { CONSUL_HTTP_PORT, CONTROL_PORT } from "../addresses.ts";
import { createControl } from "../control/api.ts";
import { LivePlane, type LivePlaneOptions } from "../dataservices/live/index.ts";
import { type OpenNames, openNames } from "./names.ts";
import type { Exchange } from "../kernel/edge/exchanges.ts";
import { type Served, serve } from "../kernel/edge/serve.ts";
import { PasswordThrottle } from "../kernel/edge/throttle.ts";
import type { Endpoint, World } from "../world.ts";
import { admissionAt } from "./admission.ts";
import { listenError } from "./errors.ts";
import type { TlsKeys } from "./keys.ts";

export {
  absentServers,
  endKeptServers,
  majorsHere,
  type ServedKind,
  type ServedKinds,
  servedKinds,
  whyNoServer,
} from "../dataservices/live/index.ts";

interface SocketsOptions {
  readonly tls: Pick<TlsKeys, "key" | "cert">;
  /** The bearer token that each request to the control API must carry. */
  readonly controlToken: string;
  /** Where the disks of data services outlive the process. Default: they go with it. */
  readonly keptDisks?: LivePlaneOptions["kept"];
  /** Called with what a handler threw, and with failures of the live plane. */
  readonly report: (error: unknown) => void;
  /** Whether names are also answered at `::1`. Default false. */
  readonly ipv6?: boolean;
  /** Name servers, as `address:port`, that are notified of each change of a zone and may transfer it. Default none. */
  readonly secondaries?: readonly string[];
  /** Called with each request that a service has answered, except those to the control API, which is not part of the cloud. Default: nothing is called. */
  readonly hear?: (service: string, exchange: Exchange) => void;
}

/** A world that listens on sockets. */
export interface Sockets {
  /** The real servers behind its data services. */
  readonly plane: LivePlane;
  /** Where names are answered. */
  readonly names: OpenNames["addresses"];
  close(): Promise<void>;
}

/** Consul and the control API are endpoints only of a live world: in process, one is reached through the job of a VM, the other directly. */
function endpointsOf(world: World, token: string): readonly Endpoint[] {
  const { kernel, plan, dns } = world;
  const access = { token, hosts: [`${plan.control}:${CONTROL_PORT}`] };
  const control = createControl({ kernel, findBrokenLaws: () => world.findBrokenLaws() }, access);
  return [
    ...world.endpoints(),
    { name: "consul", service: dns.http, address: plan.consul, port: CONSUL_HTTP_PORT, tls: false },
    { name: "control", service: control, address: plan.control, port: CONTROL_PORT, tls: false },
  ];
}

/**
 * Listens at every endpoint of the world. The security groups of the VM there decide on each connection; real servers stand behind the data
 * services. When one can't listen, the others are closed.
 *
 * @throws LiveError LIVE_PORT_TAKEN, LIVE_NO_LOOPBACK
 */
export async function openSockets(world: World, options: SocketsOptions): Promise<Sockets> {
  await using ends = new AsyncDisposableStack();
  const plane = await openPlane(world, options);
  ends.defer(() => plane.close());
  const names = await openNames(world, options);
  ends.defer(() => names.close());
  const opening = endpointsOf(world, options.controlToken).map((endpoint) => listen(world, endpoint, options));
  const settled = await Promise.allSettled(opening);
  for (const each of settled) if (each.status === "fulfilled") ends.defer(() => each.value.close());
  for (const each of settled) if (each.status === "rejected") throw each.reason;
  const kept = ends.move();
  return { plane, names: names.addresses, close: () => kept.disposeAsync() };
}

const openPlane = ({ dataservices, driver }: World, { report, keptDisks }: SocketsOptions): Promise<LivePlane> =>
  LivePlane.open({
    services: dataservices,
    driver,
    onTrouble: (_address, error) => report(error),
    kept: keptDisks,
  });

export { admissionAt } from "./admission.ts";

async function listen(world: World, endpoint: Endpoint, { tls, report, hear }: SocketsOptions): Promise<Served> {
  const { name, service, address, port } = endpoint;
  const admits = admissionAt(world, address, port);
  try {
    const throttle = new PasswordThrottle();
    const heard = hear !== undefined && address !== world.plan.control;
    const options = {
      host: address,
      port,
      admits,
      report,
      throttle,
      ...(endpoint.tls && { tls }),
      ...(heard && { hear: (exchange: Exchange) => hear(name, exchange) }),
    };
    return await serve(service, world.driver, options);
  } catch (error) {
    throw listenError(error, name, address, port);
  }
}
