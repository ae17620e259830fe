import type { Kernel, Slot } from "../../kernel/index.ts";
import type { UaaOptions } from "../state/director.ts";

/** A client of UAA, with the field names of its API. */
export interface UaaClient {
  readonly client_id: string;
  readonly secret: string;
  readonly scope: readonly string[];
  /** The scopes of a token that the client gets for itself. */
  readonly authorities: readonly string[];
  readonly authorized_grant_types: readonly string[];
  readonly resource_ids: readonly string[];
  readonly redirect_uri: readonly string[];
  readonly autoapprove: readonly string[];
  readonly access_token_validity?: number | undefined;
  readonly refresh_token_validity?: number | undefined;
  readonly name?: string | undefined;
  /** ms since the Unix epoch. */
  readonly lastModified: number;
}

/** The clients that UAA knows: those of the settings, and those created since. */
export class Clients {
  readonly #slot: Slot<Map<string, UaaClient>>;

  constructor(kernel: Kernel, { clients }: Pick<UaaOptions, "clients">) {
    const known = clients.map(({ id, secret, scopes }): [string, UaaClient] => [
      id,
      {
        client_id: id,
        secret,
        scope: ["uaa.none"],
        authorities: scopes,
        authorized_grant_types: ["client_credentials"],
        resource_ids: ["none"],
        redirect_uri: [],
        autoapprove: [],
        lastModified: kernel.nowMs,
      },
    ]);
    this.#slot = kernel.slot("uaa/clients", new Map(known));
  }

  find(id: string): UaaClient | undefined {
    return this.#slot.value.get(id);
  }

  /** All clients, sorted by id. */
  list(): readonly UaaClient[] {
    return [...this.#slot.value.values()].sort((a, b) => (a.client_id < b.client_id ? -1 : 1));
  }

  /** Adds a client, or replaces the one with the same id. */
  put(client: UaaClient): void {
    this.#slot.value.set(client.client_id, client);
  }

  delete(id: string): void {
    this.#slot.value.delete(id);
  }
}
