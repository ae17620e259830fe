import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { isObject, type Json, type JsonObject, parseJson } from "../../../client/http/json.ts";
import type { ToyCloud } from "../../toy/cloud.ts";
import type { Refusal, Task } from "../../toy/vault.ts";

/** A double's answer to a program: exit code and output. */
interface ProgramEnd {
  readonly code: number;
  readonly body?: Json | undefined;
}

const CODES: Readonly<Record<number, number>> = { 404: 4, 409: 9, 410: 10, 422: 22, 423: 22 };
const showTask = ({ id, state }: Task): JsonObject => ({ id, state });
const endWith = (made: Task | Refusal): ProgramEnd =>
  "refused" in made ? { code: CODES[made.refused] ?? 1 } : { code: 0, body: showTask(made) };

/** The work of a vendor's own program, in ten lines for each platform. */
function perform(cloud: ToyCloud, operation: string, instanceId: string, backupId: string): ProgramEnd {
  const { vault } = cloud;
  vault.tick();
  const instance = cloud.instances.get(instanceId);
  if (instance === undefined) return { code: 4 };
  const backup = vault.backup(backupId);
  const mine = backup?.instance === instanceId && backup.state !== "deleted" ? backup : undefined;
  if (operation === "create") return endWith(vault.order(instance, undefined));
  if (operation === "restore") return endWith(vault.restore(instance, mine, undefined));
  if (operation === "list")
    return {
      code: 0,
      body: vault
        .tasks()
        .filter((each) => each.kind === "backup" && each.instance === instanceId && each.state !== "deleted")
        .map(showTask),
    };
  if (operation === "getRestore")
    return {
      code: 0,
      body: vault
        .tasks()
        .filter((each) => each.kind === "restore" && each.instance === instanceId)
        .map(showTask)
        .at(-1),
    };
  if (mine === undefined) return { code: 4 };
  if (operation === "get") return { code: 0, body: showTask(mine) };
  const refusal = vault.remove(mine);
  return refusal === undefined ? { code: 0, body: {} } : { code: 9 };
}

/** BBR's scripts: synchronous steps, and a lock around them. */
class Scripts {
  readonly #cloud: ToyCloud;
  /** The backups that were taken, by name. */
  readonly #named = new Map<string, string>();

  constructor(cloud: ToyCloud) {
    this.#cloud = cloud;
  }

  #whole(operation: string, instanceId: string, backupId: string): ProgramEnd {
    const begun = perform(this.#cloud, operation, instanceId, backupId);
    const now = this.#cloud.nowMs;
    // A script returns only once it is done.
    this.#cloud.nowMs = () => now() + 10_000;
    for (let at = 0; at < 2; at++) {
      this.#cloud.vault.tick();
      this.#cloud.nowMs = () => now() + 20_000;
    }
    this.#cloud.nowMs = now;
    return begun;
  }

  run(stage: string, instanceId: string, name: string): ProgramEnd {
    const instance = this.#cloud.instances.get(instanceId);
    if (instance === undefined) return { code: 4 };
    if (stage.endsWith("-lock")) return (instance.isLocked = stage === "pre-backup-lock"), { code: 0 };
    if (stage.endsWith("-unlock")) return (instance.isLocked = false), { code: 0 };
    if (stage === "list") return { code: 0, body: [...this.#named.keys()].map((id) => ({ id, state: "succeeded" })) };
    if (stage === "backup") {
      const made = this.#whole("create", instanceId, "");
      if (isObject(made.body)) this.#named.set(name, String(made.body["id"]));
      return made;
    }
    const backup = this.#named.get(name);
    if (backup === undefined) return { code: 4 };
    if (stage === "delete") this.#named.delete(name);
    return this.#whole(stage, instanceId, backup);
  }
}

/** A double of a platform that is reached through a program alone: it answers the program over loopback. */
export async function serveProgram(cloud: ToyCloud): Promise<{ readonly url: string; readonly server: Server }> {
  const scripts = new Scripts(cloud);
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const parsed = parseJson(Buffer.from(body));
      const asked = "json" in parsed && isObject(parsed.json) ? parsed.json : {};
      const [operation, instance, backup] = ["operation", "instance", "backup"].map((name) =>
        String(asked[name] ?? ""),
      );
      const answer =
        asked["kind"] === "bbr"
          ? scripts.run(operation ?? "", instance ?? "", backup ?? "")
          : perform(cloud, operation ?? "", instance ?? "", backup ?? "");
      response.end(JSON.stringify(answer));
    });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`, server };
}
