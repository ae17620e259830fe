import { isDeepStrictEqual } from "node:util";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { embeddedPool, type ServiceName, type StorePool } from "../../../broker/index.ts";
import { absentServers, type ServedKinds, servedKinds } from "../../../simulators/live/sockets.ts";
import { WallDriver } from "../../../simulators/kernel/edge/drive.ts";
import type { World } from "../../../simulators/world.ts";
import { randomSecret } from "../secrets.ts";
import { KeptCloudError } from "./errors.ts";
import type { CloudRecord, DataFolder } from "./folder.ts";
import { RecordFile } from "./record-file.ts";

const transactions = Compile(
  Type.Array(
    Type.Array(Type.Object({ sql: Type.String(), parameters: Type.Array(Type.Unknown()), atMs: Type.Number() })),
  ),
);
const inputs = Compile(
  Type.Array(
    Type.Object({ atMs: Type.Number(), kind: Type.Optional(Type.String()), data: Type.Optional(Type.Unknown()) }),
  ),
);

/** The input with which a restored cloud continues. */
const RESUMED = "cloud.resumed";

/**
 * A cloud in a folder. Each input of its world is appended to a file before it is handled, each transaction of its brokers before it is acknowledged;
 * its data services have their disks there. So everything acknowledged outlives the process, and a new
 * process restores the same cloud from it.
 */
export class KeptCloud {
  readonly folder: DataFolder;
  readonly record: CloudRecord;
  /** Whether it starts for the first time. */
  readonly isNew: boolean;
  /** Names this start among all; undefined for the first. Nothing that a broker draws after it was drawn before. */
  readonly life: string | undefined;
  readonly #files: RecordFile[] = [];
  readonly #say: (text: string) => void;
  #isFrozen = false;

  /** @param say called with each line that its user should see */
  constructor(folder: DataFolder, record: CloudRecord, isNew: boolean, say: (text: string) => void) {
    this.folder = folder;
    this.record = record;
    this.isNew = isNew;
    this.life = isNew ? undefined : randomSecret();
    this.#say = say;
    if (isNew) folder.write(record);
  }

  /** Where the disks of data services lie, for the live plane. */
  get disks(): { readonly path: string; readonly secret: string } {
    return { path: this.folder.at("live"), secret: this.record.diskSecret };
  }

  /** The file that keeps the keys of UAA and TLS. */
  get keysFile(): string {
    return this.folder.at("keys.json");
  }

  /** The store of a broker: in memory, made again from its transactions. */
  pool(service: ServiceName): StorePool {
    const name = `store-${service}`;
    const { file, records } = this.#open(name);
    if (!transactions.Check(records)) throw new KeptCloudError("DATA_DAMAGED", this.folder.at(name));
    return embeddedPool(undefined, {
      read: () => records,
      keep: (transaction) => this.#keep(file, transaction),
    });
  }

  /**
   * Replays the world's inputs, without contact to the outside, and keeps further inputs from now on. Its
   * clock then continues from the last of them: the time that passed on the machine meanwhile did not pass in
   * the cloud.
   */
  resume(world: World): void {
    const { kernel, driver, dataservices } = world;
    const goOn = kernel.onInput(RESUMED, () => {
      // Whoever waited for an answer, or worked on a real server, is gone.
      dataservices.parts.realWork.abandon();
      kernel.faults.hangUpAll();
    });
    const { file, records } = this.#open("inputs");
    if (!inputs.Check(records)) throw new KeptCloudError("DATA_DAMAGED", this.folder.at("inputs"));
    dataservices.parts.real = absentServers(this.record.served);
    kernel.repeat(records);
    kernel.keeper = { keep: (input) => this.#keep(file, input) };
    if (this.isNew) dataservices.parts.real = undefined;
    if (driver instanceof WallDriver) driver.resume();
    if (this.isNew) return;
    world.startDirector();
    goOn(undefined);
  }

  /** From now on nothing is acknowledged: the cloud is as its folder records it, as if the process had been killed. */
  freeze(): void {
    this.#isFrozen = true;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** Records that the cloud is up: from now on it is continued, not begun afresh. */
  noteReady(): void {
    if (!this.record.isReady) this.folder.write({ ...this.record, isReady: true });
  }

  close(): void {
    this.freeze();
    for (const file of this.#files) file.close();
  }

  #open(name: string): { readonly file: RecordFile; readonly records: readonly unknown[] } {
    const { file, records, torn } = RecordFile.open(this.folder.at(name));
    this.#files.push(file);
    if (torn > 0)
      this.#say(`${name}: dropped ${torn} bytes of a record that was never finished, so never acknowledged`);
    return { file, records };
  }

  #keep(file: RecordFile, record: unknown): void {
    if (this.#isFrozen) throw new KeptCloudError("DATA_FROZEN", this.folder.path);
    file.append(record);
  }
}

/** Refuses a machine that lacks the servers for a cloud's data. @throws KeptCloudError DATA_ENGINES */
export function requireServed(served: ServedKinds): void {
  const here = servedKinds();
  for (const kind of ["postgresql", "redis", "mongodb"] as const)
    if (served[kind] !== undefined && !isDeepStrictEqual(served[kind], here[kind]))
      throw new KeptCloudError("DATA_ENGINES", `the servers for ${kind} that the cloud had are not on this machine`);
}
