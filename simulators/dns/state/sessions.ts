import { Refusal } from "../wire/refusal.ts";
import { byText, type Slot } from "../../kernel/index.ts";
import { durationNs } from "../wire/duration.ts";
import type { Catalog } from "./catalog.ts";
import type { KeyValues } from "./kv.ts";
import type { Store } from "./store.ts";

/** A session as stored. */
export interface SessionRow {
  readonly id: string;
  readonly name: string;
  readonly node: string;
  readonly lockDelayNs: number;
  readonly behavior: "release" | "delete";
  /** As it was given: `30s`, or empty. */
  readonly ttl: string;
  readonly nodeChecks: readonly string[];
  readonly serviceChecks: readonly { readonly ID: string; readonly Namespace: string }[] | null;
  readonly checks: readonly string[] | null;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/** A session that is refused; the message is Consul's. */
export class SessionError extends Refusal {}

const LOCK_DELAY_MS_MAX = 60_000;
/** A session lives up to twice its TTL after the last renewal. */
const TTL_MULTIPLIER = 2;
const UUID_LENGTH = 36;

/** @throws SessionError for a text that is not a UUID; `what` names what was looked up */
export function checkUuid(id: string, what: string): void {
  if (id.length !== UUID_LENGTH) throw new SessionError(`${what}: index error: UUID must be 36 characters`);
  if (!/^[0-9a-f-]{36}$/i.test(id)) throw new SessionError(`${what}: index error: Invalid UUID`);
}

/** How sessions differ between releases. */
interface SessionRelease {
  readonly isToday: boolean;
  readonly sessionPrefix: string;
}

/** Sessions of one datacenter: they die by expiry, with their node, or with a check that they depend on. */
export class Sessions {
  readonly #store: Store;
  readonly #catalog: Catalog;
  readonly #kv: KeyValues;
  readonly #slot: Slot<Map<string, { row: SessionRow; timer: number | undefined }>>;
  readonly #kind: string;

  /** Of the simulated release: what precedes refusals of the log, and whether any text is an id. */
  readonly #release: SessionRelease;

  constructor(store: Store, catalog: Catalog, kv: KeyValues, release: SessionRelease) {
    this.#release = release;
    this.#store = store;
    this.#catalog = catalog;
    this.#kv = kv;
    this.#slot = store.slot(`dns/${store.datacenter}/sessions`, new Map());
    this.#kind = `dns/${store.datacenter}/session-expiry`;
    store.kernel.onTimer<{ id: string }>(this.#kind, ({ id }) => this.destroy(id, this.#store.next()));
  }

  get tableIndex(): number {
    return this.#store.latest("sessions");
  }

  /** @throws SessionError for an id that is not a UUID */
  get(id: string): SessionRow | undefined {
    if (!this.#release.isToday) checkUuid(id, "failed session lookup");
    return this.#slot.value.get(id)?.row;
  }

  list(): readonly SessionRow[] {
    return [...this.#slot.value.values()].map(({ row }) => row).sort((a, b) => byText(a.id, b.id));
  }

  /** @throws SessionError when its node or a check is missing, or a check is critical */
  create(asked: Omit<SessionRow, "id" | "createIndex" | "modifyIndex">): string {
    const entry = this.#catalog.entry(asked.node);
    if (entry === undefined) throw this.#refuse("Missing node registration");
    for (const check of dependencies(asked)) {
      const status = entry.checks.get(check.toLowerCase())?.status;
      if (status === undefined) throw this.#refuse(`Missing check '${check}' registration`);
      if (status === "critical") throw this.#refuse(`Check '${check}' is in critical state`);
    }
    const id = this.#store.kernel.random("dns/sessions").uuid();
    const index = this.#store.next();
    const row: SessionRow = { ...asked, id, createIndex: index, modifyIndex: index };
    this.#slot.value.set(id, { row, timer: this.#arm(row) });
    this.#store.touch(index, "sessions");
    this.#store.record("session.create", id, { node: row.node });
    return id;
  }

  #refuse(why: string): SessionError {
    return new SessionError(this.#release.sessionPrefix + why);
  }

  #arm({ id, ttl }: SessionRow): number | undefined {
    const ns = durationNs(ttl) ?? 0;
    if (ns <= 0) return undefined;
    return this.#store.kernel.timer((ns / 1e6) * TTL_MULTIPLIER, this.#kind, { id });
  }

  renew(id: string): void {
    const known = this.#slot.value.get(id);
    if (known?.timer === undefined) return;
    this.#store.kernel.cancelTimer(known.timer);
    known.timer = this.#arm(known.row);
  }

  destroy(id: string, index: number): void {
    const known = this.#slot.value.get(id);
    if (known === undefined) return;
    if (known.timer !== undefined) this.#store.kernel.cancelTimer(known.timer);
    this.#slot.value.delete(id);
    this.#store.touch(index, "sessions");
    const { lockDelayNs, behavior } = known.row;
    this.#kv.releaseLocksOf(id, behavior, Math.min(lockDelayNs / 1e6, LOCK_DELAY_MS_MAX), index);
    this.onDestroyed?.(id, index);
    this.#store.record("session.destroy", id);
  }

  /** Called when a session has gone. */
  onDestroyed: ((id: string, index: number) => void) | undefined;

  /** Ends the sessions that depend on a failed or removed check of a node, or on a removed node. */
  destroyDependents(node: string, check: string | undefined, index: number): void {
    if (this.#slot.value.size === 0) return;
    for (const { row } of this.#slot.value.values())
      if (row.node.toLowerCase() === node.toLowerCase() && (check === undefined || dependencies(row).has(check)))
        this.destroy(row.id, index);
  }
}

const dependencies = ({
  nodeChecks,
  checks,
  serviceChecks,
}: Pick<SessionRow, "nodeChecks" | "checks" | "serviceChecks">) =>
  new Set([...nodeChecks, ...(checks ?? []), ...(serviceChecks ?? []).map(({ ID }) => ID)]);
