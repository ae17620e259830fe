import type { Json, JsonObject } from "../../../client/http/json.ts";
import type { WireResponse } from "../../memory-broker/http.ts";
import type { Facts } from "./facts.ts";
import type { Situation } from "./table.ts";
import type { Change, Thing } from "./things.ts";

/** How the broker answers in one situation, where that is not what the specification says. What is left out stays. */
export interface Script {
  readonly status?: number;
  /** Instead of the body, or made of it. */
  readonly body?: Json | ((body: JsonObject, facts: Facts) => Json);
  /** Instead of the body, when it is to be no JSON. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether what was asked for is done: not at all, at once, or in time. */
  readonly does?: "nothing" | "at once" | "in time";
  /** Breaks the connection instead of an answer. */
  readonly hangsUp?: boolean;
  /** Requests for which this is so; others get the ordinary answer. Default: all. */
  readonly when?: (facts: Facts) => boolean;
}

/** How long work takes: so many seconds of the clock, so many polls of it, or for ever. */
type Duration = { readonly seconds: number } | { readonly polls: number } | "for ever";

/**
 * What a field broker does differently from the plain broker, which is synchronous, has one offering with two plans and nothing
 * optional, and keeps to the letter of the specification.
 */
export interface Behaviour {
  readonly catalog?: JsonObject;
  /** Takes whoever asks for the platform. Default: asks for the login. */
  readonly trusts?: boolean;
  /** Takes a platform that names no version for one of the newest. Default: answers 400. */
  readonly assumesVersion?: boolean;
  /** What is answered 202. Bindings only from 2.14 on, which lets them. Default: nothing. */
  readonly asynchronous?: readonly Change[];
  /** Default: 5 seconds. */
  readonly takes?: Duration;
  /** Forgets how work ended as soon as it has said it once. Default: remembers. */
  readonly forgets?: boolean;
  /** Instances that it has room for; see "provision: full". Default: any number. */
  readonly room?: number;
  /** What comes to nothing in the end: asynchronous work that fails. Default: none. */
  readonly fails?: readonly Change[];
  /** Situations that it does not recognise: it takes the request for what comes next in the table. */
  readonly overlooks?: readonly Situation[];
  /** Situations that are its own to recognise: see `OPTIONAL`. Default: none. */
  readonly notices?: readonly Situation[];
  readonly answers?: Partial<Readonly<Record<Situation, Script>>>;
  /** What an update makes of an instance. Default: the plan and the parameters that it has. */
  readonly updates?: (instance: Thing, body: JsonObject) => void;
  /** What an instance says of itself beside its ids and parameters, in the answers to a provision and to a GET. Default: nothing. */
  readonly instance?: (instance: Thing) => JsonObject;
  /** What a binding says of itself, in the answer to a bind and to a GET. Default: as it is made. */
  readonly binding?: (view: JsonObject, binding: Thing) => Json;
  /** Answers before login and version are looked at; undefined lets the request in. */
  readonly beforeLogin?: (facts: Facts) => WireResponse | undefined;
  /** Answers before the table is asked; undefined leaves it to the table. */
  readonly first?: (facts: Facts) => WireResponse | undefined;
  /** Has the last word on every answer. */
  readonly last?: (response: WireResponse, facts: Facts) => WireResponse;
}
