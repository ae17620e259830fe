import { isDeepStrictEqual } from "node:util";
import { parseJson } from "../client/http/json.ts";
import { createMemoryBroker } from "../osb/memory-broker/broker.ts";
import { asTransport, type Handler, type WireRequest, type WireResponse } from "../osb/memory-broker/http.ts";
import type { BrokerMode } from "../osb/memory-broker/mode.ts";
import type { Mutant } from "../osb/mutants/mutant.ts";
import { mutate } from "../osb/mutants/traffic.ts";
import { osbSuite } from "../osb/suite.ts";
import type { Backend } from "../runner/hooks.ts";
import { certify } from "../runner/certify.ts";
import type { Clock } from "../client/clock.ts";
import type { CheckResult } from "../runner/summary.ts";
import type { SpecMinor } from "../client/spec-version.ts";

/** A broker that can be certified in process, with or without a defect in front of it, and its clock. */
export interface BrokerUnderTest {
  readonly handle: Handler;
  readonly backend: Backend;
  readonly username: string;
  readonly password: string;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Lets this many milliseconds pass while nobody waits. */
  readonly passMs: (ms: number) => void;
  /** Carries work out in the broker's time. Default: just carries it out. */
  readonly run?: <T>(work: () => Promise<T>) => Promise<T>;
}

/** How to run the suite on a broker. */
interface CertifyBrokerOptions {
  readonly minor: SpecMinor;
  /** As in `certify`. */
  readonly only?: readonly string[] | undefined;
  /** As in `certify`. */
  readonly shuffleSeed?: number | undefined;
  /** The apparent URL of the broker. Default: this machine. */
  readonly url?: string | undefined;
}

/** Runs the OSB suite on a broker under test. */
export async function certifyBroker(
  broker: BrokerUnderTest,
  { minor, only, shuffleSeed, url }: CertifyBrokerOptions,
): Promise<readonly CheckResult[]> {
  const { handle, username, password, backend, clock, newId, run = (work) => work() } = broker;
  const summary = await run(() =>
    certify({
      url: url ?? "http://127.0.0.1:1",
      username,
      password,
      suites: [osbSuite],
      profile: `osb-2.${minor}`,
      transport: asTransport(handle),
      backend,
      clock,
      newId,
      ...(only === undefined ? {} : { only }),
      ...(shuffleSeed === undefined ? {} : { shuffleSeed }),
    }),
  );
  return summary.results;
}

/** The effect of a mutant on a broker. */
interface MutantRun {
  readonly results: readonly CheckResult[];
  /** Whether it changed anything: on some brokers a defect never shows. */
  readonly hasActed: boolean;
}

type Message = WireRequest | WireResponse;

/** A message with its body parsed if it is JSON, so that the order of members does not matter. */
function meaning(message: Message): unknown {
  const parsed = parseJson(Buffer.from(message.text));
  return "json" in parsed ? { ...message, text: parsed.json } : message;
}

/** Runs the OSB suite on a broker under test with a defect in front of it. */
export async function runMutant(
  broker: BrokerUnderTest,
  mutant: Mutant,
  only?: readonly string[],
  shuffleSeed?: number,
): Promise<MutantRun> {
  let hasActed = mutant.url !== undefined;
  const middleware: Mutant["middleware"] = async (request, next, memory) => {
    const seen: Message[] = [];
    const response = await mutant.middleware(
      request,
      async (forwarded) => {
        const answer = await next(forwarded);
        seen.push(forwarded, answer);
        return answer;
      },
      memory,
    );
    // A defect without an effect has not shown.
    hasActed ||= !isDeepStrictEqual(seen.map(meaning), [request, response].map(meaning));
    return response;
  };
  const handle = mutate({ middleware }, broker.handle, broker.passMs);
  const results = await certifyBroker(
    { ...broker, handle },
    { minor: mutant.minor, only, shuffleSeed, url: mutant.url },
  );
  return { results, hasActed };
}

/** The broker in memory, in virtual time, which advances only while somebody waits, or on request. */
export function memoryBrokerUnderTest(mode: BrokerMode): BrokerUnderTest {
  let ids = 0;
  let nowMs = Date.UTC(2026, 0, 1);
  const passMs = (ms: number) => void (nowMs += ms);
  return {
    ...createMemoryBroker({ mode }),
    username: "drydock",
    password: "conformance",
    clock: { nowMs: () => nowMs, sleepMs: async (ms) => passMs(ms) },
    newId: () => `5f0b4c8e-1111-4000-8000-${String(++ids).padStart(12, "0")}`,
    passMs,
  };
}
