import { randomUUID } from "node:crypto";
import type { CheckInfo, Exchange, LeftBehind, RunEvent, Verdict } from "./events.ts";
import { RUN_EVENT_VERSION } from "./events.ts";
import { type Coverage, coverageOf, exitCodeOf, verdictOver } from "./coverage.ts";
import type { DataPlane } from "../data/plane.ts";
import { dataPlaneOf } from "../data/sockets.ts";
import { type Fetch, fetchTransport } from "../client/http/fetch-transport.ts";
import { nodeTransport } from "../client/http/node-transport.ts";
import { exchangeOf } from "../client/http/observation.ts";
import { type Transport, TRANSPORT_LIMITS, type TransportLimits } from "../client/http/transport.ts";
import type { Answer } from "../client/answer.ts";
import { offersOf, readCatalog } from "../client/catalog.ts";
import { NoAnswer, OsbClient, type ClientSettings } from "../client/osb-client.ts";
import { isConformant, statementOf } from "./statement.ts";
import { type Backend, backendOf } from "./hooks.ts";
import { type Acceptance, acceptanceFor, isExpired } from "./baseline.ts";
import { type Check, type Evidence, type Outcome, SPEC_MINORS, type SpecMinor, Verdicted, worse } from "./check.ts";
import { type Clock, wallClock } from "../client/clock.ts";
import { TargetError } from "../client/errors/target-error.ts";
import { type DrydockFile, EMPTY_FILE, parseDrydockFile } from "../settings/drydock-file.ts";
import { Ledger } from "../client/ledger.ts";
import { commandLine } from "./command.ts";
import { chooseOffers } from "./offers.ts";
import { suggestionsFor } from "../client/errors/nearest.ts";
import { Quota } from "./quota.ts";
import { firstServed, requireCatalog } from "./reach.ts";
import { INSTANCES_AT_ONCE, knownIds, noSuchCheck, type Selection, selectChecks } from "./selection.ts";
import { unknownNames } from "./stray-names.ts";
import type { AnySuite, RunContext, StartedSuite } from "./suite.ts";
import { setupFor } from "./evidence-setup.ts";
import { parseTarget, type TargetOptions } from "../client/target.ts";
import { learnVersion } from "./version.ts";

export interface CertifyOptions extends TargetOptions {
  readonly suites: readonly AnySuite[];
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
  /** Checks side by side. Default 4. */
  readonly jobs?: number;
  /** Service instances at once. Default 8. */
  readonly maxInstances?: number;
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

export interface OperationLimits {
  /** How long an asynchronous operation may be in progress, in milliseconds. */
  readonly operationMsMax: number;
  readonly pollMsMin: number;
  readonly pollMsMax: number;
  /** How long the removal of one thing may take, in milliseconds. */
  readonly cleanupMsMax: number;
}

export const OPERATION_LIMITS: OperationLimits = {
  operationMsMax: 600_000,
  pollMsMin: 20,
  pollMsMax: 2_000,
  cleanupMsMax: 300_000,
};

export interface CheckResult {
  readonly check: CheckInfo;
  readonly verdict: Verdict;
  readonly reason?: string;
  /** Set when the failure is a known one that has been accepted. */
  readonly accepted?: Acceptance;
}

export interface CertifySummary {
  /** The worst of the checks; at least `unknown` when in a suite that was asked for nothing could be exercised. */
  readonly verdict: Verdict;
  readonly counts: Readonly<Record<Verdict, number>>;
  /** See `exitCodeOf`; 130 when the run was interrupted. */
  readonly exitCode: number;
  /** Whether the broker was shown conformant. A run that was narrowed shows it of no broker. */
  readonly conformant: boolean;
  /** The same in words: what was run, what it came to, what of each suite was exercised. */
  readonly statement: string;
  readonly coverage: Coverage;
  readonly minor: SpecMinor;
  readonly results: readonly CheckResult[];
  readonly leftBehind: readonly LeftBehind[];
  /** Set when the run could not be carried to its end. */
  readonly error?: TargetError;
}

/** Most exchanges that one verdict carries. */
const EVIDENCE_MAX = 10;

function minorOf(profile: string): SpecMinor {
  const minor = SPEC_MINORS.find((each) => profile === `osb-2.${each}` || profile === `2.${each}`);
  if (minor === undefined) {
    const near = suggestionsFor(
      profile,
      SPEC_MINORS.map((each) => `osb-2.${each}`),
    );
    throw new TargetError("bad-profile", `no such profile: "${profile}"${near}`);
  }
  return minor;
}

function settingsOf(options: CertifyOptions, file: DrydockFile): { settings: ClientSettings; dispose: () => void } {
  const limits = { ...TRANSPORT_LIMITS, ...OPERATION_LIMITS, ...options.limits };
  const target = parseTarget({ ...options, headers: { ...file.headers, ...options.headers } });
  const given = options.transport ?? (options.fetch && fetchTransport(options.fetch, limits.bodyBytesMax));
  const sockets = given ? undefined : nodeTransport({ ...limits, ...(target.ca ? { ca: target.ca } : {}) });
  const transport = given ?? sockets;
  if (transport === undefined) throw new Error("no transport");
  const settings = {
    ...limits,
    target,
    transport,
    clock: options.clock ?? wallClock,
    minor: options.profile === undefined ? 17 : minorOf(options.profile),
    newId: options.newId ?? randomUUID,
    ...(options.signal ? { signal: options.signal } : {}),
  } as const;
  return { settings, dispose: () => sockets?.dispose() };
}

/**
 * Certifies one broker: runs the suites' checks against `options.url` and reports each step to `emit`.
 *
 * Resolves with the summary; its `exitCode` is that of `exitCodeOf`, or 130 when the signal stopped it. Throws TargetError
 * (exit code 2) when the target cannot be tested at all, or an option names what there is not. What was created at the broker is removed in any case, or listed as `left-behind`.
 */
export async function certify(options: CertifyOptions, emit?: (event: RunEvent) => void): Promise<CertifySummary> {
  const file = typeof options.file === "string" ? parseDrydockFile(options.file) : (options.file ?? EMPTY_FILE);
  refuseStrayAcceptances(options);
  const selection = selectChecks(options);
  const { settings, dispose } = settingsOf(options, file);
  try {
    return await new Certification(options, file, settings, selection, emit).run();
  } finally {
    dispose();
  }
}

/** An acceptance of a check that there is not would wait for ever. @throws TargetError bad-baseline */
function refuseStrayAcceptances({ baseline = [], suites }: CertifyOptions): void {
  const known = new Set(knownIds(suites));
  const stray = baseline.filter(({ check }) => !known.has(check)).map(({ check }) => noSuchCheck(check, suites));
  if (stray.length > 0) throw new TargetError("bad-baseline", `baseline: ${stray.join("; ")}`);
}

interface PlannedCheck {
  readonly suite: StartedSuite;
  readonly check: Check<never>;
}

/** One run, from the first contact to the last clean-up. */
class Certification {
  readonly #options: CertifyOptions;
  readonly #file: DrydockFile;
  readonly #selection: Selection;
  #settings: ClientSettings;
  readonly #emit: (event: RunEvent) => void;
  /** Evidence is dear to make: redacted, shortened, with its curl lines. */
  readonly #isHeard: boolean;
  readonly #results: CheckResult[] = [];
  readonly #ledger = new Ledger();
  #lost: TargetError | undefined;
  #isStarted = false;

  constructor(
    options: CertifyOptions,
    file: DrydockFile,
    settings: ClientSettings,
    selection: Selection,
    emit?: (event: RunEvent) => void,
  ) {
    this.#options = options;
    this.#selection = selection;
    this.#file = file;
    this.#settings = settings;
    this.#isHeard = emit !== undefined;
    this.#emit = emit ?? (() => {});
  }

  async run(): Promise<CertifySummary> {
    try {
      await this.#carryOut();
    } catch (error) {
      if (!this.#isAborted()) throw error;
    } finally {
      await this.#ledger.clean();
    }
    if (!this.#isStarted) this.#start(0);
    return this.#finish();
  }

  #isAborted(): boolean {
    return this.#options.signal?.aborted === true;
  }

  async #carryOut(): Promise<void> {
    const answers: Answer[] = [];
    const listen = (answer: Answer) => void answers.push(answer);
    const scout = await this.#scout(listen);
    const catalog = await requireCatalog(scout);
    const notes: string[] = [];
    if (this.#options.profile === undefined) {
      const learnt = await learnVersion(scout, catalog);
      this.#settings = { ...this.#settings, minor: learnt.minor };
      notes.push(learnt.reason);
    }
    const platform = new OsbClient(this.#settings, this.#ledger, listen);
    const services = readCatalog(catalog.json);
    const quota = new Quota(this.#options.maxInstances ?? INSTANCES_AT_ONCE, async () => {
      for (const suite of started) if (await suite.reclaim()) return true;
      return false;
    });
    const run: RunContext = {
      platform,
      catalog,
      services,
      offers: chooseOffers(offersOf(services), this.#options),
      minor: this.#settings.minor,
      file: this.#file,
      backend: this.#options.backend ?? backendOf(this.#file),
      data: this.#options.data ?? this.#dataOverSockets(),
      answers,
      quota,
      signal: this.#options.signal,
      note: (text) => this.#emit({ v: RUN_EVENT_VERSION, type: "note", text }),
    };
    const started = this.#selection.suites.map((suite) => suite.start(run));
    const planned = this.#selection.checks.map(({ check, suite }) => ({
      check,
      suite: started[this.#selection.suites.indexOf(suite)] as StartedSuite,
    }));
    this.#start(planned.length);
    for (const text of [...notes, ...unknownNames(this.#file, services)]) run.note(text);
    // Probes ask for what they need; who judges what the others have seen needs something to be seen.
    if (planned.some(({ check }) => check.phase === "review"))
      for (const suite of started) await this.#warmUp(suite, run);
    await this.#runAll(planned, run);
  }

  /** A check that needs what could not be made ready meets the same obstacle and says so. */
  async #warmUp(suite: StartedSuite, run: RunContext): Promise<void> {
    await suite.warmUp().catch((error: unknown) => {
      if (this.#isAborted()) throw error;
      run.note(`what checks share could not be made ready: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  /** Speaks the version that was chosen, else the newest that the broker does not refuse. */
  async #scout(listen: (answer: Answer) => void): Promise<OsbClient> {
    const speaking = (minor: SpecMinor) => new OsbClient({ ...this.#settings, minor }, this.#ledger, listen);
    if (this.#options.profile !== undefined) return speaking(this.#settings.minor);
    return firstServed(speaking(17), SPEC_MINORS.toReversed().slice(1).map(speaking));
  }

  /** What is behind a broker in the same process can't be reached over sockets. */
  #dataOverSockets(): DataPlane | undefined {
    const { transport, fetch } = this.#options;
    return transport === undefined && fetch === undefined ? dataPlaneOf(this.#file.data) : undefined;
  }

  #start(planned: number): void {
    this.#isStarted = true;
    const { url } = this.#settings.target;
    this.#emit({
      v: RUN_EVENT_VERSION,
      type: "run-started",
      at: this.#now(),
      run: this.#settings.newId(),
      tool: { name: "drydock", version: this.#options.toolVersion ?? "0.0.0" },
      command: this.#options.command ?? this.#command(),
      target: { kind: "broker", url },
      profile: `osb-2.${this.#settings.minor}`,
      planned,
      scope: this.#selection.scope,
    });
  }

  #command(): string {
    const { url, username, service, plan, only, maxInstances } = this.#options;
    return commandLine(url, {
      ...(username !== undefined && { username }),
      profile: `osb-2.${this.#settings.minor}`,
      suite: this.#selection.suites.map(({ name }) => name).join(","),
      service,
      plan,
      only: only?.join(","),
      "max-instances": maxInstances,
    });
  }

  #now(): string {
    return new Date(this.#settings.clock.nowMs()).toISOString();
  }

  async #runAll(planned: readonly PlannedCheck[], run: RunContext): Promise<void> {
    const probes = planned.filter(({ check }) => check.phase !== "review" && !check.exclusive);
    const workers = Array.from({ length: this.#options.jobs ?? 4 }, async () => {
      for (let next = probes.shift(); next !== undefined; next = probes.shift()) await this.#admit(next, run);
    });
    await Promise.all(workers);
    for (const next of planned.filter(({ check }) => check.exclusive)) await this.#admit(next, run);
    for (const next of planned.filter(({ check }) => check.phase === "review")) await this.#runOne(next, run);
  }

  async #admit(planned: PlannedCheck, run: RunContext): Promise<void> {
    const units = planned.check.instances ?? 1;
    if (units > run.quota.max) {
      const reason = `needs ${units} instances at once, ${run.quota.max} are allowed (--max-instances)`;
      return this.#report(planned.check, { verdict: "not-applicable", reason }, [], 0);
    }
    await run.quota.acquire(units);
    try {
      await this.#runOne(planned, run);
    } finally {
      run.quota.release(units);
    }
  }

  async #runOne({ suite, check }: PlannedCheck, run: RunContext): Promise<void> {
    if (this.#isAborted()) return;
    this.#emit({ v: RUN_EVENT_VERSION, type: "check-started", check: check.id });
    const startMs = this.#settings.clock.nowMs();
    const platform = run.platform.scope();
    const outcome = exercisedOrUnknown(await this.#judge(suite, check, platform, run), platform.sent);
    await platform.ledger.clean();
    if (this.#isAborted()) return;
    const shown = this.#isHeard ? (outcome.evidence ?? platform.sent).slice(0, EVIDENCE_MAX) : [];
    const isAccusing = outcome.verdict === "fail" || outcome.verdict === "warn";
    const setup = isAccusing
      ? setupFor(shown, run.answers).map((answer) => ({ ...exchangeOf(answer), setup: true }))
      : [];
    const evidence = [...setup, ...shown.map(toExchange), ...platform.silent];
    this.#report(check, capByLevel(outcome, check), evidence, this.#settings.clock.nowMs() - startMs);
  }

  async #judge(suite: StartedSuite, check: Check<never>, platform: OsbClient, run: RunContext): Promise<Outcome> {
    if (run.minor < check.since) return { verdict: "not-applicable", reason: `binds from 2.${check.since}` };
    if (check.until !== undefined && run.minor > check.until) {
      return { verdict: "not-applicable", reason: `bound until 2.${check.until}` };
    }
    if (this.#lost) return { verdict: "unknown", reason: "the broker stopped answering" };
    try {
      return await suite.runCheck(check.id, platform);
    } catch (error) {
      if (error instanceof Verdicted) return error.outcome;
      if (!(error instanceof NoAnswer)) return { verdict: "unknown", reason: `the check crashed: ${String(error)}` };
      await this.#lookWhetherLost(run, error);
      return { verdict: "unknown", reason: `no answer to ${error.message}` };
    }
  }

  /** One request without an answer may be the request's fault; when the catalog is silent too, the broker is gone. */
  async #lookWhetherLost(run: RunContext, cause: NoAnswer): Promise<void> {
    if (this.#lost || this.#isAborted()) return;
    const isAlive = await run.platform.send("catalog", { intent: "cleanup" }).then(
      () => true,
      () => false,
    );
    if (isAlive) return;
    this.#lost = new TargetError("lost", cause.message, { cause });
    run.note(this.#lost.message);
  }

  #report(check: Check<never>, outcome: Outcome, evidence: readonly Exchange[], durationMs: number): void {
    const accepted = outcome.verdict === "fail" ? this.#acceptanceFor(check.id) : undefined;
    const { verdict, reason, expected, seen } = accepted === undefined ? outcome : excuse(outcome, accepted);
    const info = infoOf(check);
    const more = { ...(reason === undefined ? {} : { reason }), ...(accepted === undefined ? {} : { accepted }) };
    this.#results.push({ check: info, verdict, ...more });
    this.#emit({
      v: RUN_EVENT_VERSION,
      type: "check-finished",
      check: info,
      verdict,
      ...more,
      ...(expected === undefined ? {} : { expected }),
      ...(seen === undefined ? {} : { seen }),
      durationMs,
      evidence,
    });
  }

  #acceptanceFor(check: string): Acceptance | undefined {
    return acceptanceFor(this.#options.baseline ?? [], check, this.#settings.clock.nowMs());
  }

  /** A baseline that is not looked after hides more than it should: what no longer holds is said. */
  #reviewBaseline(note: (text: string) => void): void {
    for (const acceptance of this.#options.baseline ?? []) {
      const { check, until } = acceptance;
      const result = this.#results.find((each) => each.check.id === check);
      if (isExpired(acceptance, this.#settings.clock.nowMs())) note(`baseline: ${check} was accepted until ${until}`);
      else if (result === undefined) note(`baseline: ${check} was not run`);
      else if (result.accepted === undefined) note(`baseline: ${check} did not fail; its entry can go`);
    }
  }

  #finish(): CertifySummary {
    this.#reviewBaseline((text) => this.#emit({ v: RUN_EVENT_VERSION, type: "note", text }));
    const leftBehind = this.#ledger.leftBehind();
    if (leftBehind.length > 0) this.#emit({ v: RUN_EVENT_VERSION, type: "left-behind", items: leftBehind });
    const counts = { fail: 0, unknown: 0, warn: 0, pass: 0, "not-applicable": 0 };
    for (const { verdict } of this.#results) counts[verdict]++;
    const isAborted = this.#isAborted();
    const coverage = this.#coverage();
    const unfinished: Verdict = isAborted || this.#lost ? "unknown" : "not-applicable";
    const worst = this.#results.reduce<Verdict>((sum, each) => worse(sum, each.verdict), unfinished);
    const verdict = verdictOver(worst, coverage);
    const accepted = this.#results.filter((each) => each.accepted !== undefined).length;
    const result = { verdict, accepted, coverage, finished: this.#results.length };
    const told = { conformant: isConformant(result), statement: statementOf(result) };
    const exitCode = isAborted ? 130 : exitCodeOf(verdict);
    this.#emit({ v: RUN_EVENT_VERSION, type: "run-finished", at: this.#now(), verdict, counts, exitCode, ...told });
    return {
      verdict,
      counts,
      exitCode,
      ...told,
      coverage,
      minor: this.#settings.minor,
      results: this.#results,
      leftBehind,
      ...(this.#lost ? { error: this.#lost } : {}),
    };
  }

  #coverage(): Coverage {
    const verdicts = new Map(this.#results.map(({ check, verdict }) => [check.id, verdict]));
    return coverageOf([{ scope: this.#selection.scope, finished: new Set(verdicts.keys()) }], verdicts);
  }
}

const toExchange = (evidence: Evidence): Exchange => ("curl" in evidence ? evidence : exchangeOf(evidence));

/** A check that passes without one answer to show has exercised nothing: that is a defect of the check, not a merit of the broker. */
function exercisedOrUnknown(outcome: Outcome, sent: readonly Answer[]): Outcome {
  const { verdict, evidence = sent } = outcome;
  if (verdict !== "pass" || evidence.length > 0) return outcome;
  return { verdict: "unknown", reason: "the check passed without having exercised anything" };
}

/** A violated SHOULD or MAY is a warning, never a failure. */
function capByLevel(outcome: Outcome, check: CheckInfo): Outcome {
  return outcome.verdict === "fail" && check.level !== "MUST" ? { ...outcome, verdict: "warn" } : outcome;
}

/** A failure that somebody has accepted is told as a warning. */
function excuse(outcome: Outcome, { reason, until }: Acceptance): Outcome {
  return { ...outcome, verdict: "warn", reason: `accepted until ${until} (${reason}): ${outcome.reason ?? "failed"}` };
}

export function infoOf(check: CheckInfo): CheckInfo {
  const { id, suite, title, level, clauses, section, requirement } = check;
  return { id, suite, title, level, clauses, section, requirement };
}
