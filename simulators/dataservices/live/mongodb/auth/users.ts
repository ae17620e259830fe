import { createHmac } from "node:crypto";
import type { Catalog } from "../storage/catalog.ts";
import { type Document, isArray, isDocument, type Value } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import type { Grant, Principal } from "./roles.ts";
import { type Credential, credentialIn, type FindCredential, type Mechanism, MECHANISMS } from "./scram.ts";

/** A user that the platform gives the instance: it is not part of the data, and clients can't change it. */
export interface ManagedUser extends Principal {
  readonly credential: Credential;
}

/** The form in which a data service keeps a password: `SCRAM-SHA-256$iterations:salt$storedKey:serverKey`. */
const VERIFIER = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)$/;

/** @throws ServerError InternalError */
export function credentialOfVerifier(verifier: string): Credential {
  const [, iterations, salt, storedKey, serverKey] = VERIFIER.exec(verifier) ?? [];
  if (iterations === undefined || salt === undefined || storedKey === undefined || serverKey === undefined)
    throw new ServerError("InternalError", "a verifier is not of SCRAM-SHA-256");
  return { iterationCount: Number(iterations), salt, storedKey, serverKey };
}

/** All users: the platform's, and those that clients have created. */
export class Users {
  readonly #catalog: Catalog;
  readonly #secret: Uint8Array;
  #managed: ReadonlyMap<string, ManagedUser> = new Map();

  /** `secret`: what the made-up salts of unknown users derive from. */
  constructor(catalog: Catalog, secret: Uint8Array) {
    this.#catalog = catalog;
    this.#secret = secret;
  }

  /** Replaces all users that the platform gave before with these. */
  manage(users: readonly ManagedUser[]): void {
    this.#managed = new Map(users.map((user) => [`${user.db}.${user.user}`, user]));
  }

  /** The users that the platform gave. */
  get all(): readonly ManagedUser[] {
    return [...this.#managed.values()];
  }

  isManaged(database: string, user: string): boolean {
    return this.#managed.has(`${database}.${user}`);
  }

  find(database: string, user: string): Principal | undefined {
    const key = `${database}.${user}`;
    const managed = this.#managed.get(key);
    if (managed !== undefined) return managed;
    const record = this.#catalog.users.get(key);
    return record && { user, db: database, roles: grantsIn(record.roles) };
  }

  #credential(database: string, user: string, mechanism: Mechanism): Credential | undefined {
    const managed = this.#managed.get(`${database}.${user}`);
    if (managed !== undefined) return mechanism === "SCRAM-SHA-256" ? managed.credential : undefined;
    const credentials = this.#catalog.users.get(`${database}.${user}`)?.credentials;
    return isDocument(credentials) ? credentialIn(credentials[mechanism]) : undefined;
  }

  /** The mechanisms with which a user can log in; undefined if there is no such user. */
  mechanisms(database: string, user: string): readonly Mechanism[] | undefined {
    if (this.find(database, user) === undefined) return undefined;
    return ["SCRAM-SHA-256" as const, "SCRAM-SHA-1" as const].filter(
      (each) => this.#credential(database, user, each) !== undefined,
    );
  }

  lookup(database: string): FindCredential {
    return (user, mechanism) => {
      const credential = this.#credential(database, user, mechanism);
      return credential === undefined
        ? { credential: this.#makeUp(database, user, mechanism), isReal: false }
        : { credential, isReal: true };
    };
  }

  /** The same user always gets the same salt, as a real one does. */
  #makeUp(database: string, user: string, mechanism: Mechanism): Credential {
    const { iterations, saltBytes, bytes } = MECHANISMS[mechanism];
    const derive = (what: string, length: number): string =>
      createHmac("sha512", this.#secret)
        .update(`${what} ${mechanism} ${database}.${user}`)
        .digest()
        .subarray(0, length)
        .toString("base64");
    return {
      iterationCount: iterations,
      salt: derive("salt", saltBytes),
      storedKey: derive("stored", bytes),
      serverKey: derive("server", bytes),
    };
  }

  /** The users as `usersInfo` shows them. */
  list(database: string | undefined): readonly Document[] {
    const keys = [...this.#managed.values(), ...[...this.#catalog.users.values()].map(principalIn)];
    return keys
      .filter(({ db }) => database === undefined || db === database)
      .map(({ user, db, roles }) => ({
        _id: `${db}.${user}`,
        user,
        db,
        roles: roles.map((grant): Document => ({ ...grant })),
        mechanisms: this.mechanisms(db, user) ?? [],
      }));
  }
}

function principalIn(record: Document): Principal {
  return { user: String(record.user), db: String(record.db), roles: grantsIn(record.roles) };
}

/** The roles of a stored user. */
export function grantsIn(value: Value): readonly Grant[] {
  if (!isArray(value)) return [];
  return value.flatMap((each) =>
    isDocument(each) && typeof each.role === "string" && typeof each.db === "string"
      ? [{ role: each.role, db: each.db }]
      : [],
  );
}
