import { createHash, hash } from "node:crypto";
import { BackendError } from "../errors.ts";
import type { OpenStackProject } from "../openstack/project.ts";
import type { BackupPart } from "./backups.ts";

type Answer = Awaited<ReturnType<OpenStackProject["call"]>>;

/** As much of Swift as the backup manager uses, in one container. */
export class Swift {
  readonly objects = new Map<string, Uint8Array<ArrayBuffer>>();
  /** How many objects were stored. */
  stored = 0;
  /** Bytes of all of them. */
  storedBytes = 0;
  /** A proxy in front of it answers every request with 404. */
  isHidden = false;
  /** How many further objects are stored without an answer. */
  losesAnswers = 0;
  /** How many further objects are refused temporarily. */
  refuses = 0;
  /** Answers that an object is stored, but keeps nothing of it. */
  isForgetful = false;

  /** An object as the list of a backup names it. */
  partOf(name: string): BackupPart {
    const bytes = this.objects.get(name) ?? new Uint8Array();
    return { name, bytes: bytes.length, sha256: hash("sha256", bytes, "hex") };
  }

  #put(name: string, body: Uint8Array): void {
    if (this.refuses-- > 0) throw new BackendError("503");
    this.stored++;
    this.storedBytes += body.length;
    if (!this.isForgetful) this.objects.set(name, new Uint8Array(body));
    if (this.losesAnswers-- > 0) throw new BackendError("the connection broke");
  }

  readonly project: OpenStackProject = {
    call: async (_service, method, path, options = {}) => {
      await Promise.resolve();
      if (this.isHidden) return { status: 404, headers: new Headers(), bytes: Buffer.from("<html>404</html>") };
      const url = new URL(`http://swift${path}`);
      const name = url.pathname.split("/").slice(2).join("/");
      const reply = (status: number, bytes: Uint8Array<ArrayBuffer> = new Uint8Array(), etag = ""): Answer => ({
        status,
        headers: new Headers({ "x-trans-id": "tx0", etag }),
        bytes,
      });
      if (name === "" && method === "GET") {
        const names = [...this.objects.keys()].filter((each) => each.startsWith(url.searchParams.get("prefix") ?? ""));
        return reply(200, Buffer.from(names.join("\n")));
      }
      if (method === "PUT") {
        if (name !== "" && options.body !== undefined) this.#put(name, options.body);
        return reply(201);
      }
      const known = this.objects.get(name);
      if (method === "DELETE") this.objects.delete(name);
      if (known === undefined) return reply(404);
      if (method === "HEAD") return reply(200, new Uint8Array(), createHash("md5").update(known).digest("hex"));
      return reply(method === "GET" ? 200 : 204, known);
    },
  };
}
