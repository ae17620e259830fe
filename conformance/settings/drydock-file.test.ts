import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { TargetError } from "../client/errors/target-error.ts";
import { EMPTY_FILE } from "./file.ts";
import FORMER_KEYS from "./former-keys.json" with { type: "json" };
import { parseDrydockFile } from "./drydock-file.ts";

const refusal = (text: string): string => {
  try {
    parseDrydockFile(text);
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  return "accepted";
};

/** Keys from all over the file, so that arbitrary files go deep. */
const KEYS =
  "parameters context headers hooks hold command url backup driver create method path body states data dns outsider ports credentials host".split(
    " ",
  );

const hook = fc.oneof(
  fc.record({ command: fc.constantFrom("./hold.sh", "true") }),
  fc.webUrl().map((url) => ({ url })),
);
const anyFile = fc.record({
  hooks: fc.record({ hold: hook, release: hook, fail: hook, heal: hook }, { requiredKeys: [] }),
  data: fc.record({
    source: fc.oneof(fc.ipV4(), fc.ipV6()),
    ports: fc.array(fc.integer({ min: 1, max: 65_535 }), { maxLength: 5 }),
  }),
});

describe("the part backup of drydock.yml", () => {
  it("is absent when it is absent", () => {
    expect(parseDrydockFile("").backup).toBeUndefined();
  });

  it.each([
    ["backup: 5", '"backup" is not a mapping'],
    ["backup: { drivers: a9s }", 'unknown key "backup.drivers"'],
    ["backup: { driver: mine }", '"backup.driver" must be one of extension, a9s'],
    ["backup: { url: ftp://x }", '"backup.url" must be an http or https URL'],
    ["backup: { url: here }", '"backup.url" must be an http or https URL'],
    ["backup: { create: here }", '"backup.create" must be a method and a path'],
    ["backup: { create: { method: POST, path: /x, query: y } }", 'unknown key "backup.create.query"'],
    ["backup: { states: { ok: fine } }", '"backup.states.ok" must be one of queued'],
    ["backup: { headers: { A: 5 } }", '"backup.headers.A" must be a text'],
    ["backup: { id: [] }", '"backup.id" must be a text or a list of texts'],
  ])("refuses %s", (text, why) => {
    expect(refusal(text)).toContain(`drydock.yml: ${why}`);
    expect(refusal(text)).toContain("[bad-file]");
  });
});

describe("the part data of drydock.yml", () => {
  it("describes how data services are reached", () => {
    const { data } = parseDrydockFile(`
data:
  dns: 127.0.0.1:8600
  source: 10.0.0.5
  outsider: "::1"
  tenant: 10.0.1.7
  ports: [3100, 2822]
  credentials:
    my-db: { client: postgresql, host: hosts.0 }
`);
    expect(data).toEqual({
      dns: "127.0.0.1:8600",
      source: "10.0.0.5",
      outsider: "::1",
      tenant: "10.0.1.7",
      ports: [3100, 2822],
      credentials: { "my-db": { client: "postgresql", host: "hosts.0" } },
    });
  });

  it.each([
    ["data: { dns: localhost }", '"data.dns" must be an address of a DNS server'],
    ["data: { dns: '127.0.0.1:99999' }", '"data.dns" must be an address of a DNS server'],
    ["data: { source: eth0 }", '"data.source" must be an IP address'],
    ["data: { tenant: neighbour }", '"data.tenant" must be an IP address'],
    ["data: { ports: 3100 }", '"data.ports" must be a list of port numbers'],
    ["data: { ports: [agent] }", '"data.ports" must be a list of port numbers'],
    ["data: { ports: [0] }", '"data.ports" must be a list of port numbers'],
    ["data: { ports: [65536] }", '"data.ports" must be a list of port numbers'],
    ["data: { resolver: x }", 'unknown key "data.resolver"'],
    [
      "data: { credentials: { a: { client: oracle } } }",
      '"data.credentials.a.client" must be one of postgresql, redis',
    ],
    ["data: { dangerous: [IS-01] }", '"data.dangerous'],
    ["data: { credentials: { a: { hostname: x } } }", 'unknown key "data.credentials.a.hostname"'],
    ["data: { credentials: { a: { port: 5432 } } }", '"data.credentials.a.port" must be a text'],
  ])("refuses %s", (text, why) => {
    expect(refusal(text)).toContain(`drydock.yml: ${why}`);
  });
});

describe("drydock.yml", () => {
  it("may be empty, and a key without a value counts as absent", () => {
    const blank = "parameters:\ncontext:\nheaders:\nhooks:\nbackup:\ndata:\n  dns:\n  ports:\n";
    for (const text of ["", "# nothing\n", blank]) expect(parseDrydockFile(text)).toEqual(EMPTY_FILE);
  });

  it("keeps values to be sent to a broker as written, including blank ones", () => {
    const { parameters, context } = parseDrydockFile(`
parameters: { my-db: { small: { provision: { region: null, tags: [a, null] } }, large: } }
context: { platform: null }`);
    expect(parameters).toEqual({ "my-db": { small: { provision: { region: null, tags: ["a", null] } }, large: {} } });
    expect(context).toEqual({ platform: null });
  });

  it("keeps headers as texts, whatever YAML makes of them", () => {
    expect(parseDrydockFile("headers: { A: 5, B: true, C: '', D: 0.5 }").headers).toEqual({
      A: "5",
      B: "true",
      C: "",
      D: "0.5",
    });
  });

  it.each(Object.entries(FORMER_KEYS))("refuses %s, and says that it is now called %s", (former, current) => {
    const [section = "", key = ""] = former.split(".");
    expect(refusal(`${section}: { ${key}: 10.0.0.6 }`)).toContain(`"${former}" is now called "${current}"`);
  });

  it.each([
    ["5", "the file is not a mapping"],
    ["[a]", "the file is not a mapping"],
    ["paramters: {}", 'unknown key "paramters"; nearest: parameters'],
    ["xyzzy: {}", 'unknown key "xyzzy": there are parameters, context, headers, hooks, backup, figures, data'],
    ["parameters: []", '"parameters" is not a mapping'],
    ["parameters: { a: 5 }", '"parameters.a" is not a mapping'],
    ["parameters: { a: { b: { provisoin: {} } } }", 'unknown key "parameters.a.b.provisoin"; nearest: provision'],
    ["parameters: { a: { b: { bind: x } } }", '"parameters.a.b.bind" is not a mapping'],
    ["context: here", '"context" is not a mapping'],
    ["headers: { A: [b] }", '"headers.A" must be a text, a number, true or false'],
    ["headers: { A: }", '"headers.A" must be a text, a number, true or false'],
    ["hooks: { hodl: { command: x } }", 'unknown key "hooks.hodl"; nearest: hold'],
    ["hooks: { hold: {} }", '"hooks.hold" must be a mapping with either a command or a url'],
    ["hooks: { hold: }", '"hooks.hold" must be a mapping with either a command or a url'],
    ["hooks: { hold: { command: x, url: http://y } }", '"hooks.hold" must be a mapping with either a command or a url'],
    ["hooks: { hold: { curl: http://y } }", 'unknown key "hooks.hold.curl"; nearest: url'],
    ["hooks: { hold: { url: y } }", '"hooks.hold.url" must be an http or https URL'],
    ["backup: { create: { method: post, path: /x } }", '"backup.create.method" must be a method, such as POST'],
    ["backup: { create: { method: POST, path: x } }", '"backup.create.path" must be a path that begins with /'],
    ["backup: { create: { method: POST, path: /x, body: y } }", '"backup.create.body" is not a mapping'],
    ["backup: { create: { method: POST } }", '"backup.create" must be a method and a path'],
    ["backup: { create: }", '"backup.create" must be a method and a path'],
    ["data: { credentials: { a: 5 } }", '"data.credentials.a" is not a mapping'],
    ["data: { outsider: eth0 }", '"data.outsider" must be an IP address of this machine'],
    ["a: b: c", "Nested mappings are not allowed"],
    ["data: {}\ndata: {}", "Map keys must be unique"],
  ])("refuses %s in one line with place and reason", (text, why) => {
    expect(refusal(text)).toContain(`drydock.yml: ${why}`);
    expect(refusal(text)).not.toContain("\n");
  });

  it("is either parsed or refused as a bad file, whatever it contains", () => {
    const keys = fc.constantFrom(...KEYS);
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom(null, "", "GET /x", "instance", 3100, true),
        tie("map"),
        tie("list"),
      ),
      map: fc.dictionary(fc.oneof(keys, fc.string()), tie("tree"), { maxKeys: 4 }),
      list: fc.array(tie("tree"), { maxLength: 3 }),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        try {
          expect(parseDrydockFile(stringify(value))).toHaveProperty("data.credentials");
        } catch (error) {
          expect(error).toBeInstanceOf(TargetError);
          expect(error).toMatchObject({
            code: "bad-file",
            message: expect.stringMatching(/^drydock\.yml: .+\[bad-file\]$/),
          });
        }
      }),
      { numRuns: 500 },
    );
  });

  it("accepts every file of keys and values that the schema allows", () => {
    fc.assert(
      fc.property(anyFile, (file) => {
        const { data, hooks } = parseDrydockFile(stringify(file));
        expect(hooks).toEqual(file.hooks);
        expect(data.ports).toEqual(file.data.ports);
        expect(data.source).toBe(file.data.source);
      }),
    );
  });
});
