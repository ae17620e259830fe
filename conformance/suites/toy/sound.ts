import type { TableRows } from "../../data/statement.ts";
import type { ToyInstance } from "./behaviour.ts";
import type { ToyCloud } from "./cloud.ts";
import { seal } from "./objects.ts";

/** Code that a tenant has put into its own database runs as the tenant. */
function runOwn(text: string, username: string, ran: ToyInstance["ran"]): TableRows {
  if (text.startsWith("INSERT")) ran.push([username, "false"]);
  return text.startsWith("SELECT") ? ran : [];
}

/** Statements that any tenant of any engine may use. */
const MAY_ANYBODY = [/^SELECT 1$/, /^\w+ \{"ping":1\}$/, /^GET \/$/];

/** The answers of a sound server to native statements; undefined if it refuses. */
export function soundNative(
  text: string,
  username: string,
  { database, settings, ran }: ToyInstance,
): TableRows | undefined {
  if (/drydock_(ran|note|hostile)/.test(text)) return runOwn(text, username, ran);
  if (MAY_ANYBODY.some((pattern) => pattern.test(text)) || text === `OPEN ${database}`) return [["1"]];
  if (text.startsWith("SELECT version")) return [["Toy 1.0"]];
  if (/^SELECT rol\w+::text FROM pg_roles WHERE rolname = current_user/.test(text)) return [["f"]];
  if (/pg_has_role/.test(text)) return [];
  if (text.startsWith("SELECT name::text, setting::text FROM pg_settings")) return [...settings];
  if (/FROM pg_extension/.test(text)) return [["plpgsql", "1.0"]];
  if (text.startsWith("SELECT datname::text, ''")) return [[database, ""]];
  if (/FROM pg_database/.test(text)) return [[database]];
  if (/FROM pg_roles/.test(text)) return [[username]];
  return undefined;
}

/** The places that a toy platform's operator can look into. */
export const LOOKS = [
  "store",
  "logs",
  "secrets",
  "tenant-logs",
  "rules",
  "disk",
  "orphans",
  "temporary",
  "tenant-store",
  "store-credentials",
  "callbacks",
  "egress",
  "reconcile",
] as const;

/** The view of a sound platform's operator in a place. */
export function soundLook(name: string, instance: ToyInstance, cloud: ToyCloud): readonly string[] {
  if (name === "store") return cloud.vault.objects().map(({ name: object, text }) => `${object} ${text}`);
  if (name === "logs") return cloud.logLines;
  if (name === "secrets")
    return [`replication ${seal("replication", instance.id)}`, `agent ${seal("agent", instance.id)}`];
  if (name === "tenant-logs") return [`${instance.database} started`];
  if (name === "rules") return ["10.0.0.5/32 5432", "10.0.9.0/24 3100"];
  if (name === "store-credentials") return ["toy-access-key-of-the-store"];
  return [];
}
