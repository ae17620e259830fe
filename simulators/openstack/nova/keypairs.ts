import { hash } from "node:crypto";
import { isoMicros } from "../common/time.ts";
import { type Call, checkedBody, conflict, type NovaRoute, nothing, notFound, ok } from "./call.ts";
import type { Keypair } from "./state.ts";

const own = ({ nova, actor }: Call): Map<string, Keypair> => {
  const { keypairs } = nova.slot.value;
  let list = keypairs.get(actor.userId);
  if (list === undefined) keypairs.set(actor.userId, (list = new Map()));
  return list;
};

const view = (pair: Keypair): object => ({
  name: pair.name,
  public_key: pair.publicKey,
  fingerprint: pair.fingerprint,
});

const fingerprint = (key: string): string => hash("md5", key, "hex").replace(/(..)(?!$)/g, "$1:");

function create(call: Call): ReturnType<NovaRoute["handler"]> {
  const schema = {
    type: "object",
    properties: { name: { type: "string", minLength: 1, maxLength: 255 }, public_key: { type: "string" } },
    required: ["name"],
  };
  const { keypair } = checkedBody(call, { type: "object", properties: { keypair: schema }, required: ["keypair"] }) as {
    keypair: { name: string; public_key?: string };
  };
  const pairs = own(call);
  if (pairs.has(keypair.name)) throw conflict(`Key pair '${keypair.name}' already exists.`);
  const { slot, cloud } = call.nova;
  const publicKey = keypair.public_key ?? `ssh-rsa ${cloud.random("nova").hex(64)} Generated-by-Nova`;
  const pair: Keypair = {
    id: ++slot.value.keypairsMade,
    name: keypair.name,
    type: "ssh",
    publicKey,
    fingerprint: fingerprint(publicKey),
    createdMs: cloud.kernel.nowMs,
  };
  pairs.set(pair.name, pair);
  cloud.kernel.record("nova", "keypair.create", pair.name);
  // Nobody logs in to a simulated VM: the private key is well formed for who stores it, and opens nothing.
  const generated =
    keypair.public_key === undefined
      ? {
          private_key: `-----BEGIN RSA PRIVATE KEY-----\n${cloud.random("nova").hex(64)}\n-----END RSA PRIVATE KEY-----\n`,
        }
      : {};
  return {
    ...ok({ keypair: { ...view(pair), user_id: call.actor.userId, ...generated } }),
    status: call.version >= 2 ? 201 : 200,
  };
}

function pairOf(call: Call): Keypair {
  const pair = own(call).get(call.params.name ?? "");
  if (pair === undefined) throw notFound(`Keypair ${call.params.name} not found for user ${call.actor.userId}`);
  return pair;
}

export const KEYPAIR_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: "/os-keypairs",
    clients: ["bosh", "openstack"],
    handler: (call) => ok({ keypairs: [...own(call).values()].map((pair) => ({ keypair: view(pair) })) }),
  },
  { method: "POST", path: "/os-keypairs", clients: ["openstack"], handler: create },
  {
    method: "GET",
    path: "/os-keypairs/:name",
    clients: ["openstack"],
    handler: (call) => {
      const pair = pairOf(call);
      const dates = { created_at: isoMicros(pair.createdMs), updated_at: null, deleted_at: null, deleted: false };
      return ok({ keypair: { ...view(pair), id: pair.id, user_id: call.actor.userId, ...dates } });
    },
  },
  {
    method: "DELETE",
    path: "/os-keypairs/:name",
    clients: ["openstack"],
    handler: (call) => {
      own(call).delete(pairOf(call).name);
      return nothing(call.version >= 2 ? 204 : 202);
    },
  },
];
