/** Stands in for `dig +short @HOST -p PORT NAME` if the machine lacks it: asks this server over UDP and prints the addresses. */
import { Resolver } from "node:dns/promises";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  options: { port: { type: "string", short: "p" } },
  allowPositionals: true,
});
const server = positionals.find((each) => each.startsWith("@"))?.slice(1) ?? "127.0.0.1";
const name = positionals.find((each) => !/^[@+]/.test(each)) ?? "";
const resolver = new Resolver();
resolver.setServers([`${server}:${values.port ?? "53"}`]);
console.log((await resolver.resolve4(name)).join("\n"));
