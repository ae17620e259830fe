import { adminTeamsOf } from "../auth/scopes.ts";
import type { Config } from "../state/configs.ts";
import type { RequestContext } from "../wire/context.ts";
import { latestConfigs } from "./latest.ts";

/** Stores a new row, unless the newest one of this name holds the same text. */
export function saveConfig(context: RequestContext, type: string, name: string, content: string): Config {
  const { director, caller } = context;
  const latest = latestConfigs(director, type).find((each) => each.name === name);
  if (latest?.content === content) return latest;
  const { configs } = director.slot.value;
  const team = caller.scopes.includes("bosh.admin") ? null : (adminTeamsOf(caller)[0] ?? null);
  const config: Config = {
    id: configs.length + 1,
    type,
    name,
    content,
    createdMs: director.kernel.nowMs,
    team,
    deleted: false,
  };
  configs.push(config);
  director.kernel.record("bosh", "config.create", String(config.id), { type, name });
  return config;
}
