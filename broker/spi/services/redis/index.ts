import { EVERY_SERVICE, uriOf } from "../parameters.ts";
import type { Recipe } from "../service.ts";

/** Redis: the keys of a9s KeyValue, with those of the older a9s Redis beside them. */
export const REDIS: Recipe = {
  kind: "redis",
  product: "Redis",
  digit: "2",
  versions: [{ name: "a9s-redis", version: "7" }],
  topology: "replica",
  tags: ["key-value", "cache"],
  role: "redis",
  port: 6379,
  aliasOf: (deployment) => `${deployment}-master`,
  limits: {
    nano: { maxmemory: "128mb", maxclients: 64, disk_mb: 512 },
    small: { maxmemory: "256mb", maxclients: 128, disk_mb: 1024 },
    medium: { maxmemory: "512mb", maxclients: 256, disk_mb: 2048 },
    big: { maxmemory: "1gb", maxclients: 512, disk_mb: 4096 },
  },
  changeable: {
    ...EVERY_SERVICE,
    maxmemory_policy: {
      type: "string",
      enum: ["noeviction", "allkeys-lru", "allkeys-lfu", "volatile-lru", "volatile-lfu", "volatile-ttl"],
      description: "What is evicted when memory is full.",
    },
  },
  lasting: {},
  growing: [],
  credentials: (login) => {
    const { host, hosts, port, username, password, cacrt } = login;
    const keys = { host, hosts, port, username, password, valkey: { username, password, port } };
    // The path of a Redis uri is the number of a database.
    const uri = uriOf(cacrt === undefined ? "redis" : "rediss", login, "0");
    return { ...keys, uri, ...(cacrt !== undefined && { cacrt }) };
  },
};
