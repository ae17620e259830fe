import type { Meta, ServicePort, Weights } from "../state/rows.ts";
import { addressBytes } from "../wire/codec/address.ts";
import { type ServiceFields } from "../wire/shapes.ts";

const META_PAIRS_MAX = 64;
const META_KEY_CHARACTERS_MAX = 128;
const META_VALUE_CHARACTERS_MAX = 512;
const WEIGHT_MAX = 65_535;

/** The error in metadata, in Consul's words. */
export function metaError(meta: Meta): string | undefined {
  const pairs = Object.entries(meta ?? {});
  if (pairs.length > META_PAIRS_MAX) return `Node metadata cannot contain more than ${META_PAIRS_MAX} key/value pairs`;
  for (const [key, value] of pairs) {
    const why = pairError(key, value);
    if (why !== undefined) return `Couldn't load metadata pair ('${key}', '${value}'): ${why}`;
  }
  return undefined;
}

function pairError(key: string, value: string): string | undefined {
  if (key === "") return "Key cannot be blank";
  if (!/^[a-zA-Z0-9_-]+$/.test(key)) return "Key contains invalid characters";
  if (key.length > META_KEY_CHARACTERS_MAX) return `Key is too long (limit: ${META_KEY_CHARACTERS_MAX} characters)`;
  if (key.startsWith("consul-")) return "Key prefix 'consul-' is reserved for internal use";
  return value.length > META_VALUE_CHARACTERS_MAX
    ? `Value is too long (limit: ${META_VALUE_CHARACTERS_MAX} characters)`
    : undefined;
}

/** The error in weights, in Consul's words. */
export function weightsError({ passing, warning }: Weights): string | undefined {
  if (passing < 1) return "Passing must be greater than 0";
  if (warning < 0) return "Warning must be greater or equal than 0";
  return passing > WEIGHT_MAX || warning > WEIGHT_MAX ? "DNS Weight must be between 0 and 65535" : undefined;
}

/** The weights that a registration gives; 1 and 1 by default. */
export function weightsOf(fields: ServiceFields["Weights"]): Weights {
  return fields === undefined
    ? { passing: 1, warning: 1 }
    : { passing: fields.Passing ?? 0, warning: fields.Warning ?? 0 };
}

/** The wildcard address, which no service can have. */
export const isAnyAddress = (address: string): boolean =>
  addressBytes(address.replace(/^\[(.*)\]$/, "$1"))?.every((byte) => byte === 0) ?? false;

/** The first error in named ports. */
export function portsError(ports: readonly ServicePort[]): string | undefined {
  const names = new Set<string>();
  for (const { Name, Port } of ports) {
    if (Name === "") return "Ports.Name cannot be empty";
    if (Port <= 0) return "Ports.Port must be greater than zero";
    if (names.has(Name)) return `Ports.Name "${Name}" has to be unique`;
    names.add(Name);
  }
  const defaults = ports.filter(({ Default }) => Default).length;
  if (ports.length > 0 && defaults === 0) return "One of the Ports must be marked as Default";
  return defaults > 1 ? "Only one of the Ports can be marked as Default" : undefined;
}
