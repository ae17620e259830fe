import type { Answer } from "../client/answer.ts";
import { offersOf, readCatalog } from "../client/catalog.ts";
import { TargetError } from "../client/errors/target-error.ts";
import { Ledger } from "../client/ledger.ts";
import { NoAnswer } from "../client/no-answer.ts";
import { RunMemory } from "../client/run-memory.ts";
import { OsbClient } from "../client/osb-client.ts";
import type { ClientSettings } from "../client/settings.ts";
import { NEWEST_MINOR, type SpecMinor } from "../client/spec-version.ts";
import type { DataPlane } from "../data/plane.ts";
import type { DrydockFile } from "../settings/file.ts";
import { lineThatRepeats } from "./command.ts";
import { dataPlaneFor } from "./data-plane.ts";
import { CheckRunner, type PlannedCheck } from "./check-runner.ts";
import { type Judged, RUN_EVENT_VERSION } from "./events.ts";
import { describeStumbles } from "./chance.ts";
import { backendOf } from "./hooks.ts";
import { chooseOffers } from "./offers.ts";
import { INSTANCES_AT_ONCE, JOBS } from "./limits.ts";
import type { CertifyOptions } from "./options.ts";
import { longestFirst, shuffle } from "./order.ts";
import { eachTenSeconds, progressLine } from "./progress-lines.ts";
import { Berth } from "./berth.ts";
import { Quota } from "./quota.ts";
import { firstContact } from "./first-contact.ts";
import { RunLog, type RunListener } from "./run-log.ts";
import { catchStrays } from "./strays.ts";
import type { Selection } from "./selection.ts";
import { unknownNames } from "./unknown-names.ts";
import type { RunContext, StartedSuite } from "./suite.ts";
import { type CertifySummary, summarize } from "./summary.ts";
import { Tidying } from "./tidying.ts";

/** With at least this many instances at once, stories are played while other checks wait for them. */
const ROOMY = 6;

/** One run, from the first contact to the last clean-up. */
export class Certification {
  readonly #options: CertifyOptions;
  readonly #file: DrydockFile;
  readonly #selection: Selection;
  #settings: ClientSettings;
  /** The newest version for which the broker shows that it was written. */
  #evident: SpecMinor = NEWEST_MINOR;
  readonly #log: RunLog;
  readonly #ledger = new Ledger();
  #checkRunner: CheckRunner | undefined;
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
      if (!this.#isAborted()) await this.#ledger.retry();
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
    const { catalog, minor, evident, reason } = await firstContact(
      (spoken) => new OsbClient({ ...this.#settings, minor: spoken }, this.#ledger, listen),
      this.#options.profile === undefined ? undefined : this.#settings.minor,
    ).catch((error: unknown) => {
      if (!(error instanceof NoAnswer) || error.fault === "aborted") throw error;
      throw new TargetError("no-answer", error.blame, { cause: error });
    });
    this.#settings = { ...this.#settings, minor };
    this.#evident = evident;
    const suites: StartedSuite[] = [];
    const { run, tidying } = this.#contextFor(catalog, answers, suites);
    const planned = this.#selection.suites.flatMap((suite) => {
      const started = suite.start(run);
      suites.push(started);
      const checks = this.#selection.checks.filter((each) => each.suite === suite);
      return checks.map(({ check }): PlannedCheck => ({ check, suite: started }));
    });
    const plans = run.offers.map(({ service, plan }) => ({ service: service.name, plan: plan.name }));
    this.#start(planned.length, { plans, version: reason });
    for (const text of unknownNames(this.#file, run.services)) this.#log.note(text);
    await this.#hold(planned, run, tidying);
  }

  async #hold(planned: readonly PlannedCheck[], run: RunContext, tidying: Tidying): Promise<void> {
    const { jobs = JOBS, shuffleSeed } = this.#options;
    // Probes request what they need; a review of what others have seen needs something to be seen.
    const suites = new Set(planned.filter(({ check }) => check.phase === "review").map(({ suite }) => suite));
    const warmUp = async () => void (await Promise.all([...suites].map((suite) => this.#warmUp(suite, run))));
    const checkRunner = new CheckRunner(run, {
      log: this.#log,
      clock: this.#settings.clock,
      jobs,
      timeLimit: this.#timeLimit(),
      tidying,
      warmUp,
      evident: this.#evident,
    });
    this.#checkRunner = checkRunner;
    const stopListening = catchStrays(run.quota.actors, (who, error) => checkRunner.noteStray(who, error));
    const stopSaying = eachTenSeconds(() => this.#sayProgress(planned.length, run));
    try {
      const ordered = shuffleSeed === undefined ? longestFirst(planned) : shuffle(planned, shuffleSeed);
      const isReady = warmUp();
      // If there is little room, checks would wait for these stories while taking up the room that they need.
      if (run.quota.max < ROOMY) await isReady;
      await Promise.all([isReady, checkRunner.hold(ordered)]);
      await tidying.end();
      for (const text of describeStumbles(run.platform.memory)) this.#log.note(text);
    } finally {
      stopSaying();
      stopListening();
    }
  }

  #timeLimit(): string {
    return `--max-time ${(this.#options.maxTimeMs ?? 0) / 60_000}`;
  }

  #sayProgress(planned: number, run: RunContext): void {
    const done = this.#log.results.length;
    const line = progressLine({ done, planned }, [...run.platform.memory.waits], this.#settings.clock.nowMs());
    this.#options.onProgress?.(line);
  }

  #contextFor(
    catalog: Answer,
    answers: Answer[],
    suites: readonly StartedSuite[],
  ): { readonly run: RunContext; readonly tidying: Tidying } {
    const services = readCatalog(catalog.json);
    const quota = new Quota(this.#options.maxInstances ?? INSTANCES_AT_ONCE, async () => {
      for (const suite of suites) if (await suite.reclaim()) return true;
      return false;
    });
    const tidying = new Tidying(quota.actors);
    const room = new Berth(quota, "check", 0);
    const run: RunContext = {
      platform: new OsbClient(
        this.#settings,
        this.#ledger,
        (answer) => void answers.push(answer),
        new RunMemory(),
        room,
      ),
      catalog,
      services,
      offers: chooseOffers(offersOf(services), this.#options),
      minor: this.#settings.minor,
      plans: this.#options.plans ?? "all",
      file: this.#file,
      backend: this.#options.backend ?? backendOf(this.#file),
      data: this.#options.data ?? this.#dataOverSockets(),
      answers,
      quota,
      signal: this.#options.signal,
      note: (text) => this.#log.note(text),
      tidy: (what, work) => tidying.begin(what, work),
    };
    return { run, tidying };
  }

  /** A check that needs what could not be prepared meets the same obstacle and says so. */
  async #warmUp(suite: StartedSuite, { quota }: RunContext): Promise<void> {
    await quota.actors
      .act("warm-up", () => suite.warmUp())
      .catch((error: unknown) => {
        if (this.#isAborted()) return;
        const why = error instanceof Error ? error.message : String(error);
        this.#log.note(`what checks share could not be prepared: ${why}`);
      });
  }

  /** Sockets can't reach what is behind a broker in the same process. */
  #dataOverSockets(): DataPlane | undefined {
    const { transport, fetch } = this.#options;
    return transport === undefined && fetch === undefined ? dataPlaneFor(this.#file.data) : undefined;
  }

  #start(planned: number, judged?: Judged): void {
    this.#isStarted = true;
    this.#log.emit({
      v: RUN_EVENT_VERSION,
      type: "run-started",
      at: this.#now(),
      run: this.#settings.newId(),
      tool: { name: "drydock", version: this.#options.toolVersion ?? "0.0.0" },
      command: this.#options.command ?? lineThatRepeats(this.#options, this.#settings.minor, this.#selection.suites),
      target: { kind: "broker", url: this.#settings.target.url },
      profile: `osb-2.${this.#settings.minor}`,
      ...(judged && { judged }),
      planned,
      scope: this.#selection.scope,
    });
  }

  #now(): string {
    return new Date(this.#settings.clock.nowMs()).toISOString();
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
      lost: this.#checkRunner?.loss,
      isDefective: this.#checkRunner?.isDefective === true,
    });
    const { verdict, counts, causes, exitCode, conformant, statement } = summary;
    this.#log.emit({
      v: RUN_EVENT_VERSION,
      type: "run-finished",
      at: this.#now(),
      verdict,
      counts,
      exitCode,
      conformant,
      statement,
      causes: causes.length,
    });
    return summary;
  }
}
