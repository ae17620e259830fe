/** Numbers of the wire format (RFC 1035 §3.2, RFC 3596, RFC 2782, RFC 6891). */
export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  DS: 43,
  AXFR: 252,
  ANY: 255,
} as const;

/** Response codes (RFC 1035 §4.1.1, RFC 2136 §2.2). */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  NOTAUTH: 9,
} as const;
/** One of these codes. */
export type Rcode = (typeof RCODE)[keyof typeof RCODE];

/** Kinds of queries that are read (RFC 1035 §4.1.1, RFC 1996). */
export const OPCODE = { QUERY: 0, NOTIFY: 4 } as const;

/** Header bits, of the 16 between id and counts. */
export const FLAG = {
  QR: 0x8000,
  AA: 0x0400,
  TC: 0x0200,
  RD: 0x0100,
  RA: 0x0080,
  Z: 0x0040,
  AD: 0x0020,
  CD: 0x0010,
} as const;

interface Owned {
  /** As in a zone file: labels with a final dot, with `\.` and `\DDD` as escapes. */
  readonly name: string;
  /** Seconds. */
  readonly ttl: number;
}

/** Data of an SOA; times in seconds (RFC 1035 §3.3.13). */
interface SoaData {
  readonly mname: string;
  readonly rname: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

/** Not a type: a record of any other one, whose data are bytes (RFC 3597 §2). */
export const RAW = -1;

/** A resource record. `address` is an address as text; names end in a dot; `texts` are the strings of a TXT. */
export type Rr =
  | (Owned & { readonly type: typeof TYPE.A | typeof TYPE.AAAA; readonly address: string })
  | (Owned & { readonly type: typeof TYPE.CNAME | typeof TYPE.NS | typeof TYPE.PTR; readonly target: string })
  | (Owned & { readonly type: typeof TYPE.TXT; readonly texts: readonly string[] })
  | (Owned & {
      readonly type: typeof TYPE.SRV;
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    })
  | (Owned & { readonly type: typeof TYPE.MX; readonly preference: number; readonly exchange: string })
  | (Owned & { readonly type: typeof TYPE.SOA; readonly data: SoaData })
  | (Owned & { readonly type: typeof RAW; readonly code: number; readonly rdata: Uint8Array })
  | Opt;

/** The EDNS pseudo record (RFC 6891 §6.1). */
export interface Opt extends Owned {
  readonly type: typeof TYPE.OPT;
  readonly udpBytes: number;
  /** Extended rcode, version and flags as they stand in the TTL; 0 in replies. */
  readonly ttl: number;
  readonly subnet: Subnet | undefined;
}

/** The client subnet option (RFC 7871 §6). */
export interface Subnet {
  readonly family: number;
  readonly sourceBits: number;
  readonly scopeBits: number;
  /** 4 or 16 bytes; empty for family 0. */
  readonly address: Uint8Array;
}

/** The question. */
export interface Question {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

/** A query that could be read. `question` is missing when the packet ends at its header. */
export interface Query {
  readonly id: number;
  readonly flags: number;
  readonly opcode: number;
  readonly question: Question | undefined;
  /** The last OPT among the additional records. */
  readonly opt: Opt | undefined;
}

/** An answer under construction. */
export interface Message {
  id: number;
  flags: number;
  opcode: number;
  rcode: Rcode;
  question: Question | undefined;
  answer: Rr[];
  authority: Rr[];
  additional: Rr[];
}

/** How a question came. */
export type Transport = "udp" | "tcp";
