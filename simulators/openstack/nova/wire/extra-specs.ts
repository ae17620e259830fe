import { badRequest } from "./errors.ts";

/*
 * What the extra specs of flavors may be from 2.86 on (nova, `api/validation/extra_specs`): those of the namespaces `hw` and `quota`, and
 * what is sure of others.
 */

type Check =
  | { readonly type: "bool" }
  | { readonly type: "int"; readonly min?: number }
  | { readonly type: "enum"; readonly values: readonly string[] }
  | { readonly type: "pattern"; readonly pattern: string };

const BOOL: Check = { type: "bool" };
const INT: Check = { type: "int" };
const COUNT: Check = { type: "int", min: 1 };
const NOT_NEGATIVE: Check = { type: "int", min: 0 };
const oneOf = (...values: readonly string[]): Check => ({ type: "enum", values });
const CPUS: Check = { type: "pattern", pattern: String.raw`\^?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*` };

const HW: Readonly<Record<string, Check>> = {
  "hw:cpu_realtime": BOOL,
  "hw:cpu_realtime_mask": { type: "pattern", pattern: String.raw`(\^)?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*` },
  "hw:hide_hypervisor_id": BOOL,
  "hw:cpu_policy": oneOf("dedicated", "shared", "mixed"),
  "hw:cpu_thread_policy": oneOf("prefer", "isolate", "require"),
  "hw:emulator_threads_policy": oneOf("isolate", "share"),
  "hw:cpu_dedicated_mask": CPUS,
  "hw:mem_page_size": { type: "pattern", pattern: String.raw`(large|small|any|\d+([kKMGT]i?)?(b|bit|B)?)` },
  "hw:numa_nodes": COUNT,
  "hw:pci_numa_affinity_policy": oneOf("required", "preferred", "legacy", "socket"),
  "hw:cpu_sockets": COUNT,
  "hw:cpu_cores": COUNT,
  "hw:cpu_threads": COUNT,
  "hw:max_cpu_sockets": COUNT,
  "hw:max_cpu_cores": COUNT,
  "hw:max_cpu_threads": COUNT,
  "hw:boot_menu": BOOL,
  "hw:mem_encryption": BOOL,
  "hw:pmem": { type: "pattern", pattern: "([a-zA-Z0-9_]+(,)?)+" },
  "hw:pmu": BOOL,
  "hw:serial_port_count": NOT_NEGATIVE,
  "hw:tpm_model": oneOf("tpm-tis", "tpm-crb"),
  "hw:tpm_version": oneOf("1.2", "2.0"),
  "hw:watchdog_action": oneOf("none", "pause", "poweroff", "reset", "disabled"),
};

const QUOTA: Readonly<Record<string, Check>> = Object.fromEntries([
  ...["cpu", "memory", "disk_io", "vif"].flatMap((what) =>
    ["limit", "reservation", "shares_share"].map((key) => [`quota:${what}_${key}`, INT] as const),
  ),
  ...["shares", "period", "quota"].map((key) => [`quota:cpu_${key}`, NOT_NEGATIVE] as const),
  ...["read", "write", "total"].flatMap((way) =>
    ["bytes", "iops"].map((metric) => [`quota:disk_${way}_${metric}_sec`, NOT_NEGATIVE] as const),
  ),
  ...["inbound", "outbound"].flatMap((way) =>
    ["average", "peak", "burst"].map((metric) => [`quota:vif_${way}_${metric}`, NOT_NEGATIVE] as const),
  ),
]);

const CHECKS: ReadonlyMap<string, Check> = new Map([...Object.entries(HW), ...Object.entries(QUOTA)]);
/** Names with a number in them. */
const NUMBERED: readonly (readonly [name: RegExp, check: Check])[] = [
  [/^hw:numa_cpus\.\d+$/, CPUS],
  [/^hw:numa_mem\.\d+$/, COUNT],
];
/** Texts of these are anything. */
const FREE = /^quota:(cpu|memory|disk_io|vif)_shares_level$/;
/** Namespaces whose every name is in the tables above. */
const KNOWN_NAMESPACES: readonly string[] = ["hw", "quota"];

const BOOLEAN_WORDS = ["1", "t", "true", "on", "y", "yes", "0", "f", "false", "off", "n", "no"];

function whyNot(check: Check, value: string): string | undefined {
  switch (check.type) {
    case "bool":
      return BOOLEAN_WORDS.includes(value.trim().toLowerCase())
        ? undefined
        : `'${value}' is not a valid boolean-like value.`;
    case "int":
      if (!/^\s*[+-]?\d+(_\d+)*\s*$/.test(value)) return `'${value}' is not a valid integer value.`;
      return check.min !== undefined && Number(value) < check.min
        ? `'${Number(value)}' is less than the min value of '${check.min}'.`
        : undefined;
    case "enum":
      return check.values.includes(value) ? undefined : `'${value}' is not one of: ${check.values.join(", ")}.`;
    case "pattern":
      return isOfPattern(check.pattern, value) ? undefined : `'${value}' is not of the format '${check.pattern}'.`;
  }
}

/** Characters of a value: longer ones don't pass the schema of the body. */
const VALUE_CHARS_MAX = 255;

/** Whether a list of CPUs, of labels or a size of pages has its form; read by its parts, as the patterns would look back. */
function isOfPattern(pattern: string, value: string): boolean {
  if (value.length > VALUE_CHARS_MAX) return false;
  if (pattern.startsWith("(large")) return /^(?:large|small|any|\d{1,255}(?:[kKMGT]i?)?(?:b|bit|B)?)$/.test(value);
  if (pattern.startsWith("([a-z"))
    return value
      .split(",")
      .every((label, at, all) => /^\w+$/.test(label) || (label === "" && at > 0 && at === all.length - 1));
  return value.split(",").every((range) => /^\^?\d+(?:-\d+)*$/.test(range));
}

/** Checks one extra spec. @throws Refusal 400 */
export function checkExtraSpec(name: string, value: string): void {
  const check = CHECKS.get(name) ?? NUMBERED.find(([pattern]) => pattern.test(name))?.[1];
  if (check === undefined) {
    const [namespace = ""] = name.split(":");
    if (!name.includes(":") || FREE.test(name) || !KNOWN_NAMESPACES.includes(namespace)) return;
    throw badRequest(`Validation failed; extra spec '${name}' does not appear to be a valid extra spec.`);
  }
  const why = whyNot(check, value);
  if (why !== undefined) throw badRequest(`Validation failed; ${why}`);
}
