import { TYPE, RCODE, type Rcode, type Rr, type Transport } from "../wire/codec/types.ts";

/** A record of a resolver outside the simulation, as text a person writes: `{name, type: "A", ttl, data}`. */
export interface UpstreamRecord {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly data: unknown;
}

/** What such a resolver answers to one question. */
export interface UpstreamAnswer {
  readonly rcode: keyof typeof RCODE;
  readonly aa?: boolean;
  /** Over UDP the answer is cut: TC and no records. */
  readonly tc?: boolean;
  readonly answer?: readonly UpstreamRecord[];
  readonly authority?: readonly UpstreamRecord[];
}

/** A resolver for names outside the domain. Keys are `name. TYPE` in lower and upper case, or `*` for anything else; `drop` never answers. */
export interface Upstream {
  readonly listen: string;
  readonly answers: Readonly<Record<string, UpstreamAnswer | "drop">>;
}

export interface UpstreamReply {
  readonly rcode: Rcode;
  readonly isAuthoritative: boolean;
  readonly isTruncated: boolean;
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
    answer: isTruncated ? [] : (answer.answer ?? []).map(record),
    authority: isTruncated ? [] : (answer.authority ?? []).map(record),
  };
}

function record({ name, type, ttl, data }: UpstreamRecord): Rr {
  const owner = { name, ttl };
  const fields = data as Readonly<Record<string, never>>;
  switch (type) {
    case "A":
    case "AAAA":
      return { ...owner, type: TYPE[type], address: String(data) };
    case "CNAME":
    case "NS":
    case "PTR":
      return { ...owner, type: TYPE[type], target: String(data) };
    case "TXT":
      return { ...owner, type: TYPE.TXT, texts: [data].flat().map(String) };
    case "MX":
      return { ...owner, type: TYPE.MX, preference: Number(fields.preference), exchange: String(fields.exchange) };
    case "SOA":
      return { ...owner, type: TYPE.SOA, data: data as never };
    case "SRV":
      return {
        ...owner,
        type: TYPE.SRV,
        ...(data as { priority: number; weight: number; port: number; target: string }),
      };
    default:
      throw new Error(`not simulated: upstream records of type ${type}`);
  }
}
