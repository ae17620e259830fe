import { CONSUL_DNS_PORT, DNS_PORT, HIGH_DNS_PORT } from "../addresses.ts";
import type { NameServer } from "../dns/index.ts";
import { type ServedDns, serveDns } from "../dns/live/server.ts";
import { sendNotifications } from "../dns/live/notify.ts";
import type { World } from "../world.ts";
import { admissionAt } from "./admission.ts";
import { codeOf, listenError } from "./errors.ts";

/** A name server, and where it listens. */
interface Face {
  readonly name: string;
  readonly server: NameServer;
  readonly address: string;
  /** Where any user may listen. */
  readonly port: number;
  /** At `::1`, which all of them share. */
  readonly portOfSix: number;
  readonly admits: (source: string) => boolean;
}

/** Where names are answered, over UDP and TCP: `host:port`. */
interface NameAddresses {
  readonly consul: string;
  readonly bosh: string;
  readonly zones: string;
  /** Whether each also listens on port 53; if not, why. */
  readonly port53: { readonly is: true } | { readonly is: false; readonly why: string };
  /** The same at `::1`, where that was asked for. */
  readonly ipv6: { readonly consul: string; readonly bosh: string; readonly zones: string } | undefined;
}

/** Name servers that are listening. */
export interface OpenNames {
  readonly addresses: NameAddresses;
  close(): Promise<void>;
}

interface NamesOptions {
  readonly report: (error: unknown) => void;
  readonly ipv6?: boolean;
  readonly secondaries?: readonly string[];
}

const IPV6_LOOPBACK = "::1";

function facesOf(world: World): readonly Face[] {
  const { dns, names, plan } = world;
  const anybody = (): boolean => true;
  const consul = plan.consul;
  return [
    {
      name: "consul-dns",
      server: dns,
      address: consul,
      port: CONSUL_DNS_PORT,
      portOfSix: CONSUL_DNS_PORT,
      admits: admissionAt(world, consul, CONSUL_DNS_PORT),
    },
    {
      name: "bosh-dns",
      server: names.boshDns,
      address: plan.boshDns,
      port: HIGH_DNS_PORT,
      portOfSix: HIGH_DNS_PORT,
      admits: anybody,
    },
    {
      name: "name-server",
      server: names.nameServer,
      address: plan.nameServer,
      port: HIGH_DNS_PORT,
      portOfSix: HIGH_DNS_PORT + 1,
      admits: anybody,
    },
  ];
}

/**
 * Listens for questions on each server's own port, on port 53 if this user may, and at `::1` if that is wanted.
 *
 * @throws LiveError LIVE_PORT_TAKEN, LIVE_NO_LOOPBACK
 */
export async function openNames(world: World, options: NamesOptions): Promise<OpenNames> {
  await using ends = new AsyncDisposableStack();
  const faces = facesOf(world);
  const open = async ({ server, admits }: Face, host: string, port: number): Promise<ServedDns> => {
    const { report } = options;
    // A client of this machine that uses IPv6 is treated as an application.
    const admitsAny = (source: string): boolean => admits(source === IPV6_LOOPBACK ? world.plan.applications : source);
    const served = await serveDns(server, world.driver, { host, port, admits: admitsAny, report });
    ends.defer(() => served.close());
    return served;
  };
  const must = async (face: Face, host: string, port: number): Promise<string> => {
    try {
      return (await open(face, host, port)).address;
    } catch (error) {
      throw listenError(error, face.name, host, port);
    }
  };
  const [consul = "", bosh = "", zones = ""] = await all(faces, (face) => must(face, face.address, face.port));
  const refusals = await all(faces, (face) => open(face, face.address, DNS_PORT).then(() => undefined, codeOf));
  const six = options.ipv6 === true ? await all(faces, (face) => must(face, IPV6_LOOPBACK, face.portOfSix)) : undefined;
  const stop = sendNotifications(world.kernel, options.secondaries ?? [], options.report);
  ends.defer(stop);
  const why = refusals.find((code) => code !== undefined);
  const kept = ends.move();
  return {
    addresses: {
      consul,
      bosh,
      zones,
      port53: why === undefined ? { is: true } : { is: false, why },
      ipv6: six && { consul: six[0] ?? "", bosh: six[1] ?? "", zones: six[2] ?? "" },
    },
    close: () => kept.disposeAsync(),
  };
}

/** One after the other, so that what fails first is always the same. */
async function all<T>(faces: readonly Face[], work: (face: Face) => Promise<T>): Promise<readonly T[]> {
  const results: T[] = [];
  for (const face of faces) results.push(await work(face));
  return results;
}
