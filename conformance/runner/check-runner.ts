import type { Clock } from "../client/clock.ts";
import { redactText } from "../client/http/redact.ts";
import { TargetError } from "../client/errors/target-error.ts";
import { isAnswered } from "../client/lifeline.ts";
import { NoAnswer } from "../client/no-answer.ts";
import type { OsbClient } from "../client/osb-client.ts";
import type { SpecMinor } from "../client/spec-version.ts";
import { secretsOf } from "../client/target.ts";
import { type Check, type Outcome, Verdicted } from "./check.ts";
import { RUN_EVENT_VERSION } from "./events.ts";
import { evidenceFor } from "./evidence.ts";
import { markNewer } from "./learn-version.ts";
import { capByLevel, outsideOfVersions, requireEvidence } from "./outcomes.ts";
import { Berth } from "./berth.ts";
import { type Judged, judgeUnlessChance } from "./chance.ts";
import { lookForChange } from "./change.ts";
import { isInterruption } from "./interruption.ts";
import { NoRoom, type Quota } from "./quota.ts";
import type { RunLog } from "./run-log.ts";
import type { RunContext, StartedSuite } from "./suite.ts";
import type { Tidying } from "./tidying.ts";

/** A check that this run holds, with the suite that it belongs to. */
export interface PlannedCheck {
  readonly suite: StartedSuite;
  readonly check: Check<never>;
}

/** What running the checks needs besides the run's context. */
interface CheckRunnerOptions {
  readonly log: RunLog;
  readonly clock: Clock;
  /** Checks side by side. */
  readonly jobs: number;
  /** What limits the time of the run, as reasons name it: `--max-time 5`. */
  readonly timeLimit: string;
  readonly tidying: Tidying;
  /** Prepares what checks share, unless it is ready. */
  readonly warmUp: () => Promise<void>;
  /** The newest version for which the broker shows that it was written. */
  readonly evident: SpecMinor;
}

/** The outcome of a check that needs more instances than there is room for: the option leaves it out, a quota leaves it open. */
const verdictWithout = { option: "not-applicable", broker: "unknown" } as const;

function lacksRoom(units: number, { max, limiter }: Quota): Outcome {
  const limit =
    limiter === "option" ? `${max} are allowed (--max-instances)` : `the broker has room for ${max} (a quota)`;
  return { verdict: verdictWithout[limiter], reason: `needs ${units} instances at once, ${limit}` };
}

/** The reason for everything that a lost broker leaves open. */
const SILENCE = "the broker stopped answering";

/** How many requests of a check are shown, at most, before the unanswered one that ended it. */
const SENT_BEFORE_MAX = 5;

/** Holds the checks of one run: side by side where possible, each to a verdict of its own whatever happens. */
export class CheckRunner {
  readonly #run: RunContext;
  readonly #options: CheckRunnerOptions;
  #lost: TargetError | undefined;
  /** Checks that found no room while others ran. */
  readonly #postponed: PlannedCheck[] = [];
  /** Unhandled rejections, by the check or story that caused them. */
  readonly #strays = new Map<string, unknown>();
  #isLastTry = false;
  #isChangeNoted = false;
  /** Ids of the checks that are being held. */
  readonly #current = new Set<string>();

  constructor(run: RunContext, options: CheckRunnerOptions) {
    this.#run = run;
    this.#options = options;
  }

  /** Set when the broker stopped answering. */
  get loss(): TargetError | undefined {
    return this.#lost;
  }

  /** Whether something went wrong, by a defect of drydock itself, that no check's verdict mentions. */
  get isDefective(): boolean {
    return this.#strays.size > 0;
  }

  /** An unhandled rejection: the check that caused it is not to be trusted; any other cause is noted. */
  noteStray(who: string, error: unknown): void {
    const isKnown = this.#strays.has(who);
    this.#strays.set(who, error);
    if (!isKnown && !this.#current.has(who))
      this.#options.log.note(`a defect of drydock itself, in ${who}: ${this.#trace(error)}`);
  }

  /** Probes side by side, then those that need the backend for themselves, then the reviews of what was sent. */
  async hold(planned: readonly PlannedCheck[]): Promise<void> {
    const { backend } = this.#run;
    const { tidying } = this.#options;
    // If nothing behind the broker can be held or broken, no check needs it for itself.
    const hasFaults = Object.keys(backend.faults ?? {}).length > 0;
    const canDisturb = backend.hold !== undefined || backend.fail !== undefined || hasFaults;
    const isAlone = ({ check }: PlannedCheck): boolean => canDisturb && check.exclusive === true;
    const isReview = ({ check }: PlannedCheck): boolean => check.phase === "review";
    await this.#holdSideBySide(planned.filter((each) => !isAlone(each) && !isReview(each)));
    await tidying.end();
    await this.#holdThoseWithoutRoom();
    for (const each of planned.filter((other) => isAlone(other) && !isReview(other))) {
      await this.#holdOne(each);
      await tidying.end();
    }
    await this.#holdSideBySide(planned.filter(isReview));
    await this.#holdThoseWithoutRoom();
  }

  /** A check that found no room while others ran gets it alone, or there is none. */
  async #holdThoseWithoutRoom(): Promise<void> {
    const postponed = this.#postponed.splice(0);
    if (postponed.length === 0) return;
    await this.#options.warmUp();
    this.#isLastTry = true;
    for (const each of postponed) {
      await this.#options.tidying.end();
      await this.#holdOne(each);
    }
    this.#isLastTry = false;
  }

  async #holdSideBySide(planned: readonly PlannedCheck[]): Promise<void> {
    const queue = [...planned];
    const workers = Array.from({ length: Math.min(this.#options.jobs, queue.length) }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await this.#holdOne(next);
    });
    await Promise.all(workers);
  }

  get #isAborted(): boolean {
    return this.#run.signal?.aborted === true;
  }

  async #holdOne(planned: PlannedCheck): Promise<void> {
    if (this.#isAborted) return;
    const { check } = planned;
    const { log, clock, evident } = this.#options;
    const { quota, platform, answers } = this.#run;
    const units = check.instances ?? 1;
    if (units > quota.max) return log.report(check, lacksRoom(units, quota), [], 0);
    log.emit({ v: RUN_EVENT_VERSION, type: "check-started", check: check.id });
    const startMs = clock.nowMs();
    const berth = new Berth(quota, "check", Math.max(1, units));
    let client = platform.scope(berth);
    const outcome = await quota.actors.act(check.id, async () => {
      this.#current.add(check.id);
      const last = await judgeUnlessChance(planned, (each) => this.#judgeAndClean(each, platform.scope(berth)));
      client = last.client;
      const judged = last.outcome;
      // Unhandled rejections are reported once everything else at hand is done.
      await new Promise((done) => void setImmediate(done));
      this.#current.delete(check.id);
      if (this.#strays.has(check.id)) return this.#crashInBackground(check);
      if (judged === "no room") return judged;
      return this.#unlessCatalogChanged(requireEvidence(judged, client.sent), client);
    });
    berth.close();
    if (this.#isAborted) return;
    if (outcome === "no room") return void this.#postponed.push(planned);
    const evidence = log.isHeard ? evidenceFor(outcome, client, answers) : [];
    log.report(check, markNewer(capByLevel(outcome, check), check, evident), evidence, clock.nowMs() - startMs);
  }

  async #judgeAndClean(planned: PlannedCheck, client: OsbClient): Promise<Judged> {
    const outcome = await this.#judge(planned, client);
    await client.end();
    await client.ledger.clean();
    return { outcome, client };
  }

  async #judge({ suite, check }: PlannedCheck, client: OsbClient): Promise<Outcome | "no room"> {
    const unbound = outsideOfVersions(check, this.#run.minor);
    if (unbound !== undefined) return unbound;
    if (this.#lost) return this.#silence(this.#lost);
    try {
      return await suite.runCheck(check.id, client);
    } catch (error) {
      if (error instanceof NoRoom && !this.#isLastTry) return "no room";
      return this.#outcomeOf(error, check, client);
    }
  }

  /** The outcome for an error that ended a check: who is to blame for it. */
  async #outcomeOf(error: unknown, check: Check<never>, { sent }: OsbClient): Promise<Outcome> {
    if (error instanceof Verdicted) return error.outcome;
    if (error instanceof NoRoom) return { verdict: verdictWithout[error.limiter], reason: error.message };
    if (this.#isAborted && isInterruption(error)) return { verdict: "unknown", reason: "the run was interrupted" };
    if (!(error instanceof NoAnswer)) return this.#crash(error, check);
    if (error.fault === "out-of-time")
      return { verdict: "unknown", reason: `no time: the run ended before this check (${this.#options.timeLimit})` };
    await this.#lookWhetherLost(error);
    // The request may be a story's, so the check itself has not sent it.
    const evidence = [...sent.slice(-SENT_BEFORE_MAX), error.exchange];
    return this.#lost ? this.#silence(this.#lost, evidence) : { verdict: "unknown", reason: error.blame, evidence };
  }

  /** One reason for everything that a lost broker leaves open. */
  #silence(lost: TargetError | undefined, evidence: NonNullable<Outcome["evidence"]> = []): Outcome {
    const reason = lost === undefined ? SILENCE : `${SILENCE}: ${lost.seen}`;
    return { verdict: "unknown", reason, evidence };
  }

  /** A broker is accused neither of the consequences of ids that it no longer offers, nor of what it did while it went down. */
  async #unlessCatalogChanged(outcome: Outcome, { sent }: OsbClient): Promise<Outcome> {
    const { verdict, evidence = sent } = outcome;
    const isAboutCatalog = evidence.some((each) => "operation" in each && each.operation === "catalog");
    if ((verdict !== "fail" && verdict !== "warn") || isAboutCatalog || this.#isAborted) return outcome;
    const reason = this.#lost ? "silence" : await lookForChange(this.#run);
    if (reason === undefined) return outcome;
    if (reason === "silence") return this.#silence(this.#lost, evidence);
    if (!this.#isChangeNoted) this.#options.log.note(reason);
    this.#isChangeNoted = true;
    return { verdict: "unknown", reason, evidence };
  }

  #crashInBackground(check: Check<never>): Outcome {
    const error = this.#strays.get(check.id);
    this.#strays.delete(check.id);
    return this.#crash(error, check);
  }

  #trace(error: unknown): string {
    const secrets = secretsOf(this.#run.platform.settings.target);
    return redactText(error instanceof Error ? (error.stack ?? error.message) : String(error), secrets);
  }

  #crash(error: unknown, check: Check<never>): Outcome {
    const trace = this.#trace(error);
    this.#options.log.note(`a defect of drydock itself, in the check ${check.id}: ${trace}`);
    return { verdict: "unknown", reason: `the check crashed, by a defect of drydock itself: ${trace.split("\n")[0]}` };
  }

  /** One request without an answer may be the request's fault; if the catalog is silent too, the broker is gone. */
  async #lookWhetherLost(cause: NoAnswer): Promise<void> {
    if (this.#lost || this.#isAborted) return;
    const isAlive = await isAnswered(() => this.#run.platform.send("catalog", { intent: "cleanup" }));
    if (isAlive || this.#lost) return;
    this.#lost = new TargetError("lost", this.#run.platform.memory.lifeline.reason ?? cause.message, { cause });
    this.#options.log.note(this.#lost.message);
  }
}
