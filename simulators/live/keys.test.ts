import { createPublicKey, createSign, createVerify, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadKeys } from "./keys.ts";

const NOW_MS = Date.UTC(2026, 5, 1);
const DAY_MS = 86_400_000;
const ADDRESSES = ["127.64.0.6", "127.65.0.6"];

describe("the keys of a live cloud", () => {
  const folder = mkdtempSync(join(tmpdir(), "drydock-test-"));
  const file = join(folder, "keys.json");
  afterAll(() => rmSync(folder, { recursive: true }));

  it("sign tokens, and certify each address under one CA", async () => {
    const { signing, tls } = await loadKeys(file, ADDRESSES, NOW_MS);
    const leaf = new X509Certificate(tls.cert);
    const ca = new X509Certificate(tls.ca);
    expect(leaf.verify(ca.publicKey)).toBe(true);
    expect([ca.ca, leaf.ca]).toEqual([true, false]);
    for (const address of ADDRESSES) expect(leaf.checkIP(address)).toBe(address);
    expect(leaf.checkIP("127.66.0.6")).toBeUndefined();
    const signature = createSign("sha256").update("text").sign(signing.privateKey);
    expect(createVerify("sha256").update("text").verify(createPublicKey(signing.publicKey), signature)).toBe(true);
  });

  it("are kept, readable by their owner only, until they expire, no longer fit or can't be read", async () => {
    const kept = await loadKeys(file, ADDRESSES, NOW_MS);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await loadKeys(file, ["127.65.0.6"], NOW_MS + 300 * DAY_MS)).toEqual(kept);
    const later = await loadKeys(file, ADDRESSES, NOW_MS + 365 * DAY_MS);
    expect(later.tls.ca).not.toBe(kept.tls.ca);
    const elsewhere = await loadKeys(file, ["127.66.0.6"], NOW_MS + 365 * DAY_MS);
    expect(elsewhere.tls.ca).not.toBe(later.tls.ca);
    writeFileSync(file, "{");
    expect((await loadKeys(file, ADDRESSES, NOW_MS)).addresses).toEqual(ADDRESSES);
  });
});
