import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { offersOf, readCatalog } from "../../conformance/client/catalog.ts";
import { parseDrydockFile } from "../../conformance/settings/drydock-file.ts";
import { startServer } from "../testing/run.ts";
import { draftFile } from "./draft.ts";
import { init } from "./init.ts";

const REGION = { type: "object", properties: { region: { enum: ["eu", "us"] } }, required: ["region"] };
const catalogOf = (name: string, plan: string) => ({
  services: [
    {
      id: "s",
      name,
      bindable: true,
      plans: [
        { id: "p", name: plan, schemas: { service_instance: { create: { parameters: REGION } } } },
        { id: "q", name: "free" },
      ],
    },
  ],
});

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "drydock-init-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => void vi.restoreAllMocks());

/** A terminal at which somebody types these lines. */
function typing(...lines: readonly string[]) {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  input.end(lines.map((line) => `${line}\n`).join(""));
  return { input, output: new PassThrough().resume() };
}

const broker = () =>
  startServer((request, response) => {
    const right = request.headers.authorization === `Basic ${Buffer.from("admin:secret").toString("base64")}`;
    const isCatalog = request.url === "/v2/catalog";
    response.writeHead(!right ? 401 : isCatalog ? 200 : 404, { "Content-Type": "application/json" });
    response.end(right && isCatalog ? JSON.stringify(catalogOf("my-db", "small")) : "{}");
  });

describe("init", () => {
  it("fills in what the schemas of the plans require, and replaces a file only if forced to", async () => {
    vi.stubEnv("DRYDOCK_PASSWORD", "secret");
    const print = vi.spyOn(console, "log").mockImplementation(() => {});
    await using server = await broker();
    const out = join(folder, "one.yml");
    expect(await init(server.url, { username: "admin", out })).toBe(0);
    const text = readFileSync(out, "utf8");
    expect(parseDrydockFile(text).parameters).toEqual({ "my-db": { small: { provision: { region: "eu" } } } });
    expect(text).toContain("# The broker offers: my-db/small, my-db/free");
    expect(text).not.toContain("secret");
    expect(print.mock.calls.join()).toContain("invented parameters of my-db");
    await expect(init(server.url, { username: "admin", out })).rejects.toThrow(/CLI_FILE_EXISTS/);
    writeFileSync(out, "old");
    expect(await init(server.url, { username: "admin", out, force: true })).toBe(0);
    expect(readFileSync(out, "utf8")).toBe(text);
    vi.unstubAllEnvs();
  });

  it("asks at a terminal, and leaves out what is not answered", async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    const out = join(folder, "asked.yml");
    await init(undefined, { out }, typing("", "kubernetes", "127.0.0.1:8600"));
    expect(parseDrydockFile(readFileSync(out, "utf8"))).toMatchObject({
      context: { platform: "kubernetes" },
      data: { dns: "127.0.0.1:8600" },
      hooks: {},
    });
  });

  it("does not wait for answers without a terminal", async () => {
    await expect(init(undefined, { out: join(folder, "none.yml") }, typing(""))).rejects.toThrow(/CLI_NO_ANSWER/);
  });

  it("says why a catalog can't be read, and writes nothing", async () => {
    await using server = await broker();
    const out = join(folder, "refused.yml");
    await expect(init(server.url, { username: "somebody", out })).rejects.toThrow(/unauthorized/);
    expect(() => readFileSync(out)).toThrow(/ENOENT/);
  });

  it("drafts a file that can be read again, whatever the names of services and plans", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ minLength: 1 }), (name, plan) => {
        const offers = offersOf(readCatalog(catalogOf(name, plan)));
        const { parameters } = parseDrydockFile(draftFile({ offers, platform: name || undefined }));
        expect(Object.keys(parameters)).toHaveLength(1);
      }),
    );
  });
});
