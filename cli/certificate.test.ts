import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openSigner } from "./certificate.ts";
import { DEFAULTS } from "./defaults.ts";
import { keygen } from "./keygen.ts";
import { checkCommand, indexCommand } from "./registry.ts";
import { drydockHere as drydock } from "./testing/run-here.ts";
import { verify } from "./verify.ts";

const PASSWORD = "of-the-certificate";
const IMAGE = `registry.example.com/tiny@sha256:${"ab".repeat(32)}`;
const env = { DRYDOCK_PASSWORD: PASSWORD };

let broker: ChildProcess;
let url: string;
let folder: string;
let out: string;
let keys: string;

const privateKey = (): string => `${keys}.key.pem`;
const publicKey = (): string => `${keys}.pub.pem`;
const certify = (...args: readonly string[]) =>
  drydock(["certify", url, "--username", "admin", "--sign", privateKey(), ...args], env);

/** Runs the work of a command in this process, which saves the start of another. */
async function capture(work: () => Promise<number>): Promise<{ readonly code: number; readonly stdout: string }> {
  const parts: string[] = [];
  const keep = (text: unknown) => parts.push(String(text)) > 0;
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation(keep),
    vi.spyOn(console, "log").mockImplementation(keep),
  ];
  try {
    return { code: await work(), stdout: parts.join("") };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

const VERSION = { version: "0.1.0" };
const verifyIn = (dir: string, name: string, json = false) =>
  capture(() => verify(join(dir, name), { key: publicKey(), json, ...VERSION }));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "drydock-certificate-"));
  keys = join(folder, "vendor");
  out = join(folder, "report");
  const file = fileURLToPath(new URL("../examples/tiny-broker/broker.mjs", import.meta.url));
  const stdio = ["ignore", "pipe", "inherit"] as const;
  broker = spawn(process.execPath, [file, "0"], {
    stdio: [...stdio],
    env: { ...process.env, BROKER_PASSWORD: PASSWORD },
  });
  const [line] = (await once(broker.stdout as NonNullable<ChildProcess["stdout"]>, "data")) as [Buffer];
  url = `http://127.0.0.1:${/\d+/.exec(line.toString())?.[0]}`;
  expect((await capture(() => keygen({ out: keys }))).code).toBe(0);
  const run = await certify("--out", out, "--target-version", "3.2", "--image", IMAGE);
  expect(run.code).toBe(0);
});

afterAll(() => {
  broker.kill();
  rmSync(folder, { recursive: true, force: true });
});

describe("a certificate", () => {
  it("is made, explained in ten lines and verified in both forms, without the secrets", async () => {
    for (const name of ["certificate.json", "certificate.sigstore.json"]) {
      const { code, stdout } = await verifyIn(out, name);
      expect(code).toBe(0);
      const lines = stdout.trim().split("\n");
      expect(lines).toHaveLength(10);
      for (const part of [url, "version 3.2", "registry.example.com/tiny", "OSB extended", "certify"])
        expect(stdout).toContain(part);
    }
    const { payload } = JSON.parse(readFileSync(join(out, "certificate.json"), "utf8")) as { payload: string };
    const written = readdirSync(out).map((name) => readFileSync(join(out, name), "utf8"));
    for (const text of [...written, Buffer.from(payload, "base64").toString()])
      for (const secret of [PASSWORD, Buffer.from(`admin:${PASSWORD}`).toString("base64")])
        expect(text).not.toContain(secret);
  });

  it("is refused with 1 beside a report that was changed, and says so as JSON", async () => {
    const copy = join(folder, "copy");
    cpSync(out, copy, { recursive: true });
    const path = join(copy, "run.jsonl");
    writeFileSync(path, readFileSync(path, "utf8").replace('"verdict":"pass"', '"verdict":"fail"'));
    const { code, stdout } = await verifyIn(copy, "certificate.json", true);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      holds: false,
      refusals: [{ code: "changed-report" }, { code: "changed-report" }],
    });
  });

  it("of a narrowed run shows no level and no success, replaces the previous one, and ignores a baseline if asked to", async () => {
    const narrowed = join(folder, "narrowed");
    cpSync(out, narrowed, { recursive: true });
    const baseline = join(folder, "baseline.yml");
    writeFileSync(baseline, "accept:\n  - { check: no-such-check, reason: never read, until: 2999-12-31 }\n");
    const run = await certify(
      "--out",
      narrowed,
      "--only",
      "catalog-200",
      "--baseline",
      baseline,
      "--no-waivers",
      "--quiet",
    );
    expect(run.stderr).toContain("--no-waivers: the baseline is ignored");
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/^1 of \d+ checks: passed\. Exercised: [^\n]*\n$/);
    const { stdout } = await verifyIn(narrowed, "certificate.json", true);
    const { statement } = JSON.parse(stdout) as { statement: { predicate: { result: string } } };
    expect(statement.predicate).toMatchObject({
      result: "FAILED",
      drydock_certificate: { outcome: "part", levels: [{ level: "none" }], waiversAllowed: false },
    });
    expect(readFileSync(join(narrowed, "badge.svg"), "utf8")).toContain("not certified");
  });

  it.each<[string, () => object, RegExp]>([
    ["no folder", () => ({}), /--sign writes a certificate beside the reports, and needs --out/],
    ["an image without a digest", () => ({ out, image: "tiny:3.2" }), /CERTIFICATE_BAD_IMAGE/],
    ["a public key to sign with", () => ({ out, sign: publicKey() }), /CERTIFICATE_NO_KEY/],
  ])("is refused before the run begins: %s", (_, options, expected) => {
    expect(() => openSigner({ ...DEFAULTS, sign: privateKey(), ...VERSION, ...options() })).toThrow(expected);
  });
});

describe("keygen", () => {
  it("hides the private key from other users, and never overwrites one", async () => {
    expect(statSync(privateKey()).mode & 0o077).toBe(0);
    const before = readFileSync(privateKey(), "utf8");
    await expect(keygen({ out: keys })).rejects.toThrow(/CERTIFICATE_KEY_EXISTS/);
    expect(readFileSync(privateKey(), "utf8")).toBe(before);
  });
});

describe("registry", () => {
  it("is indexed and checked", async () => {
    const registry = join(folder, "registry");
    const at = join(registry, "submissions/acme/tiny/3.2");
    mkdirSync(join(registry, "keys"), { recursive: true });
    cpSync(publicKey(), join(registry, "keys/acme.pub.pem"));
    cpSync(out, at, { recursive: true });
    writeFileSync(join(at, "submission.yml"), "product: Tiny\nclaims: [osb-extended]\n");
    const check = () => capture(() => checkCommand(registry, VERSION));
    expect((await check()).code).toBe(1);
    expect((await capture(() => indexCommand(registry, VERSION))).code).toBe(0);
    const { code, stdout } = await check();
    expect(stdout).toContain("1 of 1 submissions hold");
    expect(code).toBe(0);
    expect(readFileSync(join(registry, "index.html"), "utf8")).toContain("OSB extended");
  });

  it("can't be read without such a folder", async () => {
    const { code, stderr } = await drydock(["registry", "check", join(folder, "nowhere")]);
    expect([code, stderr.includes("REGISTRY_NOT_FOUND")]).toEqual([2, true]);
  });
});
