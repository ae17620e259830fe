import { type Kernel, Signal } from "../../kernel/index.ts";
import type { Service } from "../state/rows.ts";
import { aliasStatuses, type LocalCheck, maintenanceCheck, maintenanceId, type RemoteNode } from "./local-check.ts";
import { LocalChecks, type LocalService } from "./local-checks.ts";
import type { Probe } from "./probe.ts";

/** Changes reach the catalog after this time. */
const SYNC_MS = 20;
const REPAIR_EVERY_MS = 60_000;

/** How an agent brings its changes to the catalog. */
interface CatalogSync {
  /** Writes to the catalog what is not synced. */
  push(): void;
  /** Compares everything with the catalog and repairs it. */
  repair(): void;
  /** The catalog's entries about another node; undefined if aliases know only their own agent. */
  readonly remote: ((node: string) => RemoteNode) | undefined;
}

/** The local state of one agent: its services and checks, with which it synchronises the catalog. */
export class LocalState extends LocalChecks {
  /** Fires when a service comes, changes or goes. */
  readonly changed: Signal<true>;
  outside: CatalogSync | undefined;

  constructor(kernel: Kernel, agent: string, outputMs: number, probe: Probe | undefined) {
    super(kernel, agent, outputMs, probe);
    this.changed = new Signal<true>(kernel);
    kernel.onTimer(`dns/agent/${agent}/sync`, () => this.#sync());
    kernel.onTimer(`dns/agent/${agent}/repair`, () => this.#repair());
  }

  service(id: string): LocalService | undefined {
    return this.state.services.get(id);
  }

  #sync(): void {
    this.state.isSyncArmed = false;
    this.judgeAliases();
    this.outside?.push();
  }

  /** Gives each alias the status of what it stands for. */
  judgeAliases(): void {
    for (const [known, status, output] of aliasStatuses(this.state, this.outside?.remote))
      this.update(known, status, output);
  }

  /** Has aliases evaluated and changes written, for example after something that they stand for has changed. */
  override scheduleSync(): void {
    if (this.state.isSyncArmed) return;
    this.state.isSyncArmed = true;
    this.kernel.timer(SYNC_MS, `dns/agent/${this.agent}/sync`, null);
  }

  /** Whether any alias stands for another node. */
  get followsNodes(): boolean {
    for (const { aliasNode } of this.state.checks.values()) if (aliasNode !== "") return true;
    return false;
  }

  /** Has the next round of anti-entropy compare the catalog with what is here. */
  scheduleRepair(): void {
    if (this.state.isRepairArmed) return;
    this.state.isRepairArmed = true;
    this.kernel.timer(this.untilTick(REPAIR_EVERY_MS, 0), `dns/agent/${this.agent}/repair`, null);
  }

  #repair(): void {
    this.state.isRepairArmed = false;
    this.outside?.repair();
  }

  /** Adds or replaces a service with its checks; `replaceChecks` drops the checks that are not given. */
  addService(service: Service, checks: readonly LocalCheck[], replaceChecks: boolean, token = ""): void {
    this.state.services.set(service.id, { service, isSynced: false, token });
    this.changed.fire(true);
    this.state.goneServices.delete(service.id);
    const kept = new Set(checks.map(({ check }) => check.id));
    if (replaceChecks)
      for (const { check } of this.checksOf(service.id)) if (!kept.has(check.id)) this.removeCheck(check.id);
    for (const check of checks) this.addCheck(this.#keepingStatus(check));
    this.scheduleSync();
  }

  /** A check that is registered again with its service keeps its status and output. */
  #keepingStatus(check: LocalCheck): LocalCheck {
    const known = this.check(check.check.id)?.check;
    return known === undefined
      ? check
      : { ...check, check: { ...check.check, status: known.status, output: known.output } };
  }

  /** Removes a service with its checks. */
  override removeService(id: string): void {
    if (!this.state.services.delete(id)) return;
    this.state.goneServices.add(id);
    this.changed.fire(true);
    for (const { check } of this.checksOf(id)) this.removeCheck(check.id);
    this.scheduleSync();
  }

  /** Removes a service that is a sidecar. */
  removeSidecar(id: string): void {
    if (this.service(id)?.service.kind === "connect-proxy") this.removeService(id);
  }

  /** Turns on maintenance of a service, or of the node if no service is given. Does nothing if it is on. */
  enterMaintenance(node: string, service: Service | undefined, reason: string): void {
    if (this.check(maintenanceId(service?.id)) === undefined) this.addCheck(maintenanceCheck(node, service, reason));
  }

  /** Turns off maintenance of a service, or of the node if no service is given. */
  leaveMaintenance(service: string | undefined): void {
    this.removeCheck(maintenanceId(service));
  }
}
