import { isObject } from "../../kernel/index.ts";
import type { Service, ServiceAddress, ServicePort, Weights } from "../state/rows.ts";

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

/** The hash of nil. */
const NIL = hashInteger(0n);

const hashAddress = ({ Address, Port }: ServiceAddress): bigint =>
  hashStruct("ServiceAddress", { Address: hashText(Address), Port: hashNumber(Port) });

const hashWeights = ({ passing, warning }: Weights): bigint =>
  hashStruct("AgentWeights", { Passing: hashNumber(passing), Warning: hashNumber(warning) });

/** Any value of JSON, as its Go type hashes: what is left out counts as Go's zero. */
function hashValue(value: unknown): bigint {
  if (typeof value === "string") return hashText(value);
  if (typeof value === "number") return hashNumber(value);
  if (typeof value === "boolean") return hashBoolean(value);
  if (Array.isArray(value)) return value.reduce<bigint>((hash, each) => hashPair(hash, hashValue(each)), 0n);
  return isObject(value) ? hashMap(value, hashValue) : NIL;
}

const hashGateway = (value: unknown): bigint =>
  hashStruct("MeshGatewayConfig", { Mode: hashText(isObject(value) ? String(value.Mode ?? "") : "") });

function hashProxy(proxy: Readonly<Record<string, unknown>>): bigint {
  const expose = isObject(proxy.Expose) ? proxy.Expose : {};
  return hashStruct("AgentServiceConnectProxyConfig", {
    EnvoyExtensions: hashValue(proxy.EnvoyExtensions ?? []),
    DestinationServiceName: hashValue(proxy.DestinationServiceName ?? ""),
    DestinationServiceID: hashValue(proxy.DestinationServiceID ?? ""),
    LocalServiceAddress: hashValue(proxy.LocalServiceAddress ?? ""),
    LocalServicePort: hashValue(proxy.LocalServicePort ?? 0),
    LocalServiceSocketPath: hashValue(proxy.LocalServiceSocketPath ?? ""),
    Mode: hashValue(proxy.Mode ?? ""),
    TransparentProxy: NIL,
    Config: hashValue(proxy.Config ?? {}),
    Upstreams: hashValue(proxy.Upstreams ?? []),
    MeshGateway: hashGateway(proxy.MeshGateway),
    Expose: hashStruct("ExposeConfig", {
      Checks: hashValue(expose.Checks ?? false),
      Paths: hashValue(expose.Paths ?? []),
    }),
    AccessLogs: NIL,
  });
}

const hashPort = ({ Name, Port, Default = false }: ServicePort): bigint =>
  hashStruct("ServicePort", { Name: hashText(Name), Port: hashNumber(Port), Default: hashBoolean(Default) });

/** The fields that today's release added to the hash. */
const fieldsOfToday = (service: Service): Readonly<Record<string, bigint>> => ({
  Ports: (service.ports ?? []).reduce<bigint>((hash, port) => hashPair(hash, hashPort(port)), 0n),
  SocketPath: hashText(service.socketPath ?? ""),
  Proxy: service.proxy === undefined ? NIL : hashProxy(service.proxy),
  Connect: service.native ? hashStruct("AgentServiceConnect", { Native: hashBoolean(true), SidecarService: NIL }) : NIL,
  PeerName: hashText(""),
});

/** The hash of a service as its agent shows it, in hexadecimal. */
export function contentHash(service: Service, isToday: boolean): string {
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
    ...(isToday && fieldsOfToday(service)),
  });
  return hash.toString(16);
}
