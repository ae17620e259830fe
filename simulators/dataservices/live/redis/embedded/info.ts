import type { Dispatcher } from "./dispatcher.ts";
import { ENGINE_NAME, SERVER_NAME, VERSION } from "./identity.ts";

type Section = (dispatcher: Dispatcher) => readonly (readonly [string, string | number])[];

const SECTIONS: Readonly<Record<string, Section>> = {
  Server: ({ startedMs, nowMs }) => [
    ["redis_version", VERSION],
    ["server_name", SERVER_NAME],
    ["engine", ENGINE_NAME],
    ["redis_mode", "standalone"],
    ["arch_bits", 64],
    ["uptime_in_seconds", Math.floor((nowMs - startedMs) / 1000)],
  ],
  Clients: ({ sessions }) => [
    ["connected_clients", sessions.size],
    ["blocked_clients", [...sessions].filter(({ waiting }) => waiting !== undefined).length],
  ],
  Memory: ({ keyspace }) => [
    ["used_memory", keyspace.bytes()],
    ["maxmemory", keyspace.limit.bytesMax],
    ["maxmemory_policy", keyspace.limit.policy],
  ],
  Persistence: () => [
    ["loading", 0],
    ["rdb_bgsave_in_progress", 0],
    ["aof_enabled", 0],
  ],
  Stats: ({ commandsDone, sessions }) => [
    ["total_commands_processed", commandsDone],
    ["pubsub_channels", new Set([...sessions].flatMap(({ channels }) => [...channels])).size],
  ],
  Replication: () => [
    ["role", "master"],
    ["connected_slaves", 0],
  ],
  Cluster: () => [["cluster_enabled", 0]],
  Keyspace: ({ keyspace }) =>
    keyspace.databases.flatMap((database) => {
      const { size, index } = database;
      if (size === 0) return [];
      const expires = [...database.entries()].filter(([, , expiresMs]) => expiresMs !== undefined).length;
      return [[`db${index}`, `keys=${size},expires=${expires},avg_ttl=0`] as const];
    }),
};

/** The text of INFO: all sections, or the requested ones. */
export function infoOf(dispatcher: Dispatcher, names: readonly string[]): string {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const isWanted = (name: string): boolean =>
    wanted.size === 0 || ["default", "all", "everything", name.toLowerCase()].some((each) => wanted.has(each));
  return Object.entries(SECTIONS)
    .filter(([name]) => isWanted(name))
    .map(([name, section]) => [`# ${name}`, ...section(dispatcher).map(([field, value]) => `${field}:${value}`), ""])
    .map((lines) => lines.join("\r\n"))
    .join("\r\n");
}
