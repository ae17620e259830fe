import { type Body, type Kernel, on, Process } from "../kernel/index.ts";
import { type DnsAnswerPoint, dnsAnswerPoint, type DnsFaceName, falseAnswer, Occasion, spoilsTruth } from "./faults.ts";
import { datagramOf, type DnsReply, replyOf } from "./reply.ts";
import type { Transport } from "./wire/codec/types.ts";

/** A server of DNS messages. */
export interface NameServer {
  /** The part of the answer to a DNS message that arrives in a datagram, at once, however long the real server would take; `undefined` is silence. */
  answer(message: Uint8Array, transport: Transport): Uint8Array | undefined;
  /** The same, but taking its time: a process if it must wait. */
  ask(message: Uint8Array, transport: Transport, client?: string): DnsReply | Process<DnsReply>;
}

/** A question as it came. */
export interface DnsQuestion {
  readonly message: Uint8Array;
  readonly transport: Transport;
  /** Answers at once, however long a real server would take. */
  readonly isAtOnce: boolean;
  /** The address that asks; absent for one within the process. */
  readonly client?: string | undefined;
}

/** How a name server finds its answers. */
export interface Lookups {
  /** Whether the server exists at all. Default: it does. */
  readonly isUp?: () => boolean;
  readonly look: (asked: DnsQuestion) => DnsReply | Process<DnsReply>;
  /** The answer as it was some time ago. */
  readonly lookBack: (asked: DnsQuestion, ageMs: number) => DnsReply | Process<DnsReply>;
}

/** Declares the fault point that all servers of one kind share. */
export function defineFace(kernel: Kernel, face: DnsFaceName, agents: readonly string[]): DnsAnswerPoint {
  const point = dnsAnswerPoint(face, agents);
  kernel.faults.define(point);
  return point;
}

/** A server whose answers fail as fault rules say. `name`: as in the point's attribute `agent`. */
export function createNameServer(kernel: Kernel, point: DnsAnswerPoint, name: string, lookups: Lookups): NameServer {
  const face = { kernel, point, name, lookups };
  const receive = kernel.onInput(`${point.point}/${name}`, (asked: DnsQuestion) => respond(face, asked));
  return {
    ask: (message, transport, client) =>
      receive({ message, transport, isAtOnce: false, ...(client !== undefined && { client }) }),
    answer: (message, transport) => {
      const reply = receive({ message, transport, isAtOnce: true });
      return reply instanceof Process ? undefined : datagramOf(reply);
    },
  };
}

interface Face {
  readonly kernel: Kernel;
  readonly point: DnsAnswerPoint;
  readonly name: string;
  readonly lookups: Lookups;
}

function respond({ kernel, point, name, lookups }: Face, asked: DnsQuestion): DnsReply | Process<DnsReply> {
  if (lookups.isUp?.() === false) return {};
  if (!kernel.faults.isArmed(point.point)) return lookups.look(asked);
  const { message, transport, client } = asked;
  const occasion = new Occasion(message, transport, name, client ?? "");
  const effect = kernel.faults.at(point, occasion);
  if (effect === undefined) return lookups.look(asked);
  const { question, type } = occasion;
  const subject = { type, transport, agent: name, client: client ?? "", effect: effect.kind };
  kernel.record(
    "dns",
    "answer.fault",
    question,
    point.point === "dns:answer" ? subject : { ...subject, point: point.point },
  );
  switch (effect.kind) {
    case "reset":
      return { wire: { kind: "reset" } };
    case "reply": {
      const { body } = effect;
      if (!spoilsTruth(body)) return falseAnswer(message, body, undefined);
      return change(kernel, lookups.look(asked), (found) => falseAnswer(message, body, found.message));
    }
    case "truncate": {
      const { bytes } = effect;
      return change(kernel, lookups.look(asked), (found) => ({ ...found, wire: { kind: "truncate", bytes } }));
    }
    case "stale":
      return lookups.lookBack(asked, effect.ageMs);
    case "delay":
      if (asked.isAtOnce) return lookups.look(asked);
      return kernel.spawn(
        "dns delayed reply",
        afterDelay(() => lookups.look(asked), kernel.faults.delay(effect)),
      );
  }
}

function change(
  kernel: Kernel,
  found: DnsReply | Process<DnsReply>,
  spoil: (found: DnsReply) => DnsReply,
): DnsReply | Process<DnsReply> {
  if (!(found instanceof Process)) return spoil(found);
  return kernel.spawn("dns spoilt reply", afterwards(found, spoil));
}

function* afterwards(found: Process<DnsReply>, spoil: (found: DnsReply) => DnsReply): Body<DnsReply> {
  return spoil(yield* on(found));
}

function* afterDelay(look: () => DnsReply | Process<DnsReply>, wait: Body<boolean>): Body<DnsReply> {
  yield* wait;
  const found = look();
  return found instanceof Process ? yield* on(found) : found;
}

/** An answer that takes this many ms. */
export function* answerAfter(waitedMs: number, message: Uint8Array | undefined): Body<DnsReply> {
  yield waitedMs;
  return replyOf(message);
}
