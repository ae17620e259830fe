import { at, expectStatus, readBody } from "./client.ts";
import { binding, instance } from "./services.ts";
import type { Kind } from "./things.ts";

/** A resource of OpenStack that is created with a name, and shown by its id. */
const resource = (service: string, path: string, member: string, more: object, max: number): Kind => ({
  name: member.replace("_", " "),
  max,
  create: async (cloud, id) => {
    const answer = await cloud.openstack(service, "POST", path, { [member]: { name: id, ...more } });
    return at(expectStatus(answer, 200, 201, 202).body, member, "id");
  },
  read: async (cloud, { value, id }) => {
    const shown = readBody(await cloud.openstack(service, "GET", `${path}/${String(value)}`));
    return at(shown, member, "name") === id ? at(shown, member, "id") : undefined;
  },
  remove: async (cloud, { value }) =>
    void expectStatus(await cloud.openstack(service, "DELETE", `${path}/${String(value)}`), 202, 204),
});

const keypair: Kind = {
  name: "keypair",
  max: 40,
  create: async (cloud, name) => {
    const answer = await cloud.openstack("compute", "POST", "/os-keypairs", { keypair: { name } });
    return at(expectStatus(answer, 200, 201).body, "keypair", "fingerprint");
  },
  read: async (cloud, { id }) =>
    at(readBody(await cloud.openstack("compute", "GET", `/os-keypairs/${id}`)), "keypair", "fingerprint"),
  remove: async (cloud, { id }) =>
    void expectStatus(await cloud.openstack("compute", "DELETE", `/os-keypairs/${id}`), 202, 204),
};

const object: Kind = {
  name: "object",
  max: 40,
  create: async (cloud, id) => {
    await cloud.openstack("object-store", "PUT", "/survival");
    expectStatus(await cloud.openstack("object-store", "PUT", `/survival/${id}`, { id }), 201);
    return id;
  },
  read: async (cloud, { id }) => at(readBody(await cloud.openstack("object-store", "GET", `/survival/${id}`)), "id"),
  remove: async (cloud, { id }) =>
    void expectStatus(await cloud.openstack("object-store", "DELETE", `/survival/${id}`), 204),
};

const zone: Kind = {
  name: "zone",
  max: 20,
  create: async (cloud, id) => {
    const body = { name: `${id}.example.`, email: "a@example.org" };
    return at(expectStatus(await cloud.openstack("dns", "POST", "/v2/zones", body), 201, 202).body, "id");
  },
  read: async (cloud, { value }) =>
    at(readBody(await cloud.openstack("dns", "GET", `/v2/zones/${String(value)}`)), "id"),
  remove: async (cloud, { value }) =>
    void expectStatus(await cloud.openstack("dns", "DELETE", `/v2/zones/${String(value)}`), 202),
};

const config: Kind = {
  name: "director's config",
  max: 40,
  create: async (cloud, name) => {
    const body = { name, type: "survival", content: `a: ${name}\n` };
    return at(expectStatus(await cloud.director("POST", "/configs", body), 201).body, "id");
  },
  read: async (cloud, { value }) => at(readBody(await cloud.director("GET", `/configs/${String(value)}`)), "id"),
  remove: async (cloud, { value }) =>
    void expectStatus(await cloud.director("DELETE", `/configs/${String(value)}`), 204),
};

const node: Kind = {
  name: "Consul node",
  max: 20,
  create: async (cloud, id) => {
    const address = "127.0.0.9";
    const body = { Node: id, Address: address, Service: { Service: "survival", ID: id, Port: 4 } };
    expectStatus(await cloud.consul("PUT", "/v1/catalog/register", body), 200);
    return address;
  },
  read: async (cloud, { id }) => at(readBody(await cloud.consul("GET", `/v1/catalog/node/${id}`)), "Node", "Address"),
  remove: async (cloud, { id }) =>
    void expectStatus(await cloud.consul("PUT", "/v1/catalog/deregister", { Node: id }), 200),
};

/** Everything that is created under load. */
export const KINDS: readonly Kind[] = [
  resource("network", "/v2.0/networks", "network", {}, 30),
  resource("network", "/v2.0/security-groups", "security_group", {}, 30),
  resource("volumev3", "/volumes", "volume", { size: 1 }, 30),
  keypair,
  object,
  zone,
  config,
  node,
  instance("redis", 6),
  instance("postgresql", 4),
  binding,
];
