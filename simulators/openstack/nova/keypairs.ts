import { hash } from "node:crypto";
import { isoMicros } from "../time.ts";
import {
  badRequest,
  type Call,
  checkedBody,
  checkQuery,
  conflict,
  denied,
  forbidden,
  limitOf,
  nextLink,
  type NovaRoute,
  nothing,
  notFound,
  ok,
} from "./call.ts";
import { quotaOf } from "./quotas.ts";
import { objectSchema } from "./schemas.ts";
import type { Keypair } from "./state.ts";

/** Key pairs are the user's, not the project's; an administrator may look at another's from 2.10 on. @throws Refusal 403 */
function ownerOf({ query, actor, version }: Call, rule: string): string {
  const asked = version >= 10 ? query.get("user_id") : null;
  if (asked === null || asked === actor.userId) return actor.userId;
  if (!actor.isAdmin) throw denied(`os-keypairs:${rule}`);
  return asked;
}

function pairsOf(call: Call, userId: string): Map<string, Keypair> {
  const { keypairs } = call.nova.slot.value;
  let list = keypairs.get(userId);
  if (list === undefined) keypairs.set(userId, (list = new Map()));
  return list;
}

const view = ({ version }: Call, pair: Keypair): object => ({
  name: pair.name,
  public_key: pair.publicKey,
  fingerprint: pair.fingerprint,
  ...(version >= 2 && { type: pair.type }),
});

/** MD5 of the key's own bytes. @throws Refusal 400 when it is no key */
function fingerprintOf(publicKey: string): string {
  const [kind = "", blob = ""] = publicKey.trim().split(/\s+/);
  const bytes = Buffer.from(blob, "base64");
  const isKey = bytes.length > 4 && bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString() === kind;
  if (!isKey) throw badRequest("Keypair data is invalid: failed to generate fingerprint");
  return hash("md5", bytes, "hex").replace(/(..)(?!$)/g, "$1:");
}

/** A key of the right form. Nobody logs in to a simulated VM: its private half opens nothing. */
function generate(call: Call): { readonly publicKey: string; readonly privateKey: string } {
  const { cloud } = call.nova;
  const part = (bytes: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const modulus = Buffer.concat([Buffer.from([0]), Buffer.from(cloud.random("nova").hex(512), "hex")]);
  const blob = Buffer.concat([part(Buffer.from("ssh-rsa")), part(Buffer.from([1, 0, 1])), part(modulus)]);
  const secret = Buffer.from(cloud.secrets("nova").bytes(1188))
    .toString("base64")
    .replace(/(.{64})/g, "$1\n");
  return {
    publicKey: `ssh-rsa ${blob.toString("base64")} Generated-by-Nova`,
    privateKey: `-----BEGIN RSA PRIVATE KEY-----\n${secret}\n-----END RSA PRIVATE KEY-----\n`,
  };
}

const NAME = { type: "string", minLength: 1, maxLength: 255 } as const;
const KEY = { type: "string", minLength: 1, maxLength: 16384 } as const;

function bodyFor(version: number): Parameters<typeof checkedBody>[1] {
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

function create(call: Call): ReturnType<NovaRoute["handler"]> {
  const { keypair: wanted } = checkedBody(call, bodyFor(call.version)) as {
    keypair: { name: string; public_key?: string; type?: "ssh" | "x509"; user_id?: string };
  };
  const userId = wanted.user_id ?? call.actor.userId;
  if (userId !== call.actor.userId && !call.actor.isAdmin) throw denied("os-keypairs:create");
  const allowed = call.version >= 92 ? `${ALPHABET}@._` : ALPHABET;
  if (Array.from(wanted.name).some((letter) => !allowed.includes(letter)))
    throw badRequest(`An invalid 'name' value was provided. The name must be: Only expected characters: [${ALPHABET}]`);
  const pairs = pairsOf(call, userId);
  const limit = quotaOf(call.nova, call.actor.projectId, "key_pairs");
  if (limit >= 0 && pairs.size >= limit) throw forbidden("Quota exceeded, too many key pairs.");
  if (pairs.has(wanted.name)) throw conflict(`Key pair '${wanted.name}' already exists.`);
  const made = wanted.public_key === undefined ? generate(call) : undefined;
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

function pairOf(call: Call, rule: string): { readonly userId: string; readonly pair: Keypair } {
  const userId = ownerOf(call, rule);
  const pair = pairsOf(call, userId).get(call.params.name ?? "");
  if (pair === undefined) throw notFound(`Keypair ${call.params.name} not found for user ${userId}`);
  return { userId, pair };
}

function list(call: Call): ReturnType<NovaRoute["handler"]> {
  const text = { type: "string" } as const;
  checkQuery(call, { limit: { type: "string", pattern: "^[0-9]*$" }, marker: text, user_id: text }, 75);
  const pairs = [...pairsOf(call, ownerOf(call, "index")).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const isPaged = call.version >= 35;
  const marker = isPaged ? call.query.get("marker") : null;
  const start = marker === null ? 0 : pairs.findIndex(({ name }) => name === marker) + 1;
  if (marker !== null && start === 0) throw badRequest(`Marker ${marker} could not be found.`);
  const limit = isPaged ? limitOf(call) : pairs.length;
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
      const { pair, userId } = pairOf(call, "show");
      const dates = { created_at: isoMicros(pair.createdMs), updated_at: null, deleted_at: null, deleted: false };
      return ok({ keypair: { ...view(call, pair), id: pair.id, user_id: userId, ...dates } });
    },
  },
  {
    method: "DELETE",
    path: "/os-keypairs/:name",
    clients: ["openstack"],
    handler: (call) => {
      const { pair, userId } = pairOf(call, "delete");
      pairsOf(call, userId).delete(pair.name);
      return nothing(call.version >= 2 ? 204 : 202);
    },
  },
];
