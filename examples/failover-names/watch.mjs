// What a client sees of a fail-over through a resolver that caches, beside what the cloud's own DNS says.
//
//   npx drydock up --node-ttl 5s
//   eval "$(npx drydock env)" && node watch.mjs d1a2b3c-psql-master-alias.node.dc1.consul
//
// Then end the primary (`bosh stop`, or a fault) and watch: the cache answers with the old address until the TTL is over.
import { Resolver } from "node:dns/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

/**
 * A resolver that keeps an answer for as long as its TTL says, as dnsmasq or unbound would. TTL 0 is never kept.
 *
 * @param {(name: string) => Promise<{ address: string, ttl: number } | undefined>} lookup asks the server
 * @param {() => number} nowMs
 */
export function cachingResolver(lookup, nowMs) {
  const kept = new Map();
  return async (name) => {
    const known = kept.get(name);
    if (known !== undefined && nowMs() < known.untilMs) return known.address;
    const found = await lookup(name);
    if (found === undefined) return undefined;
    kept.set(name, { address: found.address, untilMs: nowMs() + found.ttl * 1000 });
    return found.address;
  };
}

async function main([name], server) {
  if (name === undefined || server === undefined) {
    console.error('usage: eval "$(npx drydock env)" && node watch.mjs NAME');
    return 2;
  }
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  resolver.setServers([server]);
  const lookup = async (asked) => {
    try {
      return (await resolver.resolve4(asked, { ttl: true }))[0];
    } catch {
      return undefined;
    }
  };
  const cached = cachingResolver(lookup, Date.now);
  let last = "";
  for (;;) {
    const [now, seen] = [(await lookup(name))?.address ?? "nothing", (await cached(name)) ?? "nothing"];
    const line = `DNS says ${now}, a caching resolver ${seen}${now === seen ? "" : "   <- stale"}`;
    if (line !== last) console.log(`${new Date().toISOString()}  ${line}`);
    last = line;
    await sleep(250);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  process.exitCode = await main(process.argv.slice(2), process.env.DRYDOCK_DNS);
