import type { Instance } from "../../state.ts";

/** The settings that a plan and an instance's parameters imply for its server, in terms of redis.conf. */
export interface RedisSettings {
  /** The memory limit for data, such as `64mb`; 0 for none. */
  readonly maxmemory: string;
  readonly "maxmemory-policy": string;
  readonly maxclients: string;
}

const POLICY = /^(noeviction|(allkeys|volatile)-(lru|lfu|random)|volatile-ttl)$/;
const MEMORY = /^\d{1,12}(k|m|g|kb|mb|gb)?$/i;
const COUNT = /^[1-9]\d{0,4}$/;

/** The settings of an instance by its job's properties `maxmemory`, `maxmemory_policy` and `maxclients`. */
export function settingsOf({ parameters }: Instance): RedisSettings {
  const settingOf = (name: string, pattern: RegExp, otherwise: string): string => {
    const text = String(parameters[name] ?? otherwise);
    return pattern.test(text) ? text : otherwise;
  };
  return {
    maxmemory: settingOf("maxmemory", MEMORY, "256mb"),
    "maxmemory-policy": settingOf("maxmemory_policy", POLICY, "noeviction"),
    maxclients: settingOf("maxclients", COUNT, "1000"),
  };
}
