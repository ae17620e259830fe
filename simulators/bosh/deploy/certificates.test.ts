import { createPrivateKey, X509Certificate } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Director } from "../state/director.ts";
import { Kernel } from "../../kernel/index.ts";
import { certificateProblem } from "./certificate-options.ts";
import { makeCertificate } from "./certificates.ts";

/** The parts of a director that a certificate needs. */
const directorOf = (seed: number): Director => ({ kernel: new Kernel({ seed }) }) as unknown as Director;

const CA = { is_ca: true, common_name: "the authority", duration: 3650 };
const LEAF = { ca: "/x/ca", common_name: "a.b", alternative_names: ["a.b", "*.c.d", "10.0.0.1"], duration: 30 };

describe("a certificate of the config server", () => {
  it("has its names and its own key, and is signed by its authority", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const director = directorOf(seed);
        const ca = makeCertificate(director, CA, undefined);
        const made = makeCertificate(director, { ...LEAF, extended_key_usage: ["server_auth"] }, ca);
        const [authority, leaf] = [new X509Certificate(ca.certificate), new X509Certificate(made.certificate)];
        expect(made.ca).toBe(ca.certificate);
        expect(authority.ca && authority.verify(authority.publicKey)).toBe(true);
        expect(!leaf.ca && leaf.verify(authority.publicKey) && leaf.checkIssued(authority)).toBe(true);
        expect(leaf.checkPrivateKey(createPrivateKey(made.private_key))).toBe(true);
        expect(leaf.checkPrivateKey(createPrivateKey(ca.private_key))).toBe(false);
        for (const name of ["a.b", "x.c.d"]) expect(leaf.checkHost(name)).toBeDefined();
        expect([leaf.checkHost("b.a"), leaf.checkIP("10.0.0.2"), leaf.checkIP("10.0.0.1")]).toEqual([
          undefined,
          undefined,
          "10.0.0.1",
        ]);
        expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
      }),
      { numRuns: 10 },
    );
  });

  it("is the same in the same world, and different in a different one", () => {
    const made = [1, 1, 2].map((seed) => makeCertificate(directorOf(seed), CA, undefined));
    expect(made[1]).toEqual(made[0]);
    expect(made[2]?.certificate).not.toBe(made[0]?.certificate);
  });

  it.each([
    [{}, "subject value"],
    [{ common_name: "a" }, "signing CA"],
    [{ ...LEAF, self_sign: true }, "in combination"],
    [{ ...LEAF, duration: 3651 }, "duration"],
    [{ ...LEAF, key_length: 1024 }, "key length"],
    [{ ...LEAF, alternative_names: ["a b"] }, "alternative name"],
    [{ ...LEAF, common_name: "a".repeat(65) }, "too long"],
    [{ ...LEAF, extended_key_usage: ["all"] }, "'all'"],
    [{ ...LEAF, key_usage: ["all"] }, "'all'"],
  ])("is refused with %j", (options, why) => {
    expect(certificateProblem(options)).toContain(why);
    expect(certificateProblem(LEAF)).toBeUndefined();
  });
});
