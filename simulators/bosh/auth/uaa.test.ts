import { createPublicKey, generateKeyPairSync, type JsonWebKey, verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type HttpReply, Kernel, makeRequest } from "../../kernel/index.ts";
import { createBosh, createDummyCpi } from "../index.ts";
import { createUaa } from "./uaa.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const OPTIONS = {
  url: "https://127.0.0.1:8443",
  privateKey,
  publicKey,
  clients: [{ id: "ci", secret: "s", scopes: ["bosh.read"] }],
  users: [{ name: "ada", password: "p", scopes: ["bosh.admin", "bosh.teams.a.admin"] }],
};

interface Token {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly expires_in: number;
  readonly scope: string;
}

function start() {
  const kernel = new Kernel();
  const uaa = createUaa(kernel, OPTIONS);
  const bosh = createBosh(kernel, { users: [], uaa: OPTIONS, cpi: createDummyCpi(kernel), resurrector: false });
  const ask = (fields: Record<string, string>, headers: Record<string, string> = {}): HttpReply =>
    uaa.receive(
      makeRequest("POST", "/oauth/token", { body: new URLSearchParams(fields).toString(), headers }),
    ) as HttpReply;
  const token = (fields: Record<string, string>): Token => ask(fields).json as Token;
  const statusOf = (authorization: string): number =>
    (bosh.director.receive(makeRequest("GET", "/deployments", { headers: { authorization } })) as HttpReply).status;
  return { kernel, uaa, ask, token, statusOf };
}

const PASSWORD = { grant_type: "password", username: "ada", password: "p", client_id: "bosh_cli" };
const CLIENT = { grant_type: "client_credentials", client_id: "ci", client_secret: "s" };
const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;
const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<string, unknown>;

describe("UAA", () => {
  it("gives a user an access and a refresh token, and a client only an access token", () => {
    const { token } = start();
    expect(token(PASSWORD)).toMatchObject({ token_type: "bearer", scope: "bosh.admin bosh.teams.a.admin" });
    expect(token(PASSWORD).refresh_token).toBeDefined();
    expect(token(CLIENT)).toMatchObject({ token_type: "bearer", scope: "bosh.read" });
    expect(token(CLIENT).refresh_token).toBeUndefined();
  });

  it("states in a token its owner, its scopes and its expiry", () => {
    const { token, kernel } = start();
    const nowS = Math.floor(kernel.nowMs / 1000);
    expect(claimsOf(token(PASSWORD).access_token)).toMatchObject({
      user_name: "ada",
      client_id: "bosh_cli",
      scope: ["bosh.admin", "bosh.teams.a.admin"],
      iat: nowS,
      exp: nowS + 600,
      iss: "https://127.0.0.1:8443/oauth/token",
      aud: ["bosh"],
    });
  });

  it("takes a client's credentials from the form or from a Basic header", () => {
    const { ask } = start();
    const form = { grant_type: "client_credentials" };
    expect(ask(form, { authorization: basic("ci:s") }).status).toBe(200);
    expect(ask(form, { authorization: basic("ci:wrong") })).toMatchObject({
      status: 401,
      json: { error: "unauthorized" },
    });
    expect(ask({ ...CLIENT, client_id: "nobody" }).status).toBe(401);
  });

  it("gives new tokens for a refresh token, and for no other kind", () => {
    const { ask, token } = start();
    const { access_token: access, refresh_token: refresh = "" } = token(PASSWORD);
    const ask1 = (given: string): HttpReply => ask({ grant_type: "refresh_token", refresh_token: given });
    expect(ask1(refresh)).toMatchObject({ status: 200, json: { scope: "bosh.admin bosh.teams.a.admin" } });
    for (const wrong of [access, "", "garbage", `${refresh}x`])
      expect(ask1(wrong)).toMatchObject({ status: 401, json: { error: "invalid_token" } });
  });

  it("refuses a refresh token after a day", () => {
    const { kernel, ask, token } = start();
    const { refresh_token: refresh = "" } = token(PASSWORD);
    kernel.advanceTo(kernel.nowMs + 24 * 3_600_000);
    expect(ask({ grant_type: "refresh_token", refresh_token: refresh }).status).toBe(401);
  });

  it("refuses an unknown grant type and an unknown path", () => {
    const { ask, uaa } = start();
    expect(ask({ grant_type: "magic" })).toMatchObject({ status: 400, json: { error: "unsupported_grant_type" } });
    expect(uaa.receive(makeRequest("GET", "/Users"))).toMatchObject({
      status: 404,
      json: { error_description: "not simulated: GET /Users" },
    });
  });

  it("publishes the key with which its tokens are verified", () => {
    const { uaa, token } = start();
    const get = (path: string): unknown => (uaa.receive(makeRequest("GET", path)) as HttpReply).json;
    const { jwks_uri: keys } = get("/.well-known/openid-configuration") as { jwks_uri: string };
    const found = get(new URL(keys).pathname) as { keys: (JsonWebKey & { kid: string; value: string })[] };
    const [head = "", body = "", signature = ""] = token(PASSWORD).access_token.split(".");
    const { kid } = JSON.parse(Buffer.from(head, "base64url").toString()) as { kid: string };
    const key = found.keys.find((each) => each.kid === kid);
    const isSigned = (by: Parameters<typeof verify>[2]): boolean =>
      verify("RSA-SHA256", Buffer.from(`${head}.${body}`), by, Buffer.from(signature, "base64url"));
    expect(isSigned(createPublicKey({ key: { ...key }, format: "jwk" }))).toBe(true);
    expect(isSigned(key?.value ?? "")).toBe(true);
    expect(get("/token_key")).toEqual(key);
  });

  it("asks for user name, password and passcode", () => {
    const { uaa } = start();
    expect(uaa.receive(makeRequest("GET", "/login"))).toMatchObject({
      status: 200,
      json: { prompts: { username: ["text", "Email"], password: ["password", "Password"] } },
    });
  });
});

describe("a director with UAA", () => {
  it("accepts an access token until it expires, however `bearer` is capitalised", () => {
    const { kernel, token, statusOf } = start();
    const { access_token: access } = token(PASSWORD);
    expect([statusOf(`bearer ${access}`), statusOf(`Bearer ${access}`)]).toEqual([200, 200]);
    kernel.advanceTo(kernel.nowMs + 599_000);
    expect(statusOf(`bearer ${access}`)).toBe(200);
    kernel.advanceTo(kernel.nowMs + 1000);
    expect(statusOf(`bearer ${access}`)).toBe(401);
  });

  it("accepts neither a refresh token, nor a forged one, nor a password", () => {
    const { token, statusOf } = start();
    const { access_token: access, refresh_token: refresh = "" } = token(PASSWORD);
    const [head, , signature] = access.split(".");
    const claims = Buffer.from(JSON.stringify({ ...claimsOf(access), user_name: "root" })).toString("base64url");
    for (const wrong of [
      `bearer ${refresh}`,
      `bearer ${head}.${claims}.${signature}`,
      `bearer ${head}`,
      basic("ada:p"),
    ])
      expect(statusOf(wrong)).toBe(401);
  });
});
