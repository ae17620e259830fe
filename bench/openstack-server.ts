/*
 * The serving side of the benchmarks of OpenStack, in a separate process: a bare server, and a cloud with a given number of servers. It reports on
 * standard output where they listen, and then, for each line on its standard input, how much CPU time it has used so far, in µs.
 */
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { WallDriver, wallNowMs } from "../simulators/kernel/edge/drive.ts";
import { serve } from "../simulators/kernel/edge/serve.ts";
import { vmCloud } from "./vm-cloud.ts";

const count = Number(process.argv[2] ?? 0);
const cloud = vmCloud(wallNowMs());
for (let each = 0; each < count; each++) cloud.create();
cloud.settle();
const bare = createServer((request, response) => {
  request.resume().on("end", () => response.end("hello"));
});
bare.keepAliveTimeout = 75_000;
bare.listen(0, "127.0.0.1");
await once(bare, "listening");
const driver = new WallDriver(cloud.kernel);
const nova = await serve(cloud.openstack.services.nova, driver, { host: "127.0.0.1", port: 0 });
const { servers } = cloud.openstack.state().nova;
const ids = [...servers.keys()];
const bareUrl = `http://127.0.0.1:${(bare.address() as AddressInfo).port}`;
console.log(
  JSON.stringify({
    bareUrl,
    url: nova.url,
    token: cloud.token,
    body: cloud.serverBody,
    ids: ids.slice(0, 1000),
    middle: ids[ids.length >> 1],
  }),
);
for await (const _line of createInterface({ input: process.stdin })) {
  const { user, system } = process.cpuUsage();
  console.log(String(user + system));
}
process.exit(0);
