/*
 * A furnished cloud in a process of its own, for one client to be tried on by hand: it says in a line of JSON where it is, and ends on SIGTERM.
 */
import { once } from "node:events";
import { listenCloud } from "./cloud.ts";
import { furnish } from "./furnish.ts";

const cloud = await listenCloud();
console.log(JSON.stringify({ authUrl: cloud.authUrl, ...(await furnish(cloud.authUrl)) }));
await once(process, "SIGTERM");
for (const crash of cloud.crashes) console.error(crash);
await cloud.close();
process.exit(0);
