import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateKeys } from "../../reports/certificate/keys.ts";
import { SOUND, statementOf, VENDOR } from "../../reports/certificate/testing/sample.ts";
import { writeCertificate } from "../../reports/certificate/write.ts";
import { accepts, isInstalled, type Signed, VERIFIERS } from "./verifiers.ts";

const HINT = "not installed: node scripts/verifiers/index.ts installs it";
let dir: string;
let signed: Signed;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "drydock-verifiers-"));
  const [report, publicKey] = [join(dir, "report.json"), join(dir, "vendor.pub.pem")];
  writeFileSync(report, "{}");
  writeFileSync(publicKey, VENDOR.publicPem);
  const { envelope, bundle } = writeCertificate(dir, statementOf(SOUND), VENDOR.privateKey);
  signed = { report, publicKey, envelope, bundle };
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe.each(VERIFIERS)("$name", (verifier) => {
  it("accepts a certificate", async ({ skip }) => {
    if (!(await isInstalled(verifier))) return skip(HINT);
    expect(await accepts(verifier, signed)).toEqual({ accepted: true, said: "" });
  });

  it("refuses it with another key", async ({ skip }) => {
    if (!(await isInstalled(verifier))) return skip(HINT);
    const other = join(dir, "other.pub.pem");
    writeFileSync(other, generateKeys().publicPem);
    expect((await accepts(verifier, { ...signed, publicKey: other })).accepted).toBe(false);
  });
});
