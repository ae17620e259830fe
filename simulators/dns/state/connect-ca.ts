import type { Slot } from "../../kernel/index.ts";
import { Refusal } from "../wire/refusal.ts";
import { durationNs, durationText } from "../wire/duration.ts";
import type { Store } from "./store.ts";

/** How certificates of the mesh are made. */
interface CaConfig {
  readonly provider: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/** The root of the mesh's certificates. Its text is a stand-in: no certificate is ever issued. */
interface CaRoot {
  readonly id: string;
  readonly keyId: string;
  readonly pem: string;
  readonly createdMs: number;
  readonly index: number;
}

interface CaState {
  readonly clusterId: string;
  config: CaConfig;
  readonly root: CaRoot;
}

/** A refusal of an authority; the message is Consul's. */
class CaError extends Refusal {}

const HOUR_NS = 3600e9;
const DEFAULTS = { IntermediateCertTTL: "8760h", LeafCertTTL: "72h", RootCertTTL: "87600h" };
const ID_BYTES = 20;
const PEM_BYTES = 420;
const PEM_LINE = 64;

const colons = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString("hex")
    .replace(/(..)(?=.)/g, "$1:");

function pemOf(bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(new RegExp(`.{1,${PEM_LINE}}`, "g")) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

/** The certificate authority of a datacenter (Consul, "Certificate Authority"). */
export class ConnectCa {
  readonly #store: Store;
  readonly #slot: Slot<CaState | undefined>;

  constructor(store: Store) {
    this.#store = store;
    this.#slot = store.slot<CaState | undefined>(`dns/${store.datacenter}/connect-ca`, undefined);
  }

  /** Comes up with the servers: its configuration was written first, its root a little later. */
  begin(configIndex: number, rootIndex: number): void {
    const random = this.#store.kernel.random("dns/connect-ca");
    const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => random.int(0, 255));
    this.#slot.value = {
      clusterId: random.uuid(),
      config: { provider: "consul", config: DEFAULTS, createIndex: configIndex, modifyIndex: rootIndex },
      root: {
        id: colons(bytes(ID_BYTES)),
        keyId: colons(bytes(ID_BYTES)),
        pem: pemOf(bytes(PEM_BYTES)),
        createdMs: this.#store.kernel.nowMs,
        index: rootIndex,
      },
    };
  }

  get state(): CaState | undefined {
    return this.#slot.value;
  }

  /** Changes how certificates are made. @throws CaError */
  configure(provider: string, config: Readonly<Record<string, unknown>>): void {
    checkProvider(provider, config);
    const state = this.#slot.value;
    if (state === undefined) return;
    const { createIndex } = state.config;
    state.config = { provider, config, createIndex, modifyIndex: this.#store.next() };
    this.#store.record("connect.ca", provider);
  }
}

function checkProvider(provider: string, config: Readonly<Record<string, unknown>>): void {
  if (provider === "vault")
    throw new CaError("error configuring provider: must provide a Vault token or configure a Vault auth method");
  if (provider === "aws-pca") throw new CaError("error configuring provider: must provide region");
  if (provider !== "consul") throw new CaError(`could not initialize provider: unknown CA provider "${provider}"`);
  const wrong = (what: string): never => {
    throw new CaError(`error configuring provider: ${what}`);
  };
  const ttl = (name: keyof typeof DEFAULTS): number => {
    const given = String(config[name] ?? DEFAULTS[name]);
    return durationNs(given) ?? wrong(`error decoding config: time: invalid duration "${given}"`);
  };
  const leaf = ttl("LeafCertTTL");
  if (leaf < HOUR_NS) wrong("leaf cert TTL must be greater or equal than 1h0m0s");
  if (leaf > 8760 * HOUR_NS) wrong("leaf cert TTL must be less than 8760h0m0s");
  if (ttl("IntermediateCertTTL") < 3 * leaf)
    wrong(`Intermediate Cert TTL must be greater or equal than 3 * LeafCertTTL (>=${durationText(3 * leaf)}).`);
  if (ttl("RootCertTTL") < ttl("IntermediateCertTTL"))
    wrong("root cert TTL must be greater or equal than intermediate cert TTL.");
  const type = String(config.PrivateKeyType ?? "ec");
  const bits = Number(config.PrivateKeyBits ?? (type === "rsa" ? 2048 : 256));
  if (type === "ec" && ![224, 256, 384, 521].includes(bits))
    wrong("EC key length must be one of (224, 256, 384, 521) bits");
  if (type === "rsa" && ![2048, 4096].includes(bits)) wrong("RSA key length must be 2048 or 4096 bits");
  if (type !== "ec" && type !== "rsa") wrong("private key type must be either 'ec' or 'rsa'");
}
