import type { ConfigEntry } from "./store.ts";
import { structIn, textIn } from "./fields.ts";

/** Entries that can be looked up. */
export interface EntryLookup {
  get(kind: string, name: string): ConfigEntry | undefined;
}

/** The default protocol of services. */
function defaultProtocolIn(entries: EntryLookup): string | undefined {
  const fields = entries.get("proxy-defaults", "global")?.fields;
  const protocol = textIn((fields && structIn(fields, "Config")) ?? {}, "protocol");
  return protocol === "" ? undefined : protocol;
}

/** The protocol of a service. */
export function protocolIn(entries: EntryLookup, service: string): string {
  const fields = entries.get("service-defaults", service)?.fields;
  return (fields && textIn(fields, "Protocol")) || (defaultProtocolIn(entries) ?? "tcp");
}
