import { hash } from "node:crypto";
import type { SecretStream } from "../../../simulators/kernel/index.ts";

/** A user of a platform. */
interface PlatformUser {
  readonly name: string;
  readonly password: string;
  /** May manage everything. */
  readonly isAdmin: boolean;
}

/** A client of UAA, as a catalog's `dashboard_client` says. */
export interface PlatformClient {
  readonly id: string;
  readonly secret: string;
  readonly redirectUri: string;
}

/** The meaning of a code. */
interface Code {
  readonly client: PlatformClient;
  readonly challenge: string;
  readonly userName: string;
  readonly scope: string;
  readonly untilMs: number;
}

/** The meaning of a token. */
export interface Token {
  readonly userName: string;
  readonly scope: string;
  readonly untilMs: number;
}

const CODE_MS = 300_000;
/** UAA's default. */
export const TOKEN_MS = 12 * 3_600_000;
const SECRET_DIGITS = 32;

/** Users, clients and roles of a platform, and the codes and tokens issued to them. */
export class Accounts {
  readonly users = new Map<string, PlatformUser>();
  readonly clients = new Map<string, PlatformClient>();
  /** Who develops in a space: `user space`. */
  readonly #roles = new Set<string>();
  readonly #codes = new Map<string, Code>();
  readonly #tokens = new Map<string, Token>();
  readonly #logins = new Map<string, string>();
  readonly #secrets: SecretStream;
  readonly #nowMs: () => number;

  constructor(secrets: SecretStream, nowMs: () => number) {
    this.#secrets = secrets;
    this.#nowMs = nowMs;
  }

  /** Gives a user the role of a developer in a space. */
  grant(userName: string, space: string): void {
    this.#roles.add(`${userName} ${space}`);
  }

  /** Takes it away. */
  revoke(userName: string, space: string): void {
    this.#roles.delete(`${userName} ${space}`);
  }

  /** Whether a user may manage what is in a space. */
  mayManage(userName: string, space: string | undefined): boolean {
    if (this.users.get(userName)?.isAdmin === true) return true;
    return space !== undefined && this.#roles.has(`${userName} ${space}`);
  }

  /** Checks a password. Returns what the browser should keep; undefined for a wrong one. */
  logIn(name: string, password: string): string | undefined {
    if (password === "" || this.users.get(name)?.password !== password) return undefined;
    const secret = this.#secrets.hex(SECRET_DIGITS);
    this.#logins.set(secret, name);
    return secret;
  }

  userOf(secret: string | undefined): string | undefined {
    return secret === undefined ? undefined : this.#logins.get(secret);
  }

  logOut(secret: string | undefined): void {
    if (secret !== undefined) this.#logins.delete(secret);
  }

  makeCode(code: Omit<Code, "untilMs">): string {
    const secret = this.#secrets.hex(SECRET_DIGITS);
    this.#codes.set(secret, { ...code, untilMs: this.#nowMs() + CODE_MS });
    return secret;
  }

  /** Exchanges a code for a token, once, for the client for which it was made (RFC 6749, section 4.1.3; RFC 7636, section 4.6). */
  redeem(code: string, client: PlatformClient, redirectUri: string, verifier: string): string | undefined {
    const known = this.#codes.get(code);
    this.#codes.delete(code);
    const isGood =
      known?.client.id === client.id &&
      known.client.redirectUri === redirectUri &&
      known.untilMs > this.#nowMs() &&
      known.challenge === hash("sha256", verifier, "base64url");
    if (!isGood) return undefined;
    const token = this.#secrets.hex(SECRET_DIGITS);
    this.#tokens.set(token, { userName: known.userName, scope: known.scope, untilMs: this.#nowMs() + TOKEN_MS });
    return token;
  }

  token(secret: string): Token | undefined {
    const known = this.#tokens.get(secret);
    return known !== undefined && known.untilMs > this.#nowMs() ? known : undefined;
  }

  /** Ends every token of a user. */
  endTokens(userName: string): void {
    for (const [secret, token] of this.#tokens) if (token.userName === userName) this.#tokens.delete(secret);
  }
}
