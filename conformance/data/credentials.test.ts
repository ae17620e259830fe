import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../client/http/json.ts";
import type { Service } from "../client/catalog.ts";
import { loginOf } from "./credentials.ts";
import { ENGINES } from "./engines.ts";

const service = (name: string, tags: readonly string[] = []): Service => ({
  id: "s",
  name,
  raw: { tags },
  plans: [],
});
const DB = service("my-db");

const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/);
const secret = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 30 });
const login = fc.record({
  host: fc.domain(),
  port: fc.integer({ min: 1, max: 65_535 }),
  username: word,
  password: secret,
  database: word,
});

const uriOf = (it: { host: string; port: number; username: string; password: string; database: string }): string =>
  `postgres://${it.username}:${encodeURIComponent(it.password)}@${it.host}:${it.port}/${it.database}`;

describe("loginOf", () => {
  test.prop([login])("reads a login from a uri alone", (it) => {
    expect(loginOf({ uri: uriOf(it) }, DB)).toEqual({ login: { client: "postgresql", ...it } });
  });

  test.prop([login, fc.constantFrom("host", "hostname"), fc.constantFrom("name", "database", "dbname"), fc.boolean()])(
    "reads it from its parts, whatever they are called",
    ({ host, port, username, password, database }, hostName, databaseName, isText) => {
      const credentials = {
        [hostName]: host,
        port: isText ? String(port) : port,
        username,
        password,
        [databaseName]: database,
      };
      const found = loginOf(credentials, service("a9s-postgresql"));
      expect(found).toEqual({ login: { client: "postgresql", host, port, username, password, database } });
    },
  );

  test.prop([fc.constantFrom("oracle", "nats", "cassandra"), login])("does not know every scheme", (scheme, it) => {
    const found = loginOf({ uri: uriOf(it).replace("postgres", scheme), port: 5432 }, DB);
    expect(found).toEqual({ reason: `no data client for ${scheme}://…` });
  });

  test.prop([fc.constantFrom("amqp", "mysql"), login])("uses some engines only through a program", (scheme, it) => {
    const credentials = { uri: uriOf(it).replace("postgres", scheme), port: 5432 };
    expect(loginOf(credentials, DB)).toEqual({
      reason: expect.stringMatching(new RegExp(`^no data client for ${scheme}://…: a program can speak to `)),
    });
    const client = scheme === "amqp" ? "rabbitmq" : "mysql";
    expect(loginOf(credentials, DB, {}, new Set(ENGINES))).toMatchObject({ login: { client, username: it.username } });
  });

  it("recognises a search engine by its name, because its uri is an http URL", () => {
    const uri = "https://u:p@search.example:9200";
    const spoken = new Set(ENGINES);
    expect(loginOf({ uri }, service("a9s-opensearch2"), {}, spoken)).toMatchObject({
      login: { client: "search", host: "search.example", port: 9200, tls: { isVerified: true } },
    });
    expect(loginOf({ uri }, DB, {}, spoken)).toEqual({ reason: "no data client for https://…" });
  });

  test.prop([fc.jsonValue()])("never throws, and gives the reason if there is no login", (value) => {
    const credentials = (
      typeof value === "object" && value !== null && !Array.isArray(value) ? value : {}
    ) as JsonObject;
    const found = loginOf(credentials, DB);
    expect("login" in found || found.reason.length > 0).toBe(true);
  });

  it("recognises PostgreSQL by the port, the name or the tags if there is no uri", () => {
    const parts = { host: "h", username: "u", password: "p", name: "d" };
    expect(loginOf({ ...parts, port: 5432 }, DB)).toHaveProperty("login");
    expect(loginOf({ ...parts, port: 6543 }, service("x", ["postgresql"]))).toHaveProperty("login");
    expect(loginOf({ ...parts, port: 6543 }, DB)).toEqual({
      reason: "no data client for credentials with host, username, password, name, port",
    });
  });

  it("takes a badly encoded uri literally", () => {
    expect(loginOf({ uri: "postgres://u:100%@h/d" }, DB)).toMatchObject({ login: { password: "100%" } });
  });

  it("follows the map of a drydock.yml", () => {
    const credentials = { nodes: [{ at: "h1" }, { at: "h2" }], login: { u: "u", p: "p" }, base: "d", port: 7000 };
    const map = {
      client: "postgresql",
      host: "nodes.1.at",
      username: "login.u",
      password: "login.p",
      database: "base",
    } as const;
    expect(loginOf(credentials, DB, map)).toEqual({
      login: { client: "postgresql", host: "h2", port: 7000, username: "u", password: "p", database: "d" },
    });
  });

  it("uses TLS when the uri or an authority asks for it", () => {
    const tlsOf = (credentials: JsonObject): unknown => {
      const found = loginOf(credentials, DB);
      return "login" in found ? found.login.tls : found;
    };
    expect(tlsOf({ uri: "postgres://u:p@h/d?sslmode=require" })).toEqual({ isVerified: false });
    expect(tlsOf({ uri: "postgres://u:p@h/d?sslmode=disable", cacrt: "PEM" })).toBeUndefined();
    expect(tlsOf({ uri: "postgres://u:p@h/d", cacrt: "PEM" })).toEqual({ isVerified: true, ca: "PEM" });
  });

  it("names the missing parts", () => {
    expect(loginOf({ uri: "postgres://h/d" }, DB)).toEqual({ reason: "the credentials hold no username, password" });
  });
});
