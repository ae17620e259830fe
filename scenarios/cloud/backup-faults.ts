import Type from "typebox";
import type { Backend } from "../../conformance/index.ts";
import { OPENSTACK_PORTS } from "../../simulators/addresses.ts";
import type { Effect } from "../../simulators/kernel/index.ts";
import type { World } from "../../simulators/world.ts";
import { parseAs } from "../clients/answers.ts";

const Authenticated = Type.Object({ token: Type.Object({ project: Type.Object({ id: Type.String() }) }) });
const Objects = Type.Array(Type.Object({ name: Type.String(), last_modified: Type.String() }));

type FaultHook = NonNullable<NonNullable<Backend["faults"]>[string]>;

/** The container that the reference broker keeps backups in: INSTANCE/BACKUP/PART. */
const CONTAINER = "backups";
/** The platform's objects in Swift, as a holder of its credentials has them. */
class BackupStore {
  readonly #world: World;
  #login: Promise<{ readonly account: string; readonly token: string }> | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  async #logIn(): Promise<{ readonly account: string; readonly token: string }> {
    const { openstackAdmin, cpi } = this.#world.credentials;
    const domain = { id: "default" };
    const user = { name: cpi.username, password: cpi.password, domain };
    const response = await this.#world
      .environmentAt(this.#world.plan.applications)
      .fetch(`${openstackAdmin.authUrl}/auth/tokens`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          auth: {
            identity: { methods: ["password"], password: { user } },
            scope: { project: { name: cpi.project, domain } },
          },
        }),
      });
    const { token } = parseAs(Authenticated, await response.json(), "POST /v3/auth/tokens");
    const account = `http://${this.#world.plan.controller}:${OPENSTACK_PORTS.swift}/v1/AUTH_${token.project.id}`;
    return { account, token: response.headers.get("x-subject-token") ?? "" };
  }

  async #ask(method: string, path: string, body?: Uint8Array): Promise<Uint8Array> {
    this.#login ??= this.#logIn();
    const { account, token } = await this.#login;
    const response = await this.#world
      .environmentAt(this.#world.plan.applications)
      .fetch(`${account}/${CONTAINER}${path}`, {
        method,
        headers: { "x-auth-token": token },
        ...(body && { body: Buffer.from(body) }),
      });
    if (!response.ok) throw new Error(`${method} ${path} of the store is answered ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  get = (name: string): Promise<Uint8Array> => this.#ask("GET", `/${name}`);
  put = (name: string, body: Uint8Array): Promise<Uint8Array> => this.#ask("PUT", `/${name}`, body);
  remove = (name: string): Promise<Uint8Array> => this.#ask("DELETE", `/${name}`);

  /** Names of objects that begin like this, the oldest first. */
  async list(prefix: string): Promise<readonly string[]> {
    const bytes = await this.#ask("GET", `?format=json&prefix=${encodeURIComponent(prefix)}`);
    return parseAs(Objects, JSON.parse(Buffer.from(bytes).toString("utf8")), "GET /v1/{account}/{container}")
      .toSorted((a, b) => a.last_modified.localeCompare(b.last_modified) || a.name.localeCompare(b.name))
      .map(({ name }) => name);
  }
}

const PART = /\/\d{4}$/;

/** Damages one part of the newest backup of an instance, and puts back what was there. */
function damaging(store: BackupStore, damage: (name: string, whole: Uint8Array) => Promise<unknown>): FaultHook {
  return async (instance) => {
    const parts = (await store.list(`${instance}/`)).filter((name) => PART.test(name));
    const last = parts.at(-1);
    if (last === undefined) throw new Error(`instance ${instance} has no backup in the store`);
    const whole = await store.get(last);
    await damage(last, whole);
    return async () => void (await store.put(last, whole));
  };
}

/** Where the store takes an object. */
const UPLOAD = "swift:PUT /v1/:account/:container/*object";

/**
 * The faults of uploads, by the names in the suites' plans: a refusal, an error, an exhausted quota, a slow
 * store, a cut connection.
 */
const UPLOAD_FAULTS: Readonly<Record<string, Effect>> = {
  "store-refuse": { kind: "reply", status: 403 },
  "store-error": { kind: "reply", status: 500 },
  "store-full": { kind: "reply", status: 413 },
  "store-slow": { kind: "delay", delayMs: 15_000 },
  "store-cut": { kind: "reset" },
};

/** Makes uploads meet something until it is mended. */
function failingUploads({ kernel: { faults } }: World, effect: Effect): FaultHook {
  return async () => {
    const rule = faults.arm({ point: UPLOAD, count: null, effect });
    return async () => faults.disarm(rule);
  };
}

/** The faults of a reference broker's backups, and the operator's views of them, by the names in the suites' plans. */
export function backupFaults(world: World): Pick<Backend, "faults" | "looks"> {
  const store = new BackupStore(world);
  const faults = {
    ...Object.fromEntries(Object.entries(UPLOAD_FAULTS).map(([name, effect]) => [name, failingUploads(world, effect)])),
    "flip-byte": damaging(store, (name, whole) =>
      store.put(
        name,
        whole.map((byte, at) => (at === whole.length >> 1 ? byte ^ 1 : byte)),
      ),
    ),
    "drop-part": damaging(store, (name) => store.remove(name)),
  };
  return {
    faults,
    looks: {
      store: async (instance) => {
        const names = await store.list(`${instance}/`);
        const texts = names.map(async (name) => Buffer.from(await store.get(name)).toString("latin1"));
        return (await Promise.all(texts)).map((text, at) => `${names[at]} ${text}`);
      },
    },
  };
}
