import { WallDriver, wallNowMs } from "../../simulators/kernel/edge/drive.ts";
import { serve } from "../../simulators/kernel/edge/serve.ts";
import { createZoneServer } from "../../simulators/dns/index.ts";
import { serveDns } from "../../simulators/dns/live/server.ts";
import { Kernel } from "../../simulators/kernel/index.ts";
import { ADMIN } from "./furnish.ts";
import { CATALOG_TYPES, createOpenStack, CATALOG, SERVICE_NAMES } from "../../simulators/openstack/index.ts";
import { PublishedZones } from "../../simulators/zones.ts";

/** As the installations on which Neutron's plugin is run set them, whose classes keep more than the defaults allow. */
const QUOTAS = { router: 100, floatingip: 500, security_group: 150, security_group_rule: 1000, rbac_policy: 100 };

/** The name of the name server of the default pool. */
const NAME_SERVER = "ns1.example.org.";

/** An OpenStack alone, on sockets of this machine. */
interface ListeningCloud {
  /** Where Keystone answers, with `/v3`. */
  readonly authUrl: string;
  /** The name server that answers for what Designate serves: `127.0.0.1:5300`. */
  readonly nameServer: string;
  /** Errors where nothing may throw: requests that the cloud answered with a defect of its own. */
  readonly crashes: readonly unknown[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Boots the services of OpenStack, and nothing else, each at a free port of 127.0.0.1. Work takes no time. */
export async function listenCloud(): Promise<ListeningCloud> {
  const kernel = new Kernel({ seed: "interop", startMs: wallNowMs(), journalEventsMax: 1000 });
  kernel.setPace("instant");
  const openstack = createOpenStack(kernel, { admin: ADMIN, quotas: QUOTAS });
  const driver = new WallDriver(kernel);
  const crashes: unknown[] = [];
  await using ends = new AsyncDisposableStack();
  let authUrl = "";
  for (const name of SERVICE_NAMES) {
    const options = { host: "127.0.0.1", port: 0, report: (error: unknown) => crashes.push(error) };
    const served = await serve(openstack.services[name], driver, options);
    ends.defer(() => served.close());
    for (const type of CATALOG_TYPES) if (CATALOG[type].name === name) openstack.cloud.setEndpoint(type, served.url);
    if (name === "keystone") authUrl = `${served.url}/v3`;
  }
  const zones = new PublishedZones(openstack, () => kernel.nowMs, NAME_SERVER, "127.0.0.1");
  const dns = await serveDns(createZoneServer(kernel, { hosting: () => zones.hosting() }), driver, {
    host: "127.0.0.1",
    port: 0,
    report: (error) => crashes.push(error),
  });
  ends.defer(() => dns.close());
  const kept = ends.move();
  return { authUrl, nameServer: dns.address, crashes, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
