import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bundleOf, fileText, open, seal } from "./envelope.ts";
import { explainCertificate } from "./explain.ts";
import { generateKeys, keyIdOf, parsePrivateKey, parsePublicKey } from "./keys.ts";
import type { Statement } from "./statement.ts";
import { eventsOf, fileOf, ISSUED_MS, optionsFor, reportOf, SOUND, statementOf, VENDOR } from "./testing/sample.ts";
import { verifyCertificate } from "./verify.ts";
import { foldRun } from "../fold.ts";

const STATEMENT = statementOf(SOUND);
const FILE = fileOf(STATEMENT);
const BUNDLE = Buffer.from(fileText(bundleOf(seal(JSON.stringify(STATEMENT), VENDOR.privateKey))));

const codesOf = (file: Buffer, more: Parameters<typeof optionsFor>[1] = {}) =>
  verifyCertificate(file, optionsFor(SOUND, more)).refusals.map(({ code }) => code);

/** The statement with some of its members changed by hand, signed again by the vendor. */
function resign(change: (statement: Statement) => void): Buffer {
  const copy = structuredClone(STATEMENT);
  change(copy);
  return fileOf(copy);
}

describe("a certificate", () => {
  it("holds as it was written, as an envelope and as a bundle", () => {
    for (const file of [FILE, BUNDLE]) expect(codesOf(file)).toEqual([]);
  });

  it("is refused if any byte is flipped", () => {
    const anyFlip = fc.record({ file: fc.constantFrom(FILE, BUNDLE), at: fc.nat(), bit: fc.nat({ max: 7 }) });
    fc.assert(
      fc.property(anyFlip, ({ file, at, bit }) => {
        const changed = Buffer.from(file);
        const place = at % file.length;
        changed[place] = (changed[place] ?? 0) ^ (1 << bit);
        expect(codesOf(changed)).not.toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it("is refused if it was cut, lengthened, or two of its pieces were swapped", () => {
    const anyPieces = fc.tuple(
      fc.nat({ max: FILE.length }),
      fc.nat({ max: FILE.length }),
      fc.nat({ max: FILE.length }),
    );
    fc.assert(
      fc.property(anyPieces, fc.uint8Array({ minLength: 1, maxLength: 9 }), (places, more) => {
        const [a = 0, b = 0, c = 0] = places.toSorted((x, y) => x - y);
        const pieces = [FILE.subarray(0, a), FILE.subarray(b, c), FILE.subarray(a, b), FILE.subarray(c)];
        const swapped = Buffer.concat(pieces);
        for (const changed of [swapped, FILE.subarray(0, a), Buffer.concat([FILE, more])])
          if (!changed.equals(FILE)) expect(codesOf(changed)).not.toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it("is refused if its members are reordered, reformatted, or one is added", () => {
    const envelope = JSON.parse(FILE.toString()) as Record<string, unknown>;
    const turned = Object.fromEntries(Object.entries(envelope).reverse());
    const others = [
      JSON.stringify(turned),
      JSON.stringify(envelope, null, 2),
      JSON.stringify({ ...envelope, more: 1 }),
    ];
    for (const other of others) expect(codesOf(Buffer.from(`${other}\n`))).not.toEqual([]);
  });

  it("is refused with any other key", () => {
    const other = parsePublicKey(generateKeys().publicPem, "other");
    expect(codesOf(FILE, { key: other })).toEqual(["other-key"]);
    const forged = JSON.parse(FILE.toString()) as { signatures: { keyid: string }[] };
    for (const signature of forged.signatures) signature.keyid = keyIdOf(other);
    expect(codesOf(Buffer.from(`${JSON.stringify(forged)}\n`), { key: other })).toEqual(["bad-signature"]);
  });

  it("is refused as an envelope of another type", () => {
    const envelope = { ...seal(JSON.stringify(STATEMENT), VENDOR.privateKey), payloadType: "text/plain" };
    const opened = open(Buffer.from(fileText(envelope)), VENDOR.publicKey);
    expect(opened).toMatchObject({ refusal: "other-type" });
  });
});

describe("a certificate that its own vendor signed", () => {
  it("is refused if any check is missing", () => {
    fc.assert(
      fc.property(fc.nat({ max: SOUND.length - 1 }), (at) => {
        const short = SOUND.filter((_, each) => each !== at);
        const file = fileOf(statementOf(short));
        expect(verifyCertificate(file, optionsFor(SOUND)).refusals.map(({ code }) => code)).toContain("other-suite");
      }),
    );
  });

  it("is refused with a check of another level", () => {
    const softened = SOUND.map((check) => (check.id === "provision-201" ? { ...check, level: "MAY" as const } : check));
    expect(codesOf(fileOf(statementOf(softened)))).toContain("other-suite");
  });

  it("says that it can't compare a suite of another version", () => {
    const found = verifyCertificate(fileOf(statementOf(SOUND.slice(1))), optionsFor(SOUND, { version: "10.0.0" }));
    expect(found.refusals).toEqual([]);
    expect(found.notes.join()).toMatch(/suite osb.*drydock 9\.9\.9/);
  });

  it("is refused if a member does not follow from its list", () => {
    const failed = SOUND.map((check) =>
      check.id === "provision-201" ? { ...check, verdict: "fail" as const } : check,
    );
    const { predicate } = statementOf(failed);
    const sound = structuredClone(STATEMENT).predicate;
    const changes: ((changed: Statement) => void)[] = [
      (changed) => (changed.predicate.drydock_certificate.checks = predicate.drydock_certificate.checks),
      (changed) => (changed.predicate.failedTests = ["catalog-200"]),
      (changed) => (changed.predicate.drydock_certificate.outcome = "part"),
      (changed) => void changed.predicate.drydock_certificate.levels.pop(),
      (changed) =>
        void changed.predicate.drydock_certificate.checks.push(...sound.drydock_certificate.checks.slice(0, 1)),
    ];
    for (const change of changes) expect(codesOf(resign(change))).toContain("contradiction");
  });

  it("is refused if the verdicts and all that follows from them were improved, and the run is available", () => {
    const checks = SOUND.map((check) =>
      check.id === "provision-201" ? { ...check, verdict: "fail" as const } : check,
    );
    expect(codesOf(FILE, { report: reportOf(checks) })).toEqual(["changed-report"]);
    expect(codesOf(FILE, { report: foldRun(eventsOf(SOUND)) })).toEqual([]);
  });

  it("is refused beside another report", () => {
    expect(codesOf(FILE, { files: { "report.json": Buffer.from("{ }") } })).toEqual(["changed-report"]);
    expect(verifyCertificate(FILE, optionsFor(SOUND, { files: {} })).notes.join()).toMatch(/report\.json is not here/);
  });

  it("is refused as soon as it has expired", () => {
    const end = Date.parse(STATEMENT.predicate.drydock_certificate.validUntil);
    expect(codesOf(FILE, { nowMs: end - 1 })).toEqual([]);
    expect(codesOf(FILE, { nowMs: end })).toEqual(["expired"]);
  });

  it("may rest on waivers only if they are accepted, and only until they end", () => {
    const accepted = { reason: "mended in 3.2", until: "2026-12-24" };
    const checks = SOUND.map((check) =>
      check.id === "catalog-200" ? { ...check, verdict: "warn" as const, accepted } : check,
    );
    const statement = statementOf(checks);
    expect(statement.predicate.result).toBe("WARNED");
    const certified = statement.predicate.drydock_certificate;
    expect(certified.validUntil).toBe("2026-12-25T00:00:00.000Z");
    expect(certified.levels[0]).toMatchObject({ level: "extended", provisionalUntil: "2026-12-24" });
    const file = fileOf(statement);
    expect(codesOf(file)).toEqual([]);
    expect(codesOf(file, { waivers: false })).toEqual(["waived"]);
  });

  it("is explained in ten lines, which first say why it is refused", () => {
    const lines = explainCertificate(verifyCertificate(FILE, optionsFor(SOUND)), keyIdOf(VENDOR.publicKey));
    expect(lines).toHaveLength(10);
    expect(lines[0]).toMatch(/^✓ holds/);
    expect(lines.join("\n")).toContain("OSB extended, backup B2, isolation A+D");
    const late = verifyCertificate(FILE, optionsFor(SOUND, { nowMs: ISSUED_MS * 2 }));
    expect(explainCertificate(late, keyIdOf(VENDOR.publicKey))[0]).toMatch(/^✗ refused {2}it is no longer valid/);
  });
});

describe("keys", () => {
  it("are refused if they are of another kind, private instead of public, or not keys", () => {
    expect(() => parsePublicKey(VENDOR.privatePem, "a.pem")).toThrow(/a\.pem holds a private key/);
    expect(() => parsePrivateKey("nothing", "b.pem")).toThrow(/CERTIFICATE_NO_KEY/);
  });
});
