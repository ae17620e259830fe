import type { DnsSettings } from "./settings.ts";
import type { NodeRow } from "../state/rows.ts";
import { type Rr, TYPE } from "../wire/codec/types.ts";
import { nodeAddressFor } from "./locate.ts";
import type { Lookup } from "./message.ts";
import { fqdnOf } from "../wire/codec/names.ts";
import { literalRecords, metaRecords } from "./records.ts";

/** The types of question that a node can answer. */
const NODE_TYPES: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA, TYPE.ANY, TYPE.TXT]);

/** Whether a node can answer this question. */
export const isNodeQuestion = ({ question }: Lookup): boolean => NODE_TYPES.has(question.type);

/** Answers with the address of a node, or an alias if it has a host name, and with its metadata. `chase` follows the alias. */
export function answerNode(
  { message, question: { name, type } }: Lookup,
  row: NodeRow,
  usesWan: boolean,
  { nodeTtlS: ttl, nodeMetaTxt }: DnsSettings,
  chase: (host: string) => readonly Rr[],
): void {
  const texts = metaRecords(name, row, ttl);
  const address = nodeAddressFor(row, type, usesWan);
  const alias = fqdnOf(row.address);
  const addresses = (): readonly Rr[] =>
    literalRecords(name, address, type, ttl) ?? [{ type: TYPE.CNAME, name, ttl, target: alias }, ...chase(alias)];
  if (type !== TYPE.TXT) message.answer.push(...addresses());
  if (type === TYPE.TXT || type === TYPE.ANY) message.answer.push(...texts);
  else if (nodeMetaTxt) message.additional.push(...texts);
}
