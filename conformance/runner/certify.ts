import type { Answer } from "../client/answer.ts";
import { offersOf, readCatalog } from "../client/catalog.ts";
import { TargetError } from "../client/errors/target-error.ts";
import { Ledger } from "../client/ledger.ts";
import { NoAnswer } from "../client/no-answer.ts";
import { OsbClient, StalledPlan } from "../client/osb-client.ts";
import type { ClientSettings } from "../client/settings.ts";
import { NEWEST_MINOR, type SpecMinor } from "../client/spec-version.ts";
import type { DataPlane } from "../data/plane.ts";
import { type DrydockFile, EMPTY_FILE, parseDrydockFile } from "../settings/drydock-file.ts";
import { type Check, type Outcome, Verdicted } from "./check.ts";
import { commandLine } from "./command.ts";
import { dataPlaneFor } from "./data-plane.ts";
import { RUN_EVENT_VERSION } from "./events.ts";
import { evidenceFor } from "./evidence.ts";
import { backendOf } from "./hooks.ts";
import { chooseOffers } from "./offers.ts";
import { type CertifyOptions, clientSettingsFor } from "./options.ts";
import { capByLevel, outsideOfVersions, requireEvidence } from "./outcomes.ts";
import { Quota } from "./quota.ts";
import { firstContact } from "./first-contact.ts";
import { markNewer } from "./learn-version.ts";
import { RunLog, type RunListener } from "./run-log.ts";
import { INSTANCES_AT_ONCE, refuseStrayAcceptances, type Selection, selectChecks } from "./selection.ts";
import { unknownNames } from "./unknown-names.ts";
import type { RunContext, StartedSuite } from "./suite.ts";
import { type CertifySummary, summarize } from "./summary.ts";

/** Checks side by side, unless the caller says otherwise. */
const JOBS = 4;

/**
 * Certifies one broker: runs the suites' checks against `options.url` and reports each step to `emit`.
 *
 * Resolves with the summary; its `exitCode` is that of `exitCodeOf`, or 130 when the signal stopped it. What was created at the
 * broker is removed in any case, or listed as `left-behind`.
 *
 * @throws TargetError (exit code 2) when the target cannot be tested at all, or an option names what there is not
 */
export async function certify(options: CertifyOptions, emit?: RunListener): Promise<CertifySummary> {
  const file = typeof options.file === "string" ? parseDrydockFile(options.file) : (options.file ?? EMPTY_FILE);
  refuseStrayAcceptances(options.baseline ?? [], options);
  const selection = selectChecks(options);
  const { settings, dispose } = clientSettingsFor(options, file);
  try {
    return await new Certification(options, file, settings, selection, emit).run();
  } finally {
    dispose();
  }
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
  /** The newest version of which the broker shows that it was written for it. */
  #evident: SpecMinor = NEWEST_MINOR;
  readonly #log: RunLog;
  readonly #ledger = new Ledger();
  #lost: TargetError | undefined;
  #isStarted = false;

  constructor(
    options: CertifyOptions,
    file: DrydockFile,
    settings: ClientSettings,
    selection: Selection,
    listener?: RunListener,
  ) {
    this.#options = options;
    this.#selection = selection;
    this.#file = file;
    this.#settings = settings;
    this.#log = new RunLog(options.baseline ?? [], settings.clock, listener);
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
    const listen = (answer: Answer): void => void answers.push(answer);
    const { catalog, minor, evident, notes } = await firstContact(
      (spoken) => new OsbClient({ ...this.#settings, minor: spoken }, this.#ledger, listen),
      this.#options.profile === undefined ? undefined : this.#settings.minor,
    );
    this.#settings = { ...this.#settings, minor };
    this.#evident = evident;
    const suites: StartedSuite[] = [];
    const run = this.#contextFor(catalog, answers, suites);
    const planned = this.#selection.suites.flatMap((suite) => {
      const started = suite.start(run);
      suites.push(started);
      const checks = this.#selection.checks.filter((each) => each.suite === suite);
      return checks.map(({ check }): PlannedCheck => ({ check, suite: started }));
    });
    this.#start(planned.length);
    for (const text of [...notes, ...unknownNames(this.#file, run.services)]) this.#log.note(text);
    // Probes ask for what they need; who judges what the others have seen needs something to be seen.
    if (planned.some(({ check }) => check.phase === "review")) for (const suite of suites) await this.#warmUp(suite);
    await this.#runAll(planned, run);
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
      note: (text) => this.#log.note(text),
    };
  }

  /** A check that needs what could not be made ready meets the same obstacle and says so. */
  async #warmUp(suite: StartedSuite): Promise<void> {
    await suite.warmUp().catch((error: unknown) => {
      if (this.#isAborted()) throw error;
      const why = error instanceof Error ? error.message : String(error);
      this.#log.note(`what checks share could not be made ready: ${why}`);
    });
  }

  /** What is behind a broker in the same process can't be reached over sockets. */
  #dataOverSockets(): DataPlane | undefined {
    const { transport, fetch } = this.#options;
    return transport === undefined && fetch === undefined ? dataPlaneFor(this.#file.data) : undefined;
  }

  #start(planned: number): void {
    this.#isStarted = true;
    this.#log.emit({
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
      return this.#log.report(planned.check, { verdict: "not-applicable", reason }, [], 0);
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
    this.#log.emit({ v: RUN_EVENT_VERSION, type: "check-started", check: check.id });
    const startMs = this.#settings.clock.nowMs();
    const client = run.platform.scope();
    const outcome = requireEvidence(await this.#judge(suite, check, client, run), client.sent);
    await client.ledger.clean();
    if (this.#isAborted()) return;
    const evidence = this.#log.isHeard ? evidenceFor(outcome, client, run.answers) : [];
    const judged = markNewer(capByLevel(outcome, check), check, this.#evident);
    this.#log.report(check, judged, evidence, this.#settings.clock.nowMs() - startMs);
  }

  async #judge(suite: StartedSuite, check: Check<never>, client: OsbClient, run: RunContext): Promise<Outcome> {
    const unbound = outsideOfVersions(check, run.minor);
    if (unbound !== undefined) return unbound;
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
    this.#log.note(this.#lost.message);
  }

  #finish(): CertifySummary {
    this.#log.reviewBaseline();
    const leftBehind = this.#ledger.leftBehind();
    if (leftBehind.length > 0) this.#log.emit({ v: RUN_EVENT_VERSION, type: "left-behind", items: leftBehind });
    const summary = summarize({
      minor: this.#settings.minor,
      results: this.#log.results,
      leftBehind,
      scope: this.#selection.scope,
      isAborted: this.#isAborted(),
      lost: this.#lost,
    });
    const { verdict, counts, exitCode, conformant, statement } = summary;
    this.#log.emit({
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
