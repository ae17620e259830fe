import type { BrokerMode } from "../memory-broker/mode.ts";
import type { Middleware } from "./traffic.ts";
import type { SpecMinor } from "../../client/spec-version.ts";

/** A broker with one defect: works in front of any broker, because it changes only what goes over the wire. */
export interface Mutant {
  readonly id: string;
  readonly description: string;
  /** Checks that have to notice it. */
  readonly expected: readonly string[];
  /** Checks that may notice it too, because of what the description says. `*` for any ending. */
  readonly also: readonly string[];
  /** The kind of broker that the defect is planted in. */
  readonly mode: BrokerMode;
  /** The version that it is tested as. */
  readonly minor: SpecMinor;
  /** Where the broker seems to live. Default: this machine. */
  readonly url?: string;
  readonly middleware: Middleware;
}

interface MutantOptions {
  readonly also?: readonly string[];
  readonly mode?: BrokerMode;
  readonly minor?: SpecMinor;
  readonly url?: string;
  readonly id?: string;
}

/** A mutant, named after the first check that has to notice it. */
export function mutant(
  expected: string | readonly string[],
  description: string,
  middleware: Middleware,
  options: MutantOptions = {},
): Mutant {
  const list = typeof expected === "string" ? [expected] : expected;
  return {
    id: `not-${list[0]}`,
    description,
    expected: list,
    also: [],
    mode: "sync",
    minor: 17,
    ...options,
    middleware,
  };
}
