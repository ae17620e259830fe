import type { HttpReply } from "../../../kernel/index.ts";
import { isoMicros } from "../../common/time.ts";
import type { Keypair } from "../state/nova.ts";
import { quotaOf } from "../state/quotas.ts";
import { requireBody } from "../wire/body.ts";
import { badRequest, conflict, forbiddenByPolicy, forbidden, notFound } from "../wire/errors.ts";
import { nextLink } from "../wire/links.ts";
import { checkQuery, pageSize } from "../wire/query.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { fingerprintOf, generateKey } from "./keypairs/key.ts";
import { objectSchema } from "./schemas/parts.ts";

/** Key pairs are the user's, not the project's; an administrator may look at another's from 2.10 on. @throws Refusal 403 */
function requireOwner({ query, actor, version }: NovaCall, rule: string): string {
  const asked = version >= 10 ? query.get("user_id") : null;
  if (asked === null || asked === actor.userId) return actor.userId;
  if (!actor.isAdmin) throw forbiddenByPolicy(`os-keypairs:${rule}`);
  return asked;
}

function pairsOf(call: NovaCall, userId: string): Map<string, Keypair> {
  const { keypairs } = call.nova.slot.value;
  let list = keypairs.get(userId);
  if (list === undefined) keypairs.set(userId, (list = new Map()));
  return list;
}

const view = ({ version }: NovaCall, pair: Keypair): object => ({
  name: pair.name,
  public_key: pair.publicKey,
  fingerprint: pair.fingerprint,
  ...(version >= 2 && { type: pair.type }),
});

const NAME = { type: "string", minLength: 1, maxLength: 255 } as const;
const KEY = { type: "string", minLength: 1, maxLength: 16384 } as const;

function bodyFor(version: number): Parameters<typeof requireBody>[1] {
  const keypair = objectSchema(
    {
      name: NAME,
      ...(version >= 2 && { type: { type: "string", enum: ["ssh", "x509"] } }),
      public_key: KEY,
      ...(version >= 10 && { user_id: { type: "string", minLength: 1, maxLength: 255 } }),
    },
    version >= 92 ? ["name", "public_key"] : ["name"],
  );
  return { type: "object", properties: { keypair }, required: ["keypair"], additionalProperties: false };
}

const ALPHABET = "_- 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

function create(call: NovaCall): HttpReply {
  const { keypair: wanted } = requireBody(call, bodyFor(call.version)) as {
    keypair: { name: string; public_key?: string; type?: "ssh" | "x509"; user_id?: string };
  };
  const userId = wanted.user_id ?? call.actor.userId;
  if (userId !== call.actor.userId && !call.actor.isAdmin) throw forbiddenByPolicy("os-keypairs:create");
  const allowed = call.version >= 92 ? `${ALPHABET}@._` : ALPHABET;
  if (Array.from(wanted.name).some((letter) => !allowed.includes(letter)))
    throw badRequest(`An invalid 'name' value was provided. The name must be: Only expected characters: [${ALPHABET}]`);
  const pairs = pairsOf(call, userId);
  const limit = quotaOf(call.nova, call.actor.projectId, "key_pairs");
  if (limit >= 0 && pairs.size >= limit) throw forbidden("Quota exceeded, too many key pairs.");
  if (pairs.has(wanted.name)) throw conflict(`Key pair '${wanted.name}' already exists.`);
  const made = wanted.public_key === undefined ? generateKey(call) : undefined;
  const publicKey = made?.publicKey ?? wanted.public_key ?? "";
  const { slot, cloud } = call.nova;
  const pair: Keypair = {
    id: ++slot.value.keypairsMade,
    name: wanted.name,
    type: wanted.type ?? "ssh",
    publicKey,
    fingerprint: fingerprintOf(publicKey),
    createdMs: cloud.kernel.nowMs,
  };
  pairs.set(pair.name, pair);
  cloud.kernel.record("nova", "keypair.create", pair.name);
  const secret = made === undefined ? {} : { private_key: made.privateKey };
  const reply = ok({ keypair: { ...view(call, pair), user_id: userId, ...secret } });
  return { ...reply, status: call.version >= 2 ? 201 : 200 };
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

export const KEYPAIR_ROUTES: readonly NovaRoute[] = [
  { method: "GET", path: "/os-keypairs", clients: ["bosh", "openstack"], handler: list },
  { method: "POST", path: "/os-keypairs", clients: ["openstack"], handler: create },
  {
    method: "GET",
    path: "/os-keypairs/:name",
    clients: ["openstack"],
    handler: (call) => {
      const { pair, userId } = requirePair(call, "show");
      const dates = { created_at: isoMicros(pair.createdMs), updated_at: null, deleted_at: null, deleted: false };
      return ok({ keypair: { ...view(call, pair), id: pair.id, user_id: userId, ...dates } });
    },
  },
  {
    method: "DELETE",
    path: "/os-keypairs/:name",
    clients: ["openstack"],
    handler: (call) => {
      const { pair, userId } = requirePair(call, "delete");
      pairsOf(call, userId).delete(pair.name);
      return emptyReply(call.version >= 2 ? 204 : 202);
    },
  },
];
