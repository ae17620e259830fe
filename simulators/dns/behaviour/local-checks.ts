import type { Kernel, Slot } from "../../kernel/index.ts";
import type { Service } from "../state/rows.ts";
import { countVerdict, judgeProbe, refuseProbe, type Verdict } from "./check-runner.ts";
import type { LocalCheck } from "./local-check.ts";
import type { Probe, ProbeResult } from "./probe.ts";

/** A service as its agent knows it. */
export interface LocalService {
  readonly service: Service;
  /** Secret of the token with which it is written; empty for the agent's. */
  readonly token: string;
  /** Whether the catalog agrees with it. */
  isSynced: boolean;
}

interface LocalTables {
  readonly services: Map<string, LocalService>;
  readonly checks: Map<string, LocalCheck>;
  /** Services and checks that the catalog still has. */
  readonly goneServices: Set<string>;
  readonly goneChecks: Set<string>;
  isSyncArmed: boolean;
  isRepairArmed: boolean;
  /** When the agent started, ms since the Unix epoch: its periodic rounds are counted from there. */
  readonly startMs: number;
}

/** The result of a probe outside the kernel, and the timer that stood for it. */
interface ProbeAnswer {
  readonly id: string;
  readonly timer: number | undefined;
  readonly result: ProbeResult;
}

const REAP_EVERY_MS = 30_000;
const REAP_AFTER_MS_MIN = 60_000;

/** The checks that one agent knows: their probes, the expiry of their TTLs, and the consequences of a status that stays critical. */
export abstract class LocalChecks {
  protected readonly kernel: Kernel;
  protected readonly agent: string;
  readonly #slot: Slot<LocalTables>;
  readonly #outputMs: number;
  /** How checks reach the network; undefined if none are run. */
  readonly #probe: Probe | undefined;
  readonly #probed: (answer: ProbeAnswer) => void;

  constructor(kernel: Kernel, agent: string, outputMs: number, probe: Probe | undefined) {
    this.#probe = probe;
    this.#outputMs = outputMs;
    this.kernel = kernel;
    this.agent = agent;
    this.#slot = kernel.slot(`dns/agent/${agent}`, {
      services: new Map(),
      checks: new Map(),
      goneServices: new Set(),
      goneChecks: new Set(),
      isSyncArmed: false,
      isRepairArmed: false,
      startMs: kernel.nowMs,
    });
    kernel.onTimer<{ id: string }>(`dns/agent/${agent}/ttl`, ({ id }) => this.#expire(id));
    kernel.onTimer<{ id: string }>(`dns/agent/${agent}/output`, ({ id }) => this.#writeOutput(id));
    kernel.onTimer<{ id: string }>(`dns/agent/${agent}/probe`, ({ id }) => this.#runProbe(id));
    this.#probed = kernel.onInput(`dns/agent/${agent}/probed`, (answer: ProbeAnswer) => this.#answerProbe(answer));
    kernel.onTimer<{ id: string }>(`dns/agent/${agent}/reap`, ({ id }) => this.#reap(id));
  }

  get state(): LocalTables {
    return this.#slot.value;
  }

  /** Has aliases evaluated and changes written. */
  abstract scheduleSync(): void;

  /** Removes a service with its checks. */
  abstract removeService(id: string): void;

  check(id: string): LocalCheck | undefined {
    return this.state.checks.get(id);
  }

  checksOf(service: string): readonly LocalCheck[] {
    return [...this.state.checks.values()].filter(({ check }) => check.serviceId === service);
  }

  /** The time until the next multiple of a period since the agent started, in ms. */
  protected untilTick(everyMs: number, afterMs: number): number {
    const { startMs } = this.state;
    const from = this.kernel.nowMs + afterMs - startMs;
    return Math.ceil((from + 1) / everyMs) * everyMs + startMs - this.kernel.nowMs;
  }

  /** Adds or replaces a check. */
  addCheck(check: LocalCheck): void {
    const known = this.check(check.check.id);
    if (known !== undefined) this.#stop(known);
    this.state.checks.set(check.check.id, check);
    this.state.goneChecks.delete(check.check.id);
    this.#armExpiry(check);
    this.#armFirstProbe(check);
    this.scheduleSync();
  }

  /** Probes start at a random moment of their interval, so that they don't all run together. */
  #armFirstProbe(known: LocalCheck): void {
    if (known.probe === undefined || this.#probe === undefined) return;
    this.#armProbe(known, this.kernel.random("dns/probes").int(0, known.probe.intervalMs));
  }

  #armProbe(known: LocalCheck, afterMs: number): void {
    known.probeTimer = this.kernel.timer(afterMs, `dns/agent/${this.agent}/probe`, { id: known.check.id });
  }

  #runProbe(id: string): void {
    const known = this.check(id);
    if (known?.probe === undefined || this.#probe === undefined) return;
    known.probeTimer = undefined;
    const { request, intervalMs } = known.probe;
    const wrong = refuseProbe(known.probe);
    if (wrong !== undefined) return this.#take(known, wrong);
    const result = this.#probe(request);
    if (!(result instanceof Promise)) return this.#take(known, judgeProbe(known.probe, result));
    // The next one is due even if the answer to this one gets lost, as in a world that is restored.
    this.#armProbe(known, request.timeoutMs + intervalMs);
    const { probeTimer } = known;
    void result.then((each) => this.#probed({ id, timer: probeTimer, result: each }));
  }

  #answerProbe({ id, timer, result }: ProbeAnswer): void {
    const known = this.check(id);
    if (known?.probe === undefined || timer === undefined || known.probeTimer !== timer) return;
    this.kernel.cancelTimer(timer);
    known.probeTimer = undefined;
    this.#take(known, judgeProbe(known.probe, result));
  }

  /** A probe that waits for an answer forever is never run again. */
  #take(known: LocalCheck, verdict: Verdict | undefined): void {
    if (verdict === undefined || known.probe === undefined) return;
    const status = countVerdict(known, known.probe, verdict);
    if (status !== undefined) this.update(known, status, verdict.output);
    this.#armProbe(known, known.probe.intervalMs);
  }

  /** Removes a check. */
  removeCheck(id: string): void {
    const known = this.check(id);
    if (known === undefined) return;
    this.#stop(known);
    this.state.checks.delete(id);
    this.state.goneChecks.add(id);
    this.scheduleSync();
  }

  #stop({ expiryTimer, outputTimer, probeTimer }: LocalCheck): void {
    if (probeTimer !== undefined) this.kernel.cancelTimer(probeTimer);
    if (expiryTimer !== undefined) this.kernel.cancelTimer(expiryTimer);
    if (outputTimer !== undefined) this.kernel.cancelTimer(outputTimer);
  }

  #armExpiry(check: LocalCheck): void {
    if (check.expiryTimer !== undefined) this.kernel.cancelTimer(check.expiryTimer);
    check.expiryTimer =
      check.ttlMs === 0
        ? undefined
        : this.kernel.timer(check.ttlMs, `dns/agent/${this.agent}/ttl`, { id: check.check.id });
  }

  /** Receives a heartbeat of a TTL check; false if there is no such check. */
  updateTtl(id: string, status: string, output: string): boolean {
    const known = this.check(id);
    if (known === undefined || known.ttlMs === 0) return false;
    this.#armExpiry(known);
    this.update(known, status, output);
    return true;
  }

  #expire(id: string): void {
    const known = this.check(id);
    if (known === undefined) return;
    known.expiryTimer = undefined;
    const { output } = known.check;
    const last = output === "" ? "" : ` (last output before timeout follows): ${output}`;
    this.update(known, "critical", `TTL expired${last}`);
  }

  protected update(known: LocalCheck, status: string, output: string): void {
    if (status !== "critical") known.criticalSinceMs = undefined;
    else if (known.criticalSinceMs === undefined) this.#beginCritical(known);
    const { check } = known;
    if (check.status === status && check.output === output) return;
    known.check = { ...check, status, output };
    if (check.status === status) return this.#deferOutput(known);
    known.isSynced = false;
    this.scheduleSync();
  }

  /** A change of the output alone is written later: after half to one and a half of the configured time. */
  #deferOutput(known: LocalCheck): void {
    if (this.#outputMs === 0) {
      known.isSynced = false;
      return this.scheduleSync();
    }
    known.outputTimer ??= this.kernel.timer(
      this.#outputMs / 2 + this.kernel.random("dns/agents").int(0, this.#outputMs),
      `dns/agent/${this.agent}/output`,
      { id: known.check.id },
    );
  }

  #writeOutput(id: string): void {
    const known = this.check(id);
    if (known === undefined) return;
    known.outputTimer = undefined;
    known.isSynced = false;
    this.scheduleSync();
  }

  #beginCritical(known: LocalCheck): void {
    known.criticalSinceMs = this.kernel.nowMs;
    if (known.deregisterAfterMs === 0) return;
    const afterMs = Math.max(known.deregisterAfterMs, REAP_AFTER_MS_MIN);
    this.kernel.timer(this.untilTick(REAP_EVERY_MS, afterMs), `dns/agent/${this.agent}/reap`, {
      id: known.check.id,
    });
  }

  #reap(id: string): void {
    const known = this.check(id);
    if (known?.criticalSinceMs === undefined || known.check.serviceId === "") return;
    if (this.kernel.nowMs - known.criticalSinceMs < Math.max(known.deregisterAfterMs, REAP_AFTER_MS_MIN)) return;
    this.removeService(known.check.serviceId);
  }
}
