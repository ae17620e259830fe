import {
  FLAG,
  type Message,
  type Opt,
  type Query,
  type Question,
  RCODE,
  type Rcode,
  type Transport,
  TYPE,
} from "../wire/codec/types.ts";

/** An answer under construction, and how its question came. */
export interface Lookup {
  readonly message: Message;
  readonly question: Question;
  readonly opt: Opt | undefined;
  readonly transport: Transport;
  /** The domain of names in the answer, with its final dot. */
  readonly domain: string;
  /** How many aliases within the domain may still be followed. */
  readonly chasesLeft: number;
}

/** An answer without records to a query. Flags are copied for plain queries only. */
export const newMessage = (query: Pick<Query, "id" | "flags" | "opcode" | "question">, rcode: Rcode): Message => ({
  id: query.id,
  flags: FLAG.QR | (query.opcode === 0 ? query.flags & (FLAG.RD | FLAG.CD) : 0),
  opcode: query.opcode,
  rcode,
  question: query.question,
  answer: [],
  authority: [],
  additional: [],
});

/** Adds an OPT if the question has one: it repeats the client's size, and its subnet with the scope of the answer. */
export function echoOpt(message: Message, opt: Opt | undefined, isGlobal: boolean): void {
  if (opt === undefined) return;
  const isFinal = message.rcode !== RCODE.NOERROR && message.rcode !== RCODE.FORMERR;
  const subnet = opt.subnet && { ...opt.subnet, scopeBits: isGlobal || isFinal ? 0 : opt.subnet.sourceBits };
  message.additional.push({ type: TYPE.OPT, name: ".", udpBytes: opt.udpBytes, ttl: 0, subnet });
}
