import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventsOf, ISSUED_MS, SOUND, statementOf, suitesOf, VENDOR } from "../certificate/testing/sample.ts";
import { generateKeys } from "../certificate/keys.ts";
import { writeCertificate } from "../certificate/write.ts";
import { writeReports } from "../write.ts";
import { checkRegistry, writeIndex } from "./index.ts";

const OPTIONS = { nowMs: ISSUED_MS + 1, suites: suitesOf(SOUND), version: "9.9.9" };
const AT = "submissions/acme/notes/1.0.0";
const SUBMISSION = "product: Notes <b>&\nhomepage: https://example.com/notes\nclaims: [osb-core, backup-B1]\n";

let folder: string;
let model: string;

/** A registry with one sound submission, of which each test changes a copy. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "drydock-registry-"));
  model = join(folder, "model");
  const at = join(model, AT);
  mkdirSync(join(model, "keys"), { recursive: true });
  writeFileSync(join(model, "keys/acme.pub.pem"), VENDOR.publicPem);
  const { paths } = writeReports(at, eventsOf(SOUND));
  const files = { "run.jsonl": readFileSync(paths.stream), "report.json": readFileSync(paths.json) };
  writeCertificate(at, statementOf(SOUND, { files }), VENDOR.privateKey);
  writeFileSync(join(at, "submission.yml"), SUBMISSION);
  writeIndex(model, checkRegistry(model, OPTIONS));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The objections of the check to a changed copy. */
function faultsAfter(change: (dir: string) => void, options = OPTIONS): string {
  const dir = mkdtempSync(join(folder, "copy-"));
  cpSync(model, dir, { recursive: true });
  change(dir);
  const { submissions, faults } = checkRegistry(dir, options);
  return [...submissions.flatMap((each) => each.faults), ...faults].join("\n");
}

describe("a registry", () => {
  it("holds with a sound submission and its index", () => {
    expect(faultsAfter(() => {})).toBe("");
    const page = readFileSync(join(model, "index.html"), "utf8");
    expect(page).toContain("OSB extended, backup B2, isolation A+D");
    expect(page).toContain("Notes &lt;b&gt;&amp;");
    expect(page).not.toMatch(/<b>|<script|src=/);
  });

  it.each<[string, (dir: string) => void, RegExp]>([
    ["another report", (dir) => writeFileSync(join(dir, AT, "report.json"), "{}"), /report\.json is not the file/],
    [
      "a stream with a changed verdict",
      (dir) => change(dir, "run.jsonl", '"verdict":"pass"', '"verdict":"fail"'),
      /run\.jsonl is not/,
    ],
    ["a stream that is a link", (dir) => linkStream(dir), /run\.jsonl is missing/],
    ["no stream", (dir) => rmSync(join(dir, AT, "run.jsonl")), /run\.jsonl is missing/],
    [
      "another vendor's key",
      (dir) => writeFileSync(join(dir, "keys/acme.pub.pem"), generateKeys().publicPem),
      /signed with another key/,
    ],
    ["no key", (dir) => rmSync(join(dir, "keys/acme.pub.pem")), /keys\/acme\.pub\.pem is missing/],
    ["a private key", (dir) => writeFileSync(join(dir, "keys/acme.pub.pem"), VENDOR.privatePem), /holds a private key/],
    [
      "an unsupported claim",
      (dir) => change(dir, "submission.yml", "backup-B1", "backup-B3"),
      /backup-B3 is not supported/,
    ],
    ["an unknown claim", (dir) => change(dir, "submission.yml", "backup-B1", "backup-B9"), /claims\.1/],
    [
      "a changed certificate",
      (dir) => change(dir, "certificate.json", "eyJ", "eyK"),
      /the file was changed|does not hold/,
    ],
    ["a bundle of another run", (dir) => otherBundle(dir), /holds another certificate|not the file/],
    ["a stale index", (dir) => writeFileSync(join(dir, "index.html"), "old"), /index\.html is not up to date/],
    [
      "a file where none belongs",
      (dir) => writeFileSync(join(dir, "submissions/acme/README"), ""),
      /acme\/README does not belong/,
    ],
  ])("refuses %s", (_, before, expected) => {
    expect(faultsAfter(before)).toMatch(expected);
  });

  it("accepts suites of another version only if they are on its list", () => {
    const older = { ...OPTIONS, version: "10.0.0", suites: suitesOf(SOUND.slice(1)) };
    expect(faultsAfter(() => {}, older)).toMatch(/its list of checks differs from the suite's/);
    const { suites } = statementOf(SOUND).predicate.drydock_certificate;
    const known = { "drydock 9.9.9": Object.fromEntries(suites.map(({ suite, digest }) => [suite, digest.sha256])) };
    expect(faultsAfter((dir) => writeFileSync(join(dir, "suites.json"), JSON.stringify(known)), older)).toBe("");
  });

  it("keeps what has expired, and says that it has", () => {
    const { submissions, faults } = checkRegistry(model, { ...OPTIONS, nowMs: ISSUED_MS * 2 });
    expect(faults).toEqual([]);
    expect(submissions[0]?.faults).toEqual([]);
    expect(submissions[0]?.notes.join()).toMatch(/expired/);
  });

  it("is not found if it does not exist", () => {
    expect(() => checkRegistry(folder, OPTIONS)).toThrow(/REGISTRY_NOT_FOUND/);
  });
});

function change(dir: string, name: string, from: string, to: string): void {
  const path = join(dir, AT, name);
  const text = readFileSync(path, "utf8");
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

function linkStream(dir: string): void {
  const path = join(dir, AT, "run.jsonl");
  rmSync(path);
  symlinkSync(join(model, AT, "run.jsonl"), path);
}

function otherBundle(dir: string): void {
  const other = join(dir, "other");
  mkdirSync(other);
  const { bundle } = writeCertificate(other, statementOf(SOUND, { targetVersion: "9" }), VENDOR.privateKey);
  cpSync(bundle, join(dir, AT, "certificate.sigstore.json"));
  rmSync(other, { recursive: true });
}
