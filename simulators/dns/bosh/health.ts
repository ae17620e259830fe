import type { Kernel } from "../../kernel/index.ts";
import type { BoshDnsSettings } from "./config.ts";
import { type Criteria, fittingRecords, readCriteria } from "./criteria.ts";
import type { InstanceRecord } from "./records.ts";
import type { BoshDnsState, InstanceHealth } from "./state.ts";

/** The report of an instance's health server, and how long it takes, in ms; undefined if nothing answers. */
export type HealthSource = (ip: string) => { readonly health: InstanceHealth; readonly afterMs: number } | undefined;

const RUNNING: InstanceHealth = { state: "running", groups: {} };
const UNCHECKED: InstanceHealth = { state: "unchecked", groups: {} };
const UNKNOWN: InstanceHealth = { state: "unknown", groups: {} };

/** The health of the instances behind recently requested names. */
export class HealthWatch {
  readonly #kernel: Kernel;
  readonly #settings: BoshDnsSettings;
  readonly #source: HealthSource;
  readonly #state: () => BoshDnsState["health"];
  readonly #name: string;

  constructor(
    kernel: Kernel,
    name: string,
    settings: BoshDnsSettings,
    source: HealthSource,
    state: () => BoshDnsState["health"],
  ) {
    this.#kernel = kernel;
    this.#name = name;
    this.#settings = settings;
    this.#source = source;
    this.#state = state;
    kernel.onTimer(`bosh-dns/${name}/checked`, (data: { ip: string; health: InstanceHealth }) => {
      this.#state().checks.delete(data.ip);
      this.#state().known.set(data.ip, data.health);
      this.#arm();
    });
    kernel.onTimer(`bosh-dns/${name}/check-all`, () => {
      this.#state().isArmed = false;
      for (const ip of this.#state().known.keys()) this.#check(ip);
      this.#arm();
    });
  }

  /** The whole interval passes between two rounds only if there is anything to check. */
  #arm(): void {
    const state = this.#state();
    if (state.isArmed || state.known.size === 0) return;
    state.isArmed = true;
    this.#kernel.timer(this.#settings.checkIntervalMs, `bosh-dns/${this.#name}/check-all`, null);
  }

  /** Begins to check an instance; returns the ms until the result is there. */
  #check(ip: string): number {
    const { checks } = this.#state();
    const dueMs = checks.get(ip);
    if (dueMs !== undefined) return Math.max(0, dueMs - this.#kernel.nowMs);
    const { health, afterMs } = this.ask(ip);
    checks.set(ip, this.#kernel.nowMs + afterMs);
    this.#kernel.timer(afterMs, `bosh-dns/${this.#name}/checked`, { ip, health });
    return afterMs;
  }

  /** Asks the health server of an instance; what takes too long or can't be read is unknown. */
  ask(ip: string): { readonly health: InstanceHealth; readonly afterMs: number } {
    const { requestTimeoutMs } = this.#settings;
    const said = this.#source(ip) ?? { health: UNKNOWN, afterMs: 0 };
    return said.afterMs > requestTimeoutMs ? { health: UNKNOWN, afterMs: requestTimeoutMs } : said;
  }

  of(ip: string): InstanceHealth {
    if (!this.#settings.checksHealth) return RUNNING;
    return this.#state().known.get(ip) ?? UNCHECKED;
  }

  #track(ip: string): void {
    if (this.#settings.checksHealth && !this.#state().known.has(ip)) this.#check(ip);
  }

  /** Records that a name was requested and has these members; returns the ms for which its reply must wait for first checks. */
  follow(criteria: Criteria, records: readonly InstanceRecord[]): number {
    const [fqdn] = criteria.get("fqdn") ?? [];
    if (fqdn === undefined || !this.#settings.checksHealth) return 0;
    const waits = records.map(({ ip }) => {
      const isUnchecked = this.of(ip).state === UNCHECKED.state;
      this.#touch(ip, fqdn);
      return criteria.get("y")?.[0] === SYNCHRONOUS && isUnchecked ? this.#check(ip) : 0;
    });
    return Math.min(this.#settings.firstCheckMs, Math.max(0, ...waits));
  }

  #touch(ip: string, fqdn: string): void {
    const { names, members, known } = this.#state();
    names.delete(fqdn);
    if (names.size >= this.#settings.trackedMax) {
      const [oldest = ""] = names;
      names.delete(oldest);
      for (const [member, of] of members) if (of.delete(oldest) && of.size === 0) known.delete(member);
    }
    names.add(fqdn);
    members.set(ip, new Set([fqdn]));
    this.#track(ip);
  }

  /** After a change of the records: new members of followed names are checked, those that have gone are forgotten. */
  refresh(records: readonly InstanceRecord[]): void {
    const state = this.#state();
    const domains = [...new Set(records.map(({ domain }) => domain))];
    const before = new Set(state.members.keys());
    const members = new Map<string, Set<string>>();
    for (const name of state.names) {
      const criteria = readCriteria(name, domains);
      if (criteria === undefined) continue;
      for (const { ip } of fittingRecords(criteria, records)) {
        const of = members.get(ip);
        if (of === undefined) members.set(ip, new Set([name]));
        else of.add(name);
        if (of === undefined && !before.has(ip)) this.#track(ip);
      }
    }
    for (const ip of before) if (!members.has(ip)) state.known.delete(ip);
    state.members = members;
  }
}

const SYNCHRONOUS = "1";
/** Without a strategy, the healthy members are returned, or all of them if none is healthy. */
const SMART = "0";

/** Whether to follow the health of a name: a single member is returned whatever its health. */
export const isWorthFollowing = (criteria: Criteria, records: readonly InstanceRecord[]): boolean =>
  (criteria.get("s")?.[0] ?? SMART) !== SMART || records.length !== 1;

/** The members that a name asks for by their health; the state of a queried group overrides the instance's own. */
export function filterByHealth(
  criteria: Criteria,
  records: readonly InstanceRecord[],
  healthOf: (ip: string) => InstanceHealth,
): readonly InstanceRecord[] {
  const groups = criteria.get("g") ?? [];
  const stateOf = ({ ip }: InstanceRecord): string => {
    const health = healthOf(ip);
    const states = groups.flatMap((group) => health.groups[group] ?? []);
    return states.includes("failing") ? "failing" : (states.at(-1) ?? health.state);
  };
  const inState = (...states: readonly string[]): readonly InstanceRecord[] =>
    states.flatMap((state) => records.filter((record) => stateOf(record) === state));
  switch (criteria.get("s")?.[0] ?? SMART) {
    case "1":
      return inState("failing");
    case "3":
      return inState("running");
    case "4":
      return records;
    default: {
      const fit = inState("running", "unchecked");
      return fit.length === 0 ? records : fit;
    }
  }
}
