import type { HttpReply } from "../../../kernel/index.ts";
import type { ValueOf } from "../../schema/index.ts";
import { type Keypair, recordChange } from "../state/nova.ts";
import { quotaOf } from "../state/quotas.ts";
import { requireBody } from "../wire/body.ts";
import { badRequest, conflict, forbidden, forbiddenByPolicy, notFound } from "../wire/errors.ts";
import { nextLink } from "../wire/links.ts";
import { checkQuery, pageSize } from "../wire/query.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { fingerprintOf, generateKey } from "./keypairs/key.ts";
import { envelope, objectSchema, since } from "./schemas/parts.ts";
import { storedTime } from "../../time.ts";

/** The owner: key pairs belong to users, not to projects; from 2.10 on an administrator may name another user. @throws Refusal 403 */
function requireOwner({ query, actor, version }: NovaCall, rule: string): string {
  const asked = version >= 10 ? query.get("user_id") : null;
  if (asked === null || asked === actor.userId) return actor.userId;
  if (!actor.isAdmin) throw forbiddenByPolicy(`os-keypairs:${rule}`);
  return asked;
}

const NO_PAIRS: ReadonlyMap<string, Keypair> = new Map();

const pairsOf = ({ nova }: NovaCall, userId: string): ReadonlyMap<string, Keypair> =>
  nova.slot.value.keypairs.get(userId) ?? NO_PAIRS;

const view = ({ version }: NovaCall, pair: Keypair): object => ({
  name: pair.name,
  public_key: pair.publicKey,
  fingerprint: pair.fingerprint,
  ...(version >= 2 && { type: pair.type }),
});

const NAME = { type: "string", minLength: 1, maxLength: 255 } as const;
const KEY = { type: "string", minLength: 1, maxLength: 16384 } as const;

const createSchema = (version: number) =>
  envelope(
    "keypair",
    objectSchema(
      {
        name: NAME,
        ...since(version, 2, { type: { type: "string", enum: ["ssh", "x509"] } }),
        public_key: KEY,
        ...since(version, 10, { user_id: NAME }),
      },
      version >= 92 ? ["name", "public_key"] : ["name"],
    ),
  );
type WantedKeypair = ValueOf<ReturnType<typeof createSchema>>["keypair"];

/** @throws Refusal 400 */
function checkName({ version }: NovaCall, name: string): void {
  const allowed = version >= 92 ? `${ALPHABET}@._` : ALPHABET;
  if (Array.from(name).some((letter) => !allowed.includes(letter)))
    throw badRequest(`An invalid 'name' value was provided. The name must be: Only expected characters: [${ALPHABET}]`);
}

const ALPHABET = "_- 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** @throws Refusal 400 for a key that can't be parsed */
function addKeypair({ nova }: NovaCall, userId: string, wanted: WantedKeypair, publicKey: string): Keypair {
  const { slot, cloud } = nova;
  const fingerprint = fingerprintOf(publicKey);
  const pair: Keypair = {
    id: ++slot.value.keypairsMade,
    name: wanted.name,
    type: wanted.type ?? "ssh",
    publicKey,
    fingerprint,
    createdMs: cloud.kernel.nowMs,
  };
  slot.value.keypairs.set(userId, new Map([...(slot.value.keypairs.get(userId) ?? []), [pair.name, pair]]));
  recordChange(nova, "keypair.create", pair.name);
  return pair;
}

function create(call: NovaCall): HttpReply {
  const { keypair: wanted } = requireBody(call, createSchema(call.version));
  const userId = wanted.user_id ?? call.actor.userId;
  if (userId !== call.actor.userId && !call.actor.isAdmin) throw forbiddenByPolicy("os-keypairs:create");
  checkName(call, wanted.name);
  const pairs = pairsOf(call, userId);
  const limit = quotaOf(call.nova, call.actor.projectId, "key_pairs");
  if (limit >= 0 && pairs.size >= limit) throw forbidden("Quota exceeded, too many key pairs.");
  if (pairs.has(wanted.name)) throw conflict(`Key pair '${wanted.name}' already exists.`);
  const generated = wanted.public_key === undefined ? generateKey(call) : undefined;
  const pair = addKeypair(call, userId, wanted, generated?.publicKey ?? wanted.public_key ?? "");
  const secret = generated === undefined ? {} : { private_key: generated.privateKey };
  const reply = ok({ keypair: { ...view(call, pair), user_id: userId, ...secret } });
  return { ...reply, status: call.version >= 2 ? 201 : 200 };
}

function remove(call: NovaCall): HttpReply {
  const { pair, userId } = requirePair(call, "delete");
  call.nova.slot.value.keypairs.get(userId)?.delete(pair.name);
  recordChange(call.nova, "keypair.delete", pair.name);
  return emptyReply(call.version >= 2 ? 204 : 202);
}

function requirePair(call: NovaCall, rule: string): { readonly userId: string; readonly pair: Keypair } {
  const userId = requireOwner(call, rule);
  const pair = pairsOf(call, userId).get(call.params.name ?? "");
  if (pair === undefined) throw notFound(`Keypair ${call.params.name} not found for user ${userId}`);
  return { userId, pair };
}

function list(call: NovaCall): HttpReply {
  const text = { type: "string" } as const;
  checkQuery(call, { limit: { type: "string", pattern: "^[0-9]*$" }, marker: text, user_id: text }, 75);
  const pairs = [...pairsOf(call, requireOwner(call, "index")).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const isPaged = call.version >= 35;
  const marker = isPaged ? call.query.get("marker") : null;
  const start = marker === null ? 0 : pairs.findIndex(({ name }) => name === marker) + 1;
  if (marker !== null && start === 0) throw badRequest(`Marker ${marker} could not be found.`);
  const limit = isPaged ? pageSize(call) : pairs.length;
  const page = pairs.slice(start, start + limit);
  const last = page.at(-1);
  const more = isPaged && call.query.has("limit") && page.length === limit && last !== undefined;
  const next = more ? { keypairs_links: nextLink(call, "/os-keypairs", last.name) } : {};
  return ok({ keypairs: page.map((pair) => ({ keypair: view(call, pair) })), ...next });
}

/** Routes of the API reference, "Keypairs (os-keypairs)". */
export const KEYPAIR_ROUTES: readonly NovaRoute[] = [
  { method: "GET", path: "/os-keypairs", clients: ["bosh", "openstack"], handler: list },
  { method: "POST", path: "/os-keypairs", clients: ["openstack"], handler: create },
  {
    method: "GET",
    path: "/os-keypairs/:name",
    clients: ["openstack"],
    handler: (call) => {
      const { pair, userId } = requirePair(call, "show");
      const dates = { created_at: storedTime(pair.createdMs), updated_at: null, deleted_at: null, deleted: false };
      return ok({ keypair: { ...view(call, pair), id: pair.id, user_id: userId, ...dates } });
    },
  },
  {
    method: "DELETE",
    path: "/os-keypairs/:name",
    clients: ["openstack"],
    handler: remove,
  },
];
