import type { DnsSettings } from "./settings.ts";
import { weightOf } from "../state/health.ts";
import type { NodeRow, PlacedService } from "../state/rows.ts";
import { addressBytes, hexLabel } from "../wire/codec/address.ts";
import { type Rr, TYPE } from "../wire/codec/types.ts";
import type { Lookup } from "./message.ts";
import { nodeAddressFor, serviceAddressFor } from "./locate.ts";
import { fqdnOf } from "../wire/codec/names.ts";
import { addressRecord, metaRecords } from "./records.ts";

/** The most records that following an alias adds to an answer without EDNS. */
const CHASED_RECORDS_MAX = 5;

/** Records of one instance: the answers and the additional ones. */
interface InstanceRecords {
  readonly answers: readonly Rr[];
  readonly extra: readonly Rr[];
}

const NOTHING: InstanceRecords = { answers: [], extra: [] };

/** Where instances are, and how their records are made. */
interface InstanceContext {
  readonly settings: DnsSettings;
  /** The datacenter of the instances. */
  readonly datacenter: string;
  /** TTL of the records, seconds. */
  readonly ttl: number;
  /** The records that a host name leads to. */
  readonly chase: (host: string) => readonly Rr[];
  /** Whether to use the addresses that are tagged for other datacenters. */
  readonly usesWan: boolean;
  /** The name of the requested port. */
  readonly port: string | undefined;
}

/** `web-1.node.dc1.consul.` */
export const nodeName = ({ name, peer }: NodeRow, datacenter: string, domain: string): string =>
  peer === undefined ? `${name}.node.${datacenter}.${domain}` : `${name}.node.${peer}.peer.${domain}`;

/** Answers with the addresses of instances, each once; with an alias only when no instance has an address. */
export function answerAddresses(lookup: Lookup, placed: readonly PlacedService[], context: InstanceContext): void {
  const { message } = lookup;
  const seen = new Set<string>();
  let alias: readonly Rr[] | undefined;
  for (const each of placed) {
    const { answers } = recordsOf(each, lookup, context);
    const [first] = answers;
    if (first === undefined) continue;
    if (first.type === TYPE.CNAME) {
      alias ??= answers;
      continue;
    }
    const address = first.type === TYPE.A || first.type === TYPE.AAAA ? first.address : "";
    if (seen.has(address)) continue;
    seen.add(address);
    message.answer.push(first);
    if (seen.size === context.settings.aRecordsMax) return;
  }
  if (message.answer.length === 0 && alias !== undefined) message.answer.push(...alias);
}

/**
 * Answers with an SRV for each instance, and with its addresses and its node's metadata as additional records. False if an instance lacks the port
 * requested by name.
 */
export function answerServices(lookup: Lookup, placed: readonly PlacedService[], context: InstanceContext): boolean {
  const { message } = lookup;
  const { settings, datacenter, ttl, port } = context;
  const { domain } = lookup;
  const seen = new Set<string>();
  for (const each of placed) {
    const { service, entry } = each;
    if (port !== undefined && portOf(service, port) === undefined) return false;
    const tuple = `${service.node}:${service.address}:${service.port}`;
    if (seen.has(tuple)) continue;
    seen.add(tuple);
    const { answers, extra } = recordsOf(each, lookup, context);
    message.answer.push(...answers);
    message.additional.push(...extra);
    if (settings.nodeMetaTxt)
      message.additional.push(...metaRecords(nodeName(entry.row, datacenter, domain), entry.row, ttl));
  }
  return true;
}

/** The port of a service by the name of the port. */
const portOf = ({ ports }: PlacedService["service"], name: string): number | undefined =>
  ports?.find(({ Name }) => Name === name)?.Port;

/** The records of one instance: an address, an alias, or an SRV with the addresses of its target. */
function recordsOf(placed: PlacedService, lookup: Lookup, context: InstanceContext): InstanceRecords {
  const { service, entry } = placed;
  const { name, type } = lookup.question;
  const nodeAddress = nodeAddressFor(entry.row, type, context.usesWan);
  const ownAddress = serviceAddressFor(service, type, context.usesWan);
  if (nodeAddress === "" && ownAddress === "") return NOTHING;
  const nodeBytes = addressBytes(nodeAddress);
  const ownBytes = ownAddress === "" ? undefined : addressBytes(ownAddress);
  // A service that is an alias of the very name requested has the address of its node.
  const isOwnAlias = nodeBytes !== undefined && ownAddress !== "" && fqdnOf(ownAddress) === name;
  const usesNode = ownAddress === "" || (ownBytes === undefined && isOwnAlias);
  const bytes = usesNode ? nodeBytes : ownBytes;
  if (bytes === undefined) return aliasRecords(placed, ownAddress || nodeAddress, lookup, context);
  const address = usesNode ? nodeAddress : ownAddress;
  const isMoved = usesNode && !isOwnAlias && nodeAddress !== entry.row.address;
  const target = type === TYPE.SRV ? targetOf(placed, usesNode && !isMoved, bytes, lookup.domain, context) : name;
  const record = addressRecord(target, bytes, address, type, context.ttl);
  if (record === undefined) return NOTHING;
  return type === TYPE.SRV
    ? { answers: [srvRecord(placed, name, target, context)], extra: [record] }
    : { answers: [record], extra: [] };
}

/** The target of an SRV: the node's name if that leads to the same address. */
function targetOf(
  { entry }: PlacedService,
  usesNodeName: boolean,
  bytes: readonly number[],
  domain: string,
  { datacenter }: InstanceContext,
): string {
  if (usesNodeName) return nodeName(entry.row, datacenter, domain);
  return entry.row.peer === undefined
    ? `${hexLabel(bytes)}.addr.${datacenter}.${domain}`
    : `${hexLabel(bytes)}.addr.${domain}`;
}

function srvRecord({ service, entry }: PlacedService, name: string, target: string, context: InstanceContext): Rr {
  const { ttl, port: portName, usesWan } = context;
  const own = portName === undefined ? service.port : (portOf(service, portName) ?? service.port);
  const port = (usesWan && service.taggedAddresses?.wan?.Port) || own;
  return { type: TYPE.SRV, name, ttl, priority: 1, weight: weightOf(entry, service), port, target };
}

function aliasRecords(placed: PlacedService, host: string, lookup: Lookup, context: InstanceContext): InstanceRecords {
  const { ttl, chase } = context;
  const { name, type } = lookup.question;
  const target = fqdnOf(host);
  const chased = chase(target)
    .filter((rr) => rr.type === TYPE.CNAME || rr.type === TYPE.A || rr.type === TYPE.AAAA)
    .slice(0, lookup.opt === undefined ? CHASED_RECORDS_MAX : undefined)
    .map((rr) => ({ ...rr, ttl }));
  if (type === TYPE.SRV) return { answers: [srvRecord(placed, name, target, context)], extra: chased };
  return { answers: [{ type: TYPE.CNAME, name, ttl, target }, ...chased], extra: [] };
}
