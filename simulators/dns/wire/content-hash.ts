import type { Service, ServiceAddress, Weights } from "../state/rows.ts";

/*
 * The content hash of a service: that of the library which Consul uses (hashstructure), FNV-1 over 64 bits. A structure is the hash
 * of its type's name combined, in any order, with each field's name and value; a list is hashed member by member.
 */
const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;
const MASK = 0xffff_ffff_ffff_ffffn;

function fnv1(bytes: Uint8Array): bigint {
  let hash = OFFSET;
  for (const byte of bytes) hash = ((hash * PRIME) & MASK) ^ BigInt(byte);
  return hash;
}

const hashText = (value: string): bigint => fnv1(Buffer.from(value, "utf8"));

function hashInteger(value: bigint): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return fnv1(bytes);
}

const hashBoolean = (value: boolean): bigint => fnv1(Uint8Array.of(value ? 1 : 0));
const hashPair = (a: bigint, b: bigint): bigint => {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64LE(a, 0);
  bytes.writeBigUInt64LE(b, 8);
  return fnv1(bytes);
};

const hashList = (values: readonly string[]): bigint =>
  values.reduce((hash, value) => hashPair(hash, hashText(value)), 0n);

const hashMap = <T>(values: Readonly<Record<string, T>>, hashOf: (value: T) => bigint): bigint =>
  Object.entries(values).reduce((hash, [key, value]) => hash ^ hashPair(hashText(key), hashOf(value)), 0n);

const hashStruct = (name: string, fields: Readonly<Record<string, bigint>>): bigint =>
  Object.entries(fields).reduce((hash, [field, value]) => hash ^ hashPair(hashText(field), value), hashText(name));

const hashNumber = (value: number): bigint => hashInteger(BigInt(value));

/** What nil hashes to. */
const NIL = hashInteger(0n);

const hashAddress = ({ Address, Port }: ServiceAddress): bigint =>
  hashStruct("ServiceAddress", { Address: hashText(Address), Port: hashNumber(Port) });

const hashWeights = ({ passing, warning }: Weights): bigint =>
  hashStruct("AgentWeights", { Passing: hashNumber(passing), Warning: hashNumber(warning) });

/** The hash of a service as its agent shows it, in hexadecimal. */
export function contentHash(service: Service): string {
  const hash = hashStruct("AgentService", {
    Kind: hashText(service.kind),
    ID: hashText(service.id),
    Service: hashText(service.name),
    Tags: hashList(service.tags),
    Meta: hashMap(service.meta ?? {}, hashText),
    Port: hashNumber(service.port),
    Address: hashText(service.address),
    TaggedAddresses: hashMap(service.taggedAddresses ?? {}, hashAddress),
    Weights: hashWeights(service.weights),
    EnableTagOverride: hashBoolean(service.enableTagOverride),
    CreateIndex: hashNumber(0),
    ModifyIndex: hashNumber(0),
    ContentHash: hashText(""),
    Proxy: NIL,
    Connect: NIL,
  });
  return hash.toString(16);
}
