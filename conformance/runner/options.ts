import { randomUUID } from "node:crypto";
import { type Clock, wallClock } from "../client/clock.ts";
import { Gate } from "../client/gate.ts";
import { suggestionsFor } from "../client/errors/nearest.ts";
import { TargetError } from "../client/errors/target-error.ts";
import { type Fetch, fetchTransport } from "../client/http/fetch-transport.ts";
import { nodeTransport } from "../client/http/node-transport.ts";
import { type Transport, TRANSPORT_LIMITS, type TransportLimits } from "../client/http/transport.ts";
import type { ClientSettings } from "../client/settings.ts";
import { NEWEST_MINOR, SPEC_MINORS, type SpecMinor } from "../client/spec-version.ts";
import { parseTarget, type TargetOptions } from "../client/target.ts";
import type { DataPlane } from "../data/plane.ts";
import type { DrydockFile } from "../settings/file.ts";
import type { Acceptance } from "./baseline.ts";
import type { Backend } from "./hooks.ts";
import { OPERATION_LIMITS, type OperationLimits, REQUESTS_AT_ONCE } from "./limits.ts";
import type { AnySuite } from "./suite.ts";

/** What `certify` is asked to do, and how. */
export interface CertifyOptions extends TargetOptions {
  readonly suites: readonly AnySuite[];
  /** Every suite that there is: what `suites` leaves out of one of the same name counts as left out. Default: `suites`. */
  readonly knownSuites?: readonly AnySuite[];
  /** `osb-2.11` … `osb-2.17`. Without it the version is learnt from the broker. */
  readonly profile?: string;
  /** Name or id; only its plans are tested. */
  readonly service?: string;
  readonly plan?: string;
  /** Runs these checks only, by id; a `*` stands for any characters. One that names no check is refused. */
  readonly only?: readonly string[];
  /** The text of a drydock.yml, or what has been parsed from one. */
  readonly file?: string | DrydockFile;
  /** Known failures that don't count against the broker; see `parseBaseline`. */
  readonly baseline?: readonly Acceptance[];
  /** `first`: a check tries the first plan that it fits. `all`: each one, if its clause can differ between plans. Default: `all`. */
  readonly plans?: "first" | "all";
  /** How many checks run side by side; most of the time they wait. Default: 64. */
  readonly jobs?: number;
  /** How many service instances exist at once, at most; a run begins with few, and takes more while the broker does not slow down. Default: 64. */
  readonly maxInstances?: number;
  /** Ends the run after this many milliseconds with the verdicts so far; the rest is unknown. Default: no limit. */
  readonly maxTimeMs?: number;
  /** Runs the checks in an order that follows from this number, to prove that the order makes no difference. Default: as they are listed. */
  readonly shuffleSeed?: number;
  /** Gets a line every ten seconds that says what the run is waiting for. */
  readonly onProgress?: (line: string) => void;
  readonly limits?: Partial<TransportLimits & OperationLimits>;
  /** Stops the run; what it created is removed, then `certify` resolves with exit code 130. */
  readonly signal?: AbortSignal;
  readonly backend?: Backend;
  /** The way to the data services behind the broker. Default: sockets, as drydock.yml says; none for a broker in the same process. */
  readonly data?: DataPlane;
  /** For a broker in the same process: how to reach it, and the time it lives in. `transport` wins over `fetch`. */
  readonly fetch?: Fetch;
  readonly transport?: Transport;
  readonly clock?: Clock;
  readonly newId?: () => string;
  /** The command line that runs it again, for the report. */
  readonly command?: string;
  readonly toolVersion?: string;
}

function minorOf(profile: string): SpecMinor {
  const minor = SPEC_MINORS.find((each) => profile === `osb-2.${each}` || profile === `2.${each}`);
  if (minor !== undefined) return minor;
  const profiles = SPEC_MINORS.map((each) => `osb-2.${each}`);
  throw new TargetError("bad-profile", `no such profile: "${profile}"${suggestionsFor(profile, profiles)}`);
}

function transportFor(options: CertifyOptions, limits: TransportLimits, ca: string | undefined) {
  const own = options.transport ?? (options.fetch && fetchTransport(options.fetch, limits.bodyBytesMax));
  if (own !== undefined) return { transport: own, dispose: () => {} };
  const transport = nodeTransport({ ...limits, ...(ca === undefined ? {} : { ca }) });
  return { transport, dispose: () => transport.dispose() };
}

/**
 * The settings of the clients of a run; `dispose` closes their connections.
 *
 * @throws TargetError bad-url, bad-profile
 */
export function clientSettingsFor(
  options: CertifyOptions,
  file: DrydockFile,
): { readonly settings: ClientSettings; readonly dispose: () => void } {
  const limits = { ...TRANSPORT_LIMITS, ...OPERATION_LIMITS, ...options.limits };
  const target = parseTarget({ ...options, headers: { ...file.headers, ...options.headers } });
  const { transport, dispose } = transportFor(options, limits, target.ca);
  const clock = options.clock ?? wallClock;
  const settings = {
    ...limits,
    target,
    transport,
    clock,
    minor: options.profile === undefined ? NEWEST_MINOR : minorOf(options.profile),
    newId: options.newId ?? randomUUID,
    gate: new Gate(REQUESTS_AT_ONCE),
    ...(options.maxTimeMs === undefined ? {} : { deadlineMs: clock.nowMs() + options.maxTimeMs }),
    ...(options.signal ? { signal: options.signal } : {}),
  };
  return { settings, dispose };
}
