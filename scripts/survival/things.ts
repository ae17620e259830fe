import type { Client } from "./client.ts";

/** Something that was acknowledged. */
export interface Thing {
  readonly kind: Kind;
  readonly id: string;
  /** The value that a reader must see. */
  readonly value: unknown;
  /** `there`: acknowledged. `maybe`: its removal was asked for. */
  state: "there" | "maybe";
  /** The thing that it belongs to. */
  readonly parent?: Thing;
}

/** A kind of things, by the API that holds them. */
export interface Kind {
  readonly name: string;
  /** The kind that it belongs to. */
  readonly under?: string;
  /** The most that exist at once. */
  readonly max: number;
  /** Resolves with the value that a reader must see, once it is acknowledged. Rejects if it is not. */
  create(cloud: Client, id: string, parent: Thing | undefined): Promise<unknown>;
  /** The current value; undefined if there is none. */
  read(cloud: Client, thing: Thing): Promise<unknown>;
  remove(cloud: Client, thing: Thing): Promise<void>;
}
