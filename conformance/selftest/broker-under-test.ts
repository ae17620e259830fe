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

/** A broker that can be certified in process, with or without a defect in front of it, and the clock that it goes by. */
export interface BrokerUnderTest {
  readonly handle: Handler;
  readonly backend: Backend;
  readonly username: string;
  readonly password: string;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Lets time pass while nobody waits, in milliseconds. */
  readonly passMs: (ms: number) => void;
  /** Carries work out in the time of the broker. Default: as it is. */
  readonly run?: <T>(work: () => Promise<T>) => Promise<T>;
}

/** How to run the suite on a broker. */
interface CertifyBrokerOptions {
  readonly minor: SpecMinor;
  /** As in `certify`. */
  readonly only?: readonly string[] | undefined;
  /** As in `certify`. */
  readonly shuffleSeed?: number | undefined;
  /** Where the broker seems to live. Default: this machine. */
  readonly url?: string | undefined;
}

/** Runs the OSB suite on the broker of a broker. */
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

/** What a mutant did on a broker. */
interface MutantRun {
  readonly results: readonly CheckResult[];
  /** Whether it changed anything: on some brokers a defect has no occasion to show. */
  readonly hasActed: boolean;
}

type Message = WireRequest | WireResponse;

/** A message with its body as JSON, in which the order of members does not matter, where it is JSON. */
function meaning(message: Message): unknown {
  const parsed = parseJson(Buffer.from(message.text));
  return "json" in parsed ? { ...message, text: parsed.json } : message;
}

/** Runs the OSB suite on the broker of a broker with a defect in front of it. */
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
    // A defect that leaves everything as it was has not shown.
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

/** The broker in memory on virtual time, which passes only while somebody waits, or when somebody says so. */
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
