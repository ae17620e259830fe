import Type, { type Static } from "typebox";
import { parseAs } from "../../clients/answers.ts";
import { isIdle, type Model, type ModelBackup, type ModelInstance } from "../model.ts";
import { BrokenPromise } from "../../errors.ts";
import { type PlatformClient, refuseUnlessBusy } from "./client.ts";
import { bodyOf, readAnswer } from "./reading.ts";

const Listed = Type.Array(Type.Object({ id: Type.String(), state: Type.String() }));

function end(backup: ModelBackup, phase: "usable" | "gone"): void {
  backup.phase = phase;
  backup.known.isEnded = true;
}

/** A platform's orders for backups and restores, and what it learns of them. Every method throws BrokenPromise. */
export class Backups {
  readonly #client: PlatformClient;
  readonly #model: Model;

  constructor(client: PlatformClient, model: Model) {
    this.#client = client;
    this.#model = model;
  }

  async backUp(instance: ModelInstance): Promise<void> {
    const wasIdle = isIdle(instance);
    const backup = this.#model.backUp(instance);
    const answer = await this.#client.send("POST", this.#pathOf(instance));
    const reading = this.#client.read("backup", answer);
    if (reading === "accepted") backup.id = String(bodyOf(answer).id);
    else if (reading !== "open") {
      end(backup, "gone");
      refuseUnlessBusy("a backup", instance, wasIdle, answer);
    }
  }

  async restore(backup: ModelBackup): Promise<void> {
    const { instance, id } = backup;
    const wasIdle = isIdle(instance);
    const answer = await this.#client.send("POST", `${this.#pathOf(instance)}/${id}/restores`);
    const reading = this.#client.read("restore", answer);
    if (reading === "accepted" || reading === "open") {
      instance.holds.beginRestore(backup.known);
      instance.restore = { id: reading === "accepted" ? String(bodyOf(answer).id) : undefined };
    } else refuseUnlessBusy("a restore", instance, wasIdle, answer);
  }

  /** Polls once an instance's backups and its restore, and notes what it learns. */
  async observe(instance: ModelInstance): Promise<void> {
    for (const backup of instance.backups) if (backup.phase === "going on") await this.#observeBackup(backup);
    if (instance.restore !== undefined) await this.#observeRestore(instance, instance.restore.id);
  }

  #pathOf(instance: ModelInstance): string {
    return `${this.#client.backupPathOf(instance)}/backups`;
  }

  async #observeBackup(backup: ModelBackup): Promise<void> {
    if (backup.id === undefined) return this.#adopt(backup);
    const answer = await this.#client.send("GET", `${this.#pathOf(backup.instance)}/${backup.id}`);
    const { state } = bodyOf(answer);
    if (readAnswer(answer) === "gone")
      throw new BrokenPromise(`the backup ${backup.id} that was accepted is not known`);
    if (state === "succeeded") end(backup, "usable");
    if (state === "failed") end(backup, "gone");
  }

  /** A backup whose order was cut off is the one in the list that nobody knows; if there is none, it was never made. */
  async #adopt(backup: ModelBackup): Promise<void> {
    const listed = await this.#list(this.#pathOf(backup.instance), "backups");
    const known = new Set(this.#model.backups.map(({ id }) => id));
    const unknown = listed?.find(({ id }) => !known.has(id));
    if (listed === undefined) return;
    if (unknown === undefined) end(backup, "gone");
    else backup.id = unknown.id;
  }

  async #observeRestore(instance: ModelInstance, id: string | undefined): Promise<void> {
    const listed = await this.#list(`${this.#client.backupPathOf(instance)}/restores`, "restores");
    if (listed === undefined) return;
    const own = listed.find((each) => (id === undefined ? !instance.restoresSeen.has(each.id) : each.id === id));
    if (own === undefined && id !== undefined)
      throw new BrokenPromise(`the restore ${id} that was accepted is not known`);
    if (own?.state === "queued" || own?.state === "running") return;
    if (own !== undefined) instance.restoresSeen.add(own.id);
    instance.restored = own?.state === "succeeded" ? "succeeded" : "failed";
    instance.holds.endRestore(instance.restored);
    instance.restore = undefined;
  }

  /** The list in an answer's `member`; undefined if there is no such answer now. */
  async #list(path: string, member: string): Promise<Static<typeof Listed> | undefined> {
    const answer = await this.#client.send("GET", path);
    return readAnswer(answer) === "done" ? parseAs(Listed, bodyOf(answer)[member], `GET ${path}`) : undefined;
  }
}
