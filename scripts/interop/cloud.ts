import { WallDriver, wallNowMs } from "../../simulators/kernel/edge/drive.ts";
import { serve } from "../../simulators/kernel/edge/serve.ts";
import { Kernel } from "../../simulators/kernel/index.ts";
import { ADMIN } from "./furnish.ts";
import { CATALOG_TYPES, createOpenStack, CATALOG, SERVICE_NAMES } from "../../simulators/openstack/index.ts";

/** An OpenStack alone, on sockets of this machine. */
interface ListeningCloud {
  /** Where Keystone answers, with `/v3`. */
  readonly authUrl: string;
  /** Errors where nothing may throw: requests that the cloud answered with a defect of its own. */
  readonly crashes: readonly unknown[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Boots the services of OpenStack, and nothing else, each at a free port of 127.0.0.1. Work takes no time. */
export async function listenCloud(): Promise<ListeningCloud> {
  const kernel = new Kernel({ seed: "interop", startMs: wallNowMs(), journalEventsMax: 1000 });
  kernel.setPace("instant");
  const openstack = createOpenStack(kernel, { admin: ADMIN });
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
  const kept = ends.move();
  return { authUrl, crashes, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
