const SCRIPTS = "scripts and functions";
const REPLICATION = "replication; an embedded engine has no replicas";
const CLUSTER = "clusters";

const REASONS: Readonly<Record<string, readonly string[]>> = {
  [SCRIPTS]: ["eval", "evalsha", "eval_ro", "evalsha_ro", "script", "fcall", "fcall_ro", "function"],
  [REPLICATION]: ["replicaof", "slaveof", "sync", "psync", "replconf", "failover"],
  [CLUSTER]: ["cluster", "asking", "readonly", "readwrite"],
  modules: ["module"],
  HyperLogLog: ["pfadd", "pfcount", "pfmerge", "pfdebug", "pfselftest"],
  "geographic indexes": [
    "geoadd",
    "geodist",
    "geohash",
    "geopos",
    "georadius",
    "georadius_ro",
    "georadiusbymember",
    "georadiusbymember_ro",
    "geosearch",
    "geosearchstore",
  ],
  "bit fields": ["bitfield", "bitfield_ro"],
  "the format of DUMP": ["dump", "restore", "restore-asking", "migrate"],
  "longest common subsequences": ["lcs"],
  "the files of a server": ["save", "bgsave", "bgrewriteaof", "lastsave", "shutdown"],
  "what shows a server's inside": ["debug", "latency", "slowlog", "memory", "monitor", "lolwut", "swapdb"],
};

/** Commands of the real server that are refused as "not simulated", with what they would need. */
export const NOT_SIMULATED: ReadonlyMap<string, string> = new Map(
  Object.entries(REASONS).flatMap(([why, names]) => names.map((name) => [name, why] as const)),
);
