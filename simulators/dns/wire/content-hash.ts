/*
 * The content hash of a service: that of the library which Consul uses (hashstructure), FNV-1 over 64 bits. A structure is the hash
 * of its type's name combined, in any order, with each field's name and value; a list is its members one after the other.
 */
const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;
const MASK = 0xffff_ffff_ffff_ffffn;

function fnv(bytes: Uint8Array): bigint {
  let hash = OFFSET;
  for (const byte of bytes) hash = ((hash * PRIME) & MASK) ^ BigInt(byte);
  return hash;
}

const text = (value: string): bigint => fnv(Buffer.from(value, "utf8"));

function integer(value: bigint): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return fnv(bytes);
}

const boolean = (value: boolean): bigint => fnv(Uint8Array.of(value ? 1 : 0));
const hashPair = (a: bigint, b: bigint): bigint => {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64LE(a, 0);
  bytes.writeBigUInt64LE(b, 8);
  return fnv(bytes);
};

const list = (values: readonly string[]): bigint => values.reduce((hash, value) => hashPair(hash, text(value)), 0n);
const map = (values: Readonly<Record<string, unknown>>, hashOf: (value: never) => bigint): bigint =>
  Object.entries(values).reduce((hash, [key, value]) => hash ^ hashPair(text(key), hashOf(value as never)), 0n);

function struct(name: string, fields: Readonly<Record<string, bigint>>): bigint {
  return Object.entries(fields).reduce((hash, [field, value]) => hash ^ hashPair(text(field), value), text(name));
}

const number = (value: unknown): bigint => integer(BigInt(Number(value ?? 0)));

/** What nil hashes to. */
const NIL = integer(0n);

interface Address {
  readonly Address: string;
  readonly Port: number;
}
const address = ({ Address, Port }: Address): bigint =>
  struct("ServiceAddress", { Address: text(Address), Port: number(Port) });

/** The hash of a service as its agent shows it, in hexadecimal. */
export function contentHash(view: Readonly<Record<string, unknown>>): string {
  const weights = view.Weights as Readonly<Record<string, number>>;
  const hash = struct("AgentService", {
    Kind: text(String(view.Kind ?? "")),
    ID: text(String(view.ID)),
    Service: text(String(view.Service)),
    Tags: list(view.Tags as readonly string[]),
    Meta: map(view.Meta as Readonly<Record<string, string>>, text),
    Port: number(view.Port),
    Address: text(String(view.Address)),
    TaggedAddresses: map((view.TaggedAddresses as Readonly<Record<string, Address>> | undefined) ?? {}, address),
    Weights: struct("AgentWeights", { Passing: number(weights.Passing), Warning: number(weights.Warning) }),
    EnableTagOverride: boolean(view.EnableTagOverride === true),
    CreateIndex: number(0),
    ModifyIndex: number(0),
    ContentHash: text(""),
    Proxy: NIL,
    Connect: NIL,
  });
  return hash.toString(16);
}
