import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { ObjectId, type Timestamp } from "bson";
import type { MemberNode, MemberOrder, MemberSight } from "../engine.ts";
import type { Membership } from "./server/membership.ts";
import type { Server } from "./server/server.ts";
import { frameOf } from "./storage/frames.ts";
import { imageOf } from "./storage/image.ts";

/** The running members of an engine, by the folders of their disks. */
export type Members = Map<string, ReplicaMember>;

/** The folder of the data below that of the disk. */
export const DATA = "documents";
/** How long a member that can't follow waits before it tries again, in ms. */
const RETRY_MS = 100;
/** How long a member waits for the next commit of its primary before it checks that the primary still exists, in ms. */
const WAIT_MS = 200;

const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });

/** How far a member has come in its primary's commits. */
interface Progress {
  readonly time: Timestamp;
  readonly follower: ReplicaMember;
}

/**
 * A server as a member of its replica set. A following member copies the commits of its primary, one after another and with their numbers, so that
 * the positions of all members can be compared. The members are in one process: they read each other's commits directly.
 */
export class ReplicaMember implements MemberNode, Membership {
  readonly server: Server;
  readonly #data: string;
  readonly #members: Members;
  readonly #progress = new Map<number, Progress>();
  #waiting: (() => void)[] = [];
  #order: MemberOrder;
  /** Changes with the node that it follows, so that the loop for the previous one ends. */
  #turn = 0;
  #isStreaming = false;

  constructor(server: Server, order: MemberOrder, data: string, members: Members) {
    this.server = server;
    this.#order = order;
    this.#data = data;
    this.#members = members;
    members.set(data, this);
    server.membership = this;
    if (order.primary !== undefined) void this.#pump(order.primary.data, ++this.#turn);
  }

  /** It is no longer a member. */
  close(): void {
    this.#turn++;
    if (this.#members.get(this.#data) === this) this.#members.delete(this.#data);
    this.#wake();
  }

  get isPrimary(): boolean {
    return this.#order.primary === undefined;
  }

  get #set(): readonly ReplicaMember[] {
    const { setName } = this.server.options;
    return [...this.#members.values()].filter(({ server }) => server.options.setName === setName);
  }

  get hosts(): readonly string[] {
    return this.#set.map(({ server }) => server.options.address).sort();
  }

  get primary(): string | undefined {
    const found = this.isPrimary ? this : this.#members.get(this.#order.primary?.data ?? "");
    return found?.isPrimary === true ? found.server.options.address : undefined;
  }

  get #followers(): readonly number[] {
    return [...this.#progress].filter(([, { follower }]) => follower.#isStreamingFrom(this)).map(([index]) => index);
  }

  #isStreamingFrom(primary: ReplicaMember): boolean {
    const isAtWork = this.#members.get(this.#data) === this;
    return isAtWork && this.#isStreaming && this.#order.primary?.data === primary.#data;
  }

  async look(): Promise<MemberSight> {
    const { version: position } = this.server.store;
    if (!this.isPrimary) return { is: "replica", position, follows: this.#order.primary?.index ?? null };
    return { is: "primary", position, waitsFor: this.#order.voters, followers: this.#followers };
  }

  async promote(voters: readonly number[]): Promise<void> {
    this.#turn++;
    this.#isStreaming = false;
    this.#progress.clear();
    this.#order = { ...this.#order, primary: undefined, voters };
    // Drivers consider the one with the later election the primary.
    this.server.electionId = new ObjectId();
  }

  async follow(primary: { readonly index: number; readonly data: string }): Promise<void> {
    this.#order = { ...this.#order, primary };
    void this.#pump(primary.data, ++this.#turn);
  }

  async waitFor(voters: readonly number[]): Promise<void> {
    this.#order = { ...this.#order, voters };
    this.#wake();
  }

  /** Recent commits are remembered whether or not anybody asks for them; a member that comes later is copied. */
  async expect(): Promise<void> {}

  async forget(index: number): Promise<void> {
    this.#progress.delete(index);
  }

  /** The copy is an image as of one moment; it gets what comes later when it follows. */
  async copyTo(to: string): Promise<void> {
    const folder = join(to, DATA);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const file = await open(join(folder, "image-1"), "w");
    try {
      for (const document of imageOf(this.server.store, this.server.sessions.marks))
        await file.write(frameOf(document));
    } finally {
      await file.close();
    }
  }

  /** Copies the commits of a primary until it should follow another, or none. */
  async #pump(from: string, turn: number): Promise<void> {
    while (this.#turn === turn) {
      const primary = this.#members.get(from);
      this.#isStreaming = primary !== undefined && primary !== this && this.#takeOver(primary);
      await (this.#isStreaming ? primary?.server.oplog.wait(WAIT_MS) : sleep(RETRY_MS));
    }
  }

  /** Copies everything there is; false if that is not possible. */
  #takeOver(primary: ReplicaMember): boolean {
    const { store, sessions } = this.server;
    const { oplog, store: theirs, users } = primary.server;
    // A member that is ahead of the primary, or has missed commits that the primary no longer remembers, must
    // be copied.
    if (!primary.isPrimary || store.time.compare(theirs.time) > 0 || !oplog.remembers(store.time)) return false;
    for (const entry of oplog.after(store.time)) {
      store.replicate(entry);
      sessions.remember(entry.marks, this.server.now);
    }
    this.server.applyUsers(users.all);
    primary.#confirm(this.#order.index, { time: store.time, follower: this });
    return true;
  }

  #confirm(index: number, progress: Progress): void {
    this.#progress.set(index, progress);
    this.#wake();
  }

  #wake(): void {
    for (const resume of this.#waiting.splice(0)) resume();
  }

  /** Whether everything up to a time has reached this many further members. For a majority, one of the voters is enough, as it would be promoted. */
  #hasReplicated(time: Timestamp, further: number | "majority"): boolean {
    const reached = [...this.#progress].filter((each) => each[1].time.compare(time) >= 0).map(([index]) => index);
    if (further !== "majority") return reached.length >= further;
    const { voters } = this.#order;
    return voters.length === 0 || voters.some((each) => reached.includes(each));
  }

  async awaitReplication(time: Timestamp, further: number | "majority", msMax: number): Promise<boolean> {
    const deadline = this.server.now + msMax;
    while (!this.#hasReplicated(time, further)) {
      if (this.server.now >= deadline || this.#members.get(this.#data) !== this) return false;
      await Promise.race([
        new Promise<void>((resolve) => this.#waiting.push(resolve)),
        sleep(Math.min(WAIT_MS, msMax)),
      ]);
    }
    return true;
  }
}
