import { createMemoryBroker } from "../osb/mutants/memory-broker.ts";
import { type BrokerMode, type Mutant, mutate } from "../osb/mutants/mutant.ts";
import { asTransport, type Handler } from "../osb/mutants/wire.ts";
import { OSB_CHECKS, osbSuite } from "../osb/suite.ts";
import type { Backend } from "../runner/backend.ts";
import { certify, type CheckResult } from "../runner/certify.ts";
import { SPEC_MINORS, type SpecMinor } from "../runner/check.ts";
import type { Clock } from "../runner/clock.ts";
import type { CleanRun, Lab } from "./lab.ts";

/** A broker in the same process, and what makes it slow or broken on purpose. */
export interface Subject {
  readonly handle: Handler;
  readonly backend: Backend;
}

interface Target {
  readonly subject: Subject;
  readonly clock?: Clock;
  readonly minor: SpecMinor;
  readonly only?: readonly string[] | undefined;
  readonly url?: string | undefined;
}

/** Time that passes only while somebody waits, or when somebody says so. */
function virtualClock(): Clock & { readonly passMs: (ms: number) => void } {
  let nowMs = Date.UTC(2026, 0, 1);
  const passMs = (ms: number) => void (nowMs += ms);
  return { nowMs: () => nowMs, sleepMs: async (ms) => passMs(ms), passMs };
}

async function results({ subject, clock, minor, only, url }: Target): Promise<readonly CheckResult[]> {
  let ids = 0;
  const summary = await certify({
    url: url ?? "http://127.0.0.1:1",
    username: "drydock",
    password: "conformance",
    suites: [osbSuite],
    profile: `osb-2.${minor}`,
    transport: asTransport(subject.handle),
    backend: subject.backend,
    clock: clock ?? virtualClock(),
    newId: () => `5f0b4c8e-1111-4000-8000-${String(++ids).padStart(12, "0")}`,
    ...(only === undefined ? {} : { only }),
  });
  return summary.results;
}

const memory = (mode: BrokerMode): Subject => createMemoryBroker({ mode });

function cleanRuns(): readonly CleanRun[] {
  const modes: readonly (readonly [string, () => Subject])[] = [
    ["synchronous", () => memory("sync")],
    ["asynchronous", () => memory("async")],
    ["synchronous and asynchronous by plan", () => memory("mixed")],
    ["asynchronous, its backend out of reach", () => ({ ...memory("async"), backend: {} })],
  ];
  return modes.flatMap(([name, subject]) =>
    SPEC_MINORS.map((minor) => ({
      name: `${name}, 2.${minor}`,
      run: () => results({ subject: subject(), minor }),
    })),
  );
}

/** The OSB suite on the broker in memory with these defects, in process and on virtual time. */
export function osbLab(mutants: readonly Mutant[]): Lab {
  const byId = new Map(mutants.map((mutant) => [mutant.id, mutant]));
  if (byId.size < mutants.length) throw new Error("two mutants have the same id");
  return {
    suite: "osb",
    checks: OSB_CHECKS,
    mutants,
    cleanRuns: cleanRuns(),
    run(mutantId, only) {
      if (mutantId === undefined) return results({ subject: memory("sync"), minor: 17, only });
      const mutant = byId.get(mutantId);
      if (mutant === undefined) throw new Error(`there is no mutant "${mutantId}"`);
      const { handle, backend } = memory(mutant.mode);
      const clock = virtualClock();
      const subject = { handle: mutate(mutant, handle, clock.passMs), backend };
      return results({ subject, clock, minor: mutant.minor, only, url: mutant.url });
    },
  };
}
