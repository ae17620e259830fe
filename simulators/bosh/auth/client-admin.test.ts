import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { basicHeader, type HttpReply, Kernel, makeRequest } from "../../kernel/index.ts";
import { asFields } from "../configs/fields.ts";
import { createUaa } from "./uaa.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

const CI = {
  client_id: "ci",
  client_secret: "s",
  authorities: ["bosh.read"],
  authorized_grant_types: ["client_credentials"],
};

function start() {
  const uaa = createUaa(new Kernel(), {
    url: "https://127.0.0.1:8443",
    privateKey,
    publicKey,
    clients: [
      { id: "admin", secret: "a", scopes: ["clients.admin"] },
      { id: "reader", secret: "r", scopes: ["clients.read"] },
    ],
    users: [],
  });
  const ask = (method: string, path: string, headers: Record<string, string>, body = ""): HttpReply =>
    uaa.receive(makeRequest(method, path, { headers, body })) as HttpReply;
  const grant = (id: string, secret: string): HttpReply =>
    ask("POST", "/oauth/token", { authorization: basicHeader(id, secret) }, "grant_type=client_credentials");
  const as =
    (id: string, secret: string) =>
    (method: string, path: string, body?: object): HttpReply => {
      const authorization = `Bearer ${String(asFields(grant(id, secret).json).access_token)}`;
      return ask(method, path, { authorization, "content-type": "application/json" }, JSON.stringify(body ?? {}));
    };
  return { ask, grant, admin: as("admin", "a"), reader: as("reader", "r") };
}

describe("the clients of UAA", () => {
  it("are created, shown without their secrets, changed and deleted by an administrator", () => {
    const { admin, grant } = start();
    const made = admin("POST", "/oauth/clients", CI);
    expect(made).toMatchObject({
      status: 201,
      json: { client_id: "ci", authorities: ["bosh.read"], scope: ["uaa.none"] },
    });
    expect(JSON.stringify(made.json)).not.toContain("secret");
    expect(asFields(grant("ci", "s").json).scope).toBe("bosh.read");
    admin("PUT", "/oauth/clients/ci", { client_id: "ci", authorities: ["bosh.admin"] });
    expect(asFields(grant("ci", "s").json).scope).toBe("bosh.admin");
    expect(admin("PUT", "/oauth/clients/ci/secret", { secret: "t" }).json).toEqual({
      status: "ok",
      message: "secret updated",
    });
    expect([grant("ci", "s").status, grant("ci", "t").status]).toEqual([401, 200]);
    expect(admin("DELETE", "/oauth/clients/ci").status).toBe(200);
    expect([grant("ci", "t").status, admin("GET", "/oauth/clients/ci").status]).toEqual([401, 404]);
  });

  it("are listed by pages and filters", () => {
    const { reader } = start();
    expect(reader("GET", "/oauth/clients").json).toMatchObject({ totalResults: 2, itemsPerPage: 2, startIndex: 1 });
    const filter = encodeURIComponent('client_id eq "admin"');
    expect(reader("GET", `/oauth/clients?filter=${filter}`).json).toMatchObject({
      resources: [{ client_id: "admin" }],
    });
    expect(reader("GET", "/oauth/clients?filter=zz").status).toBe(400);
  });

  it("are refused as UAA refuses them", () => {
    const { admin, reader, ask } = start();
    admin("POST", "/oauth/clients", CI);
    expect(admin("POST", "/oauth/clients", CI)).toMatchObject({
      status: 409,
      json: { error: "invalid_client", error_description: "Client already exists: ci" },
    });
    expect(admin("POST", "/oauth/clients", { client_id: "x" }).status).toBe(400);
    expect(reader("POST", "/oauth/clients", CI)).toMatchObject({ status: 403, json: { error: "insufficient_scope" } });
    expect(ask("GET", "/oauth/clients", {}).status).toBe(401);
    expect(ask("GET", "/oauth/clients", { authorization: "Bearer x" })).toMatchObject({
      json: { error: "invalid_token" },
    });
  });
});
