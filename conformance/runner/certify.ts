import type { Answer } from "../client/answer.ts";
import { offersOf, readCatalog } from "../client/catalog.ts";
import { TargetError } from "../client/errors/target-error.ts";
import { exchangeOf } from "../client/http/observation.ts";
import { Ledger } from "../client/ledger.ts";
import { NoAnswer } from "../client/no-answer.ts";
import { OsbClient, StalledPlan } from "../client/osb-client.ts";
import type { ClientSettings } from "../client/settings.ts";
import { SPEC_MINORS, type SpecMinor } from "../client/spec-version.ts";
import type { DataPlane } from "../data/plane.ts";
import { type DrydockFile, EMPTY_FILE, parseDrydockFile } from "../settings/drydock-file.ts";
import { type Acceptance, acceptanceFor, isExpired } from "./baseline.ts";
import { type Check, type Outcome, Verdicted } from "./check.ts";
import { commandLine } from "./command.ts";
import { dataPlaneFor } from "./data-plane.ts";
import { type Exchange, RUN_EVENT_VERSION, type RunEvent } from "./events.ts";
import { setupFor } from "./evidence-setup.ts";
import { backendOf } from "./hooks.ts";
import { chooseOffers } from "./offers.ts";
import { type CertifyOptions, clientSettingsFor } from "./options.ts";
import { capByLevel, excuse, infoOf, requireEvidence, toExchange } from "./outcomes.ts";
import { Quota } from "./quota.ts";
import { firstServed, requireCatalog } from "./reach.ts";
import { INSTANCES_AT_ONCE, knownIds, noSuchCheck, type Selection, selectChecks } from "./selection.ts";
import { unknownNames } from "./stray-names.ts";
import type { RunContext, StartedSuite } from "./suite.ts";
import { type CertifySummary, type CheckResult, summarize } from "./summary.ts";
import { learnVersion } from "./version.ts";

/** Most exchanges that one verdict carries. */
const EVIDENCE_MAX = 10;
/** Checks side by side, unless the caller says otherwise. */
const JOBS = 4;

type Listener = (event: RunEvent) => void;

/**
 * Certifies one broker: runs the suites' checks against `options.url` and reports each step to `emit`.
 *
 * Resolves with the summary; its `exitCode` is that of `exitCodeOf`, or 130 when the signal stopped it. What was created at the
 * broker is removed in any case, or listed as `left-behind`.
 *
 * @throws TargetError (exit code 2) when the target cannot be tested at all, or an option names what there is not
 */
export async function certify(options: CertifyOptions, emit?: Listener): Promise<CertifySummary> {
  const file = typeof options.file === "string" ? parseDrydockFile(options.file) : (options.file ?? EMPTY_FILE);
  refuseStrayAcceptances(options);
  const selection = selectChecks(options);
  const { settings, dispose } = clientSettingsFor(options, file);
  try {
    return await new Certification(options, file, settings, selection, emit).run();
  } finally {
    dispose();
  }
}

/** An acceptance of a check that there is not would wait for ever. @throws TargetError bad-baseline */
function refuseStrayAcceptances({ baseline = [], suites, knownSuites }: CertifyOptions): void {
  const known = new Set(knownIds(suites, knownSuites));
  const stray = baseline.filter(({ check }) => !known.has(check));
  if (stray.length === 0) return;
  const lines = stray.map(({ check }) => noSuchCheck(check, suites, knownSuites));
  throw new TargetError("bad-baseline", `baseline: ${lines.join("; ")}`);
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
  readonly #emit: Listener;
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
    emit?: Listener,
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

  #note(text: string): void {
    this.#emit({ v: RUN_EVENT_VERSION, type: "note", text });
  }

  async #carryOut(): Promise<void> {
    const answers: Answer[] = [];
    const { catalog, notes } = await this.#firstContact(answers);
    const suites: StartedSuite[] = [];
    const run = this.#contextFor(catalog, answers, suites);
    const planned = this.#selection.suites.flatMap((suite) => {
      const started = suite.start(run);
      suites.push(started);
      const checks = this.#selection.checks.filter((each) => each.suite === suite);
      return checks.map(({ check }): PlannedCheck => ({ check, suite: started }));
    });
    this.#start(planned.length);
    for (const text of [...notes, ...unknownNames(this.#file, run.services)]) this.#note(text);
    // Probes ask for what they need; who judges what the others have seen needs something to be seen.
    if (planned.some(({ check }) => check.phase === "review")) for (const suite of suites) await this.#warmUp(suite);
    await this.#runAll(planned, run);
  }

  /** The catalog, and what was learnt on the way. From here on the version is settled. */
  async #firstContact(answers: Answer[]): Promise<{ catalog: Answer; notes: readonly string[] }> {
    const listen = (answer: Answer): void => void answers.push(answer);
    const speaking = (minor: SpecMinor) => new OsbClient({ ...this.#settings, minor }, this.#ledger, listen);
    const newest = speaking(this.#settings.minor);
    if (this.#options.profile !== undefined) return { catalog: await requireCatalog(newest), notes: [] };
    const scout = await firstServed(newest, SPEC_MINORS.toReversed().slice(1).map(speaking));
    const catalog = await requireCatalog(scout);
    const { minor, reason } = await learnVersion(scout, catalog);
    this.#settings = { ...this.#settings, minor };
    return { catalog, notes: [reason] };
  }

  #contextFor(catalog: Answer, answers: Answer[], suites: readonly StartedSuite[]): RunContext {
    const services = readCatalog(catalog.json);
    const quota = new Quota(this.#options.maxInstances ?? INSTANCES_AT_ONCE, async () => {
      for (const suite of suites) if (await suite.reclaim()) return true;
      return false;
    });
    return {
      platform: new OsbClient(this.#settings, this.#ledger, (answer) => void answers.push(answer)),
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
      note: (text) => this.#note(text),
    };
  }

  /** A check that needs what could not be made ready meets the same obstacle and says so. */
  async #warmUp(suite: StartedSuite): Promise<void> {
    await suite.warmUp().catch((error: unknown) => {
      if (this.#isAborted()) throw error;
      const why = error instanceof Error ? error.message : String(error);
      this.#note(`what checks share could not be made ready: ${why}`);
    });
  }

  /** What is behind a broker in the same process can't be reached over sockets. */
  #dataOverSockets(): DataPlane | undefined {
    const { transport, fetch } = this.#options;
    return transport === undefined && fetch === undefined ? dataPlaneFor(this.#file.data) : undefined;
  }

  #start(planned: number): void {
    this.#isStarted = true;
    this.#emit({
      v: RUN_EVENT_VERSION,
      type: "run-started",
      at: this.#now(),
      run: this.#settings.newId(),
      tool: { name: "drydock", version: this.#options.toolVersion ?? "0.0.0" },
      command: this.#options.command ?? this.#command(),
      target: { kind: "broker", url: this.#settings.target.url },
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
    const workers = Array.from({ length: this.#options.jobs ?? JOBS }, async () => {
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
    const client = run.platform.scope();
    const outcome = requireEvidence(await this.#judge(suite, check, client, run), client.sent);
    await client.ledger.clean();
    if (this.#isAborted()) return;
    const evidence = this.#isHeard ? evidenceFor(outcome, client, run) : [];
    this.#report(check, capByLevel(outcome, check), evidence, this.#settings.clock.nowMs() - startMs);
  }

  async #judge(suite: StartedSuite, check: Check<never>, client: OsbClient, run: RunContext): Promise<Outcome> {
    if (run.minor < check.since) return { verdict: "not-applicable", reason: `binds from 2.${check.since}` };
    if (check.until !== undefined && run.minor > check.until)
      return { verdict: "not-applicable", reason: `bound until 2.${check.until}` };
    if (this.#lost) return { verdict: "unknown", reason: "the broker stopped answering" };
    try {
      return await suite.runCheck(check.id, client);
    } catch (error) {
      if (error instanceof Verdicted) return error.outcome;
      if (error instanceof StalledPlan) return { verdict: "unknown", reason: error.message };
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
    this.#note(this.#lost.message);
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
  #reviewBaseline(): void {
    for (const acceptance of this.#options.baseline ?? []) {
      const { check, until } = acceptance;
      const result = this.#results.find((each) => each.check.id === check);
      if (isExpired(acceptance, this.#settings.clock.nowMs()))
        this.#note(`baseline: ${check} was accepted until ${until}`);
      else if (result === undefined) this.#note(`baseline: ${check} was not run`);
      else if (result.accepted === undefined) this.#note(`baseline: ${check} did not fail; its entry can go`);
    }
  }

  #finish(): CertifySummary {
    this.#reviewBaseline();
    const leftBehind = this.#ledger.leftBehind();
    if (leftBehind.length > 0) this.#emit({ v: RUN_EVENT_VERSION, type: "left-behind", items: leftBehind });
    const summary = summarize({
      minor: this.#settings.minor,
      results: this.#results,
      leftBehind,
      scope: this.#selection.scope,
      isAborted: this.#isAborted(),
      lost: this.#lost,
    });
    const { verdict, counts, exitCode, conformant, statement } = summary;
    this.#emit({
      v: RUN_EVENT_VERSION,
      type: "run-finished",
      at: this.#now(),
      verdict,
      counts,
      exitCode,
      conformant,
      statement,
    });
    return summary;
  }
}

/** What a verdict rests on; an accusing one with the requests before it that made what it is about. */
function evidenceFor(outcome: Outcome, client: OsbClient, run: RunContext): readonly Exchange[] {
  const shown = (outcome.evidence ?? client.sent).slice(0, EVIDENCE_MAX);
  const isAccusing = outcome.verdict === "fail" || outcome.verdict === "warn";
  const setup = isAccusing
    ? setupFor(shown, run.answers).map((answer) => ({ ...exchangeOf(answer), setup: true }))
    : [];
  return [...setup, ...shown.map(toExchange), ...client.silent];
}
