import type { Json, JsonObject } from "../../../client/http/json.ts";
import type { WireResponse } from "../../memory-broker/http.ts";
import type { Facts } from "./facts.ts";
import type { Situation } from "./table.ts";
import type { Change, Thing } from "./things.ts";

/** How the broker answers in one situation, if not as the specification says. What is left out stays as it is. */
export interface Script {
  readonly status?: number;
  /** Replaces the body, or is computed from it. */
  readonly body?: Json | ((body: JsonObject, facts: Facts) => Json);
  /** Replaces the body if it is not to be JSON. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the request is carried out: not at all, at once, or over time. */
  readonly does?: "nothing" | "at once" | "in time";
  /** Breaks the connection instead of answering. */
  readonly hangsUp?: boolean;
  /** The requests to which this applies; others get the ordinary answer. Default: all. */
  readonly when?: (facts: Facts) => boolean;
}

/** How long work takes: a number of seconds of the clock, a number of polls, or for ever. */
type Duration = { readonly seconds: number } | { readonly polls: number } | "for ever";

/**
 * What a field broker does differently from the plain broker, which is synchronous, has one offering with two plans and nothing
 * optional, and keeps to the letter of the specification.
 */
export interface Behaviour {
  readonly catalog?: JsonObject;
  /** Accepts every caller as the platform. Default: asks for the login. */
  readonly trusts?: boolean;
  /** Treats a platform that names no version as one of the newest version. Default: answers 400. */
  readonly assumesVersion?: boolean;
  /** What is answered 202; bindings only from 2.14 on, which allows it. Default: nothing. */
  readonly asynchronous?: readonly Change[];
  /** Default: 5 seconds. */
  readonly takes?: Duration;
  /** Forgets how work ended once it has reported it. Default: remembers. */
  readonly forgets?: boolean;
  /** How many instances it has room for; see "provision: full". Default: any number. */
  readonly room?: number;
  /** Asynchronous work that fails in the end. Default: none. */
  readonly fails?: readonly Change[];
  /** Situations that it does not recognise: it treats the request as the next situation in the table that fits. */
  readonly overlooks?: readonly Situation[];
  /** Optional situations that it recognises: see `OPTIONAL`. Default: none. */
  readonly notices?: readonly Situation[];
  readonly answers?: Partial<Readonly<Record<Situation, Script>>>;
  /** What an update turns an instance into. Default: one with the plan and the parameters of the update. */
  readonly updates?: (instance: Thing, body: JsonObject) => void;
  /** What an instance shows besides its ids and parameters, in the answers to a provision and to a GET. Default: nothing. */
  readonly instance?: (instance: Thing) => JsonObject;
  /** What a binding shows in the answers to a bind and to a GET. Default: what it was created with. */
  readonly binding?: (view: JsonObject, binding: Thing) => Json;
  /** Answers before login and version are checked; undefined lets the request in. */
  readonly beforeLogin?: (facts: Facts) => WireResponse | undefined;
  /** Answers before the table does; undefined leaves it to the table. */
  readonly first?: (facts: Facts) => WireResponse | undefined;
  /** Has the last word on every answer. */
  readonly last?: (response: WireResponse, facts: Facts) => WireResponse;
}
