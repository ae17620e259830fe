import { TYPE, RCODE, type Rcode, type Rr, type Transport } from "../wire/codec/types.ts";

/** The data of a record, by type. */
type UpstreamData =
  | { readonly type: "A" | "AAAA" | "CNAME" | "NS" | "PTR"; readonly data: string }
  | { readonly type: "TXT"; readonly data: string | readonly string[] }
  | { readonly type: "MX"; readonly data: Pick<Extract<Rr, { type: typeof TYPE.MX }>, "preference" | "exchange"> }
  | { readonly type: "SOA"; readonly data: Extract<Rr, { type: typeof TYPE.SOA }>["data"] }
  | { readonly type: "SRV"; readonly data: Omit<Extract<Rr, { type: typeof TYPE.SRV }>, "type" | "name" | "ttl"> };

/** A record of a resolver outside the simulation, as a person writes it: `{name, type: "A", ttl, data}`. */
export type UpstreamRecord = UpstreamData & {
  readonly name: string;
  /** Seconds. */
  readonly ttl: number;
};

/** Such a resolver's answer to one question. */
export interface UpstreamAnswer {
  readonly rcode: keyof typeof RCODE;
  readonly aa?: boolean;
  /** Whether the answer is truncated over UDP: TC and no records. */
  readonly tc?: boolean;
  readonly delay_ms?: number;
  readonly answer?: readonly UpstreamRecord[];
  readonly authority?: readonly UpstreamRecord[];
}

/** A resolver for names outside the domain. Keys are `name. TYPE` in lower and upper case, or `*` for anything else; `drop` never answers. */
export interface Upstream {
  readonly listen: string;
  readonly answers: Readonly<Record<string, UpstreamAnswer | "drop">>;
  /** A server of the world that answers there instead; undefined is silence. */
  readonly server?: (message: Uint8Array, transport: Transport) => Uint8Array | undefined;
}

/** Such a resolver's answer. */
export interface UpstreamReply {
  readonly rcode: Rcode;
  readonly isAuthoritative: boolean;
  readonly isTruncated: boolean;
  /** How long it took, ms. */
  readonly afterMs: number | undefined;
  readonly answer: Rr[];
  readonly authority: Rr[];
}

const TYPE_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(TYPE).map(([name, type]) => [type, name]));
const typeName = (type: number): string => TYPE_NAMES.get(type) ?? `TYPE${type}`;

/** Asks one resolver; `undefined` when it does not answer. @throws Error for a record of a type that is not simulated */
export function askUpstream(
  upstream: Upstream | undefined,
  name: string,
  type: number,
  transport: Transport,
): UpstreamReply | undefined {
  const answer = upstream?.answers[`${name.toLowerCase()} ${typeName(type)}`] ?? upstream?.answers["*"];
  if (answer === undefined || answer === "drop") return undefined;
  const isTruncated = answer.tc === true && transport === "udp";
  return {
    rcode: RCODE[answer.rcode],
    isAuthoritative: answer.aa === true,
    isTruncated,
    afterMs: answer.delay_ms,
    answer: isTruncated ? [] : (answer.answer ?? []).map(recordOf),
    authority: isTruncated ? [] : (answer.authority ?? []).map(recordOf),
  };
}

function recordOf(given: UpstreamRecord): Rr {
  const { name, ttl } = given;
  switch (given.type) {
    case "A":
    case "AAAA":
      return { name, ttl, type: TYPE[given.type], address: given.data };
    case "CNAME":
    case "NS":
    case "PTR":
      return { name, ttl, type: TYPE[given.type], target: given.data };
    case "TXT":
      return { name, ttl, type: TYPE.TXT, texts: [given.data].flat() };
    case "MX":
      return { name, ttl, type: TYPE.MX, ...given.data };
    case "SOA":
      return { name, ttl, type: TYPE.SOA, data: given.data };
    case "SRV":
      return { name, ttl, type: TYPE.SRV, ...given.data };
    default:
      throw new Error(`not simulated: upstream record ${JSON.stringify(given)}`);
  }
}
