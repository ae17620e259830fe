import type { Client } from "./client.ts";

/** Something that was acknowledged. */
export interface Thing {
  readonly kind: Kind;
  readonly id: string;
  /** What a reader must see. */
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
  /** How many there are at most. */
  readonly max: number;
  /** Resolves with what a reader must see once it is acknowledged. Rejects if it is not. */
  create(cloud: Client, id: string, parent: Thing | undefined): Promise<unknown>;
  /** What is there now; undefined for nothing. */
  read(cloud: Client, thing: Thing): Promise<unknown>;
  remove(cloud: Client, thing: Thing): Promise<void>;
}
