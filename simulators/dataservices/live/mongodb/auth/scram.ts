import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from "node:crypto";
import { Binary } from "bson";
import { bytesOf } from "../values/compare.ts";
import { type Document, isDocument, numberOf, type Value } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";

/** The mechanisms (RFC 5802, RFC 7677), with the iterations of a new user. */
export const MECHANISMS = {
  "SCRAM-SHA-1": { hash: "sha1", bytes: 20, saltBytes: 16, iterations: 10_000 },
  "SCRAM-SHA-256": { hash: "sha256", bytes: 32, saltBytes: 28, iterations: 15_000 },
} as const;

/** A name in `MECHANISMS`. */
export type Mechanism = keyof typeof MECHANISMS;

/** Whether it is one of our mechanisms. */
export const isMechanism = (name: Value): name is Mechanism =>
  typeof name === "string" && Object.hasOwn(MECHANISMS, name);

/** The credential that a server stores for a password, all in base64. */
export interface Credential {
  readonly iterationCount: number;
  readonly salt: string;
  readonly storedKey: string;
  readonly serverKey: string;
}

const hmac = (hash: string, key: Uint8Array, text: string): Buffer => createHmac(hash, key).update(text).digest();
const digest = (hash: string, bytes: Uint8Array): Buffer => createHash(hash).update(bytes).digest();

/** SHA-1 salts a digest from MongoDB's time before SCRAM; SHA-256 salts the password itself, in its canonical form. */
function passwordOf(mechanism: Mechanism, user: string, password: string): string {
  if (mechanism === "SCRAM-SHA-256") return password.normalize("NFKC");
  return createHash("md5").update(`${user}:mongo:${password}`).digest("hex");
}

/** The credential to store for a password. */
export function credentialOf(mechanism: Mechanism, user: string, password: string, salt: Uint8Array): Credential {
  const { hash, bytes, iterations } = MECHANISMS[mechanism];
  const salted = pbkdf2Sync(passwordOf(mechanism, user, password), salt, iterations, bytes, hash);
  return {
    iterationCount: iterations,
    salt: Buffer.from(salt).toString("base64"),
    storedKey: digest(hash, hmac(hash, salted, "Client Key")).toString("base64"),
    serverKey: hmac(hash, salted, "Server Key").toString("base64"),
  };
}

/** The credential in a stored document. */
export function credentialIn(value: Value): Credential | undefined {
  if (!isDocument(value)) return undefined;
  const { iterationCount, salt, storedKey, serverKey } = value;
  if (typeof salt !== "string" || typeof storedKey !== "string" || typeof serverKey !== "string") return undefined;
  return { iterationCount: numberOf(iterationCount) ?? 0, salt, storedKey, serverKey };
}

const authenticationFailure = (): ServerError =>
  new ServerError("AuthenticationFailed", "Authentication authenticationFailure.");

const FIRST = /^(?:[ny]|p=[^,]*),(?:a=[^,]*)?,((?:m=[^,]*,)?n=([^,]*),r=([^,]+)(?:,.*)?)$/s;
const FINAL = /^(c=([^,]*),r=([^,]+)(?:,.*)?),p=([^,]+)$/s;

/**
 * Looks up the credential of a user, or a made-up one if there is no such user, so that nobody learns which
 * users exist.
 */
export type FindCredential = (
  user: string,
  mechanism: Mechanism,
) => { readonly credential: Credential; readonly isReal: boolean };

/** One conversation of a client that logs in. */
export class Conversation {
  readonly database: string;
  readonly #mechanism: Mechanism;
  readonly #credential: Credential;
  readonly #isReal: boolean;
  readonly #nonce: string;
  readonly #before: string;
  readonly user: string;
  /** The first answer. */
  readonly payload: Binary;
  readonly #skipsEmpty: boolean;
  #isProven = false;

  /** @throws ServerError AuthenticationFailed for anything but a first message */
  constructor(
    mechanism: Mechanism,
    database: string,
    first: Value,
    find: FindCredential,
    random: string,
    skipsEmpty: boolean,
  ) {
    const [, bare, name, nonce] = FIRST.exec(textOf(first)) ?? [];
    if (bare === undefined || name === undefined || nonce === undefined) throw authenticationFailure();
    this.#mechanism = mechanism;
    this.database = database;
    this.user = name.replaceAll("=2C", ",").replaceAll("=3D", "=");
    const { credential, isReal } = find(this.user, mechanism);
    this.#credential = credential;
    this.#isReal = isReal;
    this.#nonce = nonce + random;
    const reply = `r=${this.#nonce},s=${credential.salt},i=${credential.iterationCount}`;
    this.#before = `${bare},${reply}`;
    this.#skipsEmpty = skipsEmpty;
    this.payload = binary(reply);
  }

  /** The next message: the proof, and after it an empty one. @throws ServerError AuthenticationFailed */
  continue(payload: Value): { readonly payload: Binary; readonly isDone: boolean } {
    if (this.#isProven) return { payload: binary(""), isDone: true };
    const signature = this.#verify(textOf(payload));
    this.#isProven = true;
    return { payload: binary(`v=${signature}`), isDone: this.#skipsEmpty };
  }

  #verify(message: string): string {
    const [, without, , nonce, proof] = FINAL.exec(message) ?? [];
    if (without === undefined || proof === undefined || nonce !== this.#nonce) throw authenticationFailure();
    const { hash } = MECHANISMS[this.#mechanism];
    const storedKey = Buffer.from(this.#credential.storedKey, "base64");
    const text = `${this.#before},${without}`;
    const signature = hmac(hash, storedKey, text);
    const given = Buffer.from(proof, "base64");
    if (given.length !== signature.length) throw authenticationFailure();
    const clientKey = Buffer.from(given.map((byte, at) => byte ^ (signature[at] ?? 0)));
    const isRight = timingSafeEqual(digest(hash, clientKey), storedKey);
    if (!isRight || !this.#isReal) throw authenticationFailure();
    return hmac(hash, Buffer.from(this.#credential.serverKey, "base64"), text).toString("base64");
  }
}

const binary = (text: string): Binary => new Binary(Buffer.from(text));

function textOf(payload: Value): string {
  if (payload instanceof Binary) return bytesOf(payload).toString("utf8");
  if (typeof payload === "string") return Buffer.from(payload, "base64").toString("utf8");
  throw authenticationFailure();
}

/** A credential as a document. */
export const credentialDocument = (credential: Credential): Document => ({ ...credential });
