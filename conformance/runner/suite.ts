import type { DataPlane } from "../data/plane.ts";
import type { SuiteName } from "./events.ts";
import type { Answer } from "../client/answer.ts";
import type { Offer, Service } from "../client/catalog.ts";
import type { OsbClient } from "../client/osb-client.ts";
import type { Backend } from "./hooks.ts";
import type { Check, Outcome } from "./check.ts";
import type { SpecMinor } from "../client/spec-version.ts";
import type { DrydockFile } from "../settings/file.ts";
import type { Quota } from "./quota.ts";

/** What a suite is given for one run against one broker. */
export interface RunContext {
  /** The run's own client: for what checks share. A check uses the one it is given. */
  readonly platform: OsbClient;
  readonly catalog: Answer;
  readonly services: readonly Service[];
  /** The plans under test, `--service` and `--plan` applied. */
  readonly offers: readonly Offer[];
  readonly minor: SpecMinor;
  /** Whether a check tries the first plan that it fits, or all of them if its clause can differ between plans. */
  readonly plans: "first" | "all";
  readonly file: DrydockFile;
  readonly backend: Backend;
  /** The way to the data services behind the broker, where there is one. */
  readonly data: DataPlane | undefined;
  /** Every answer of the run so far. */
  readonly answers: readonly Answer[];
  /** Instances at once. */
  readonly quota: Quota;
  readonly signal: AbortSignal | undefined;
  readonly note: (text: string) => void;
  /** Has something removed in the background, before the run ends. */
  readonly tidy: (what: string, work: () => Promise<void>) => void;
}

/** A suite that is running. `C` is the context of one check. */
export interface OpenSuite<C> {
  readonly contextFor: (platform: OsbClient, check: Check<C>) => C;
  /** Work that checks share, done before them. */
  readonly warmUp?: () => Promise<void>;
  /** After a check, whatever it ended with. */
  readonly afterCheck?: (context: C, outcome: Outcome) => Promise<void>;
  /** Gives back one instance that is kept only for speed; false when there is none. */
  readonly reclaim?: () => Promise<boolean>;
}

interface Suite<C> {
  readonly name: SuiteName;
  readonly checks: readonly Check<C>[];
  /** Ids of the checks of the suite's purpose: if none of them can be exercised, the suite is not exercised. Default: all. */
  readonly subject?: readonly string[];
  readonly open: (run: RunContext) => OpenSuite<C>;
}

/** A suite whose context type is its own business. */
export interface AnySuite {
  readonly name: SuiteName;
  readonly checks: readonly Check<never>[];
  /** See `Suite`. */
  readonly subject?: readonly string[];
  readonly start: (run: RunContext) => StartedSuite;
}

/** A suite that has been opened for a run. */
export interface StartedSuite {
  readonly warmUp: () => Promise<void>;
  readonly reclaim: () => Promise<boolean>;
  /** Runs one check of the suite with a client of its own. */
  readonly runCheck: (checkId: string, platform: OsbClient) => Promise<Outcome>;
  /** The same suite for the same run, with nothing that checks share. */
  readonly afresh: () => StartedSuite;
}

/** Hides the context type, so that suites of different kinds run in one list. */
export function defineSuite<C>(suite: Suite<C>): AnySuite {
  const byId = new Map(suite.checks.map((check) => [check.id, check]));
  const start = (run: RunContext): StartedSuite => {
    const open = suite.open(run);
    return {
      warmUp: open.warmUp ?? (async () => {}),
      reclaim: open.reclaim ?? (async () => false),
      afresh: () => start(run),
      async runCheck(checkId, platform) {
        const check = byId.get(checkId);
        if (check === undefined) throw new Error(`suite ${suite.name} has no check ${checkId}`);
        const context = open.contextFor(platform, check);
        let outcome: Outcome = { verdict: "unknown", reason: "the check crashed" };
        try {
          outcome = await check.run(context);
        } finally {
          await open.afterCheck?.(context, outcome).catch((error: unknown) => {
            // What has been found stands, also when tidying up after it fails; a merit needs both.
            if (outcome.verdict !== "fail" && outcome.verdict !== "warn") throw error;
          });
        }
        return outcome;
      },
    };
  };
  const { name, checks, subject } = suite;
  return { name, checks, ...(subject && { subject }), start };
}
