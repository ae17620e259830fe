import type { DnsSettings } from "../behaviour/config.ts";
import { weightOf } from "../state/health.ts";
import type { NodeRow, PlacedService } from "../state/rows.ts";
import { addressBytes, hexLabel } from "../wire/codec/address.ts";
import { type Rr, TYPE } from "../wire/codec/types.ts";
import type { Lookup } from "./message.ts";
import { addressRecord, fqdn, metaRecords } from "./records.ts";

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
}

/** `web-1.node.dc1.consul.` */
export const nodeName = ({ name }: NodeRow, datacenter: string, { domain }: DnsSettings): string =>
  `${name}.node.${datacenter}.${domain}`;

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

/** Answers with an SRV for each instance, and with its addresses and its node's metadata as additional records. */
export function answerServices(lookup: Lookup, placed: readonly PlacedService[], context: InstanceContext): void {
  const { message } = lookup;
  const { settings, datacenter, ttl } = context;
  const seen = new Set<string>();
  for (const each of placed) {
    const { service, entry } = each;
    const tuple = `${service.node}:${service.address}:${service.port}`;
    if (seen.has(tuple)) continue;
    seen.add(tuple);
    const { answers, extra } = recordsOf(each, lookup, context);
    message.answer.push(...answers);
    message.additional.push(...extra);
    if (settings.nodeMetaTxt)
      message.additional.push(...metaRecords(nodeName(entry.row, datacenter, settings), entry.row, ttl));
  }
}

/** The records of one instance: an address, an alias, or an SRV with the addresses of its target. */
function recordsOf(placed: PlacedService, lookup: Lookup, context: InstanceContext): InstanceRecords {
  const { service, entry } = placed;
  const { name, type } = lookup.question;
  const nodeBytes = addressBytes(entry.row.address);
  const ownBytes = service.address === "" ? undefined : addressBytes(service.address);
  // A service that is an alias of the very name asked for has the address of its node.
  const isOwnAlias = nodeBytes !== undefined && service.address !== "" && fqdn(service.address) === name;
  const usesNode = service.address === "" || (ownBytes === undefined && isOwnAlias);
  const bytes = usesNode ? nodeBytes : ownBytes;
  if (bytes === undefined) return aliasRecords(placed, lookup, context);
  const address = usesNode ? entry.row.address : service.address;
  const target = type === TYPE.SRV ? targetOf(placed, usesNode, bytes, context) : name;
  const record = addressRecord(target, bytes, address, type, context.ttl);
  if (record === undefined) return NOTHING;
  return type === TYPE.SRV
    ? { answers: [srvRecord(placed, name, target, context.ttl)], extra: [record] }
    : { answers: [record], extra: [] };
}

/** The target of an SRV: the node's name where that leads to the same address. */
function targetOf(
  { entry, isMoved }: PlacedService,
  usesNode: boolean,
  bytes: readonly number[],
  { settings, datacenter }: InstanceContext,
): string {
  return usesNode && isMoved !== true
    ? nodeName(entry.row, datacenter, settings)
    : `${hexLabel(bytes)}.addr.${datacenter}.${settings.domain}`;
}

function srvRecord({ service, entry }: PlacedService, name: string, target: string, ttl: number): Rr {
  return { type: TYPE.SRV, name, ttl, priority: 1, weight: weightOf(entry, service), port: service.port, target };
}

function aliasRecords(placed: PlacedService, lookup: Lookup, { ttl, chase }: InstanceContext): InstanceRecords {
  const { service, entry } = placed;
  const { name, type } = lookup.question;
  const host = service.address === "" ? entry.row.address : service.address;
  if (host === "") return NOTHING;
  const target = fqdn(host);
  const chased = chase(target)
    .filter((rr) => rr.type === TYPE.CNAME || rr.type === TYPE.A || rr.type === TYPE.AAAA)
    .slice(0, lookup.opt === undefined ? CHASED_RECORDS_MAX : undefined)
    .map((rr) => ({ ...rr, ttl }));
  if (type === TYPE.SRV) return { answers: [srvRecord(placed, name, target, ttl)], extra: chased };
  return { answers: [{ type: TYPE.CNAME, name, ttl, target }, ...chased], extra: [] };
}
