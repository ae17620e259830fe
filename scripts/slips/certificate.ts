import type { Slip } from "./slip.ts";

const CERTIFICATE = ["reports/certificate"];
const REGISTRY = ["reports/registry"];

/** Slips in certificates, and in the registry that keeps them. */
export const CERTIFICATE_SLIPS: readonly Slip[] = [
  {
    id: "certificate-rewritten-accepted",
    breaks: "only the bytes that were written are accepted",
    file: "reports/certificate/envelope.ts",
    from: "!Buffer.from(rewritten).equals(fileBytes) || ",
    to: "",
    tests: CERTIFICATE,
  },
  {
    id: "certificate-any-key",
    breaks: "a certificate is refused with another vendor's key",
    file: "reports/certificate/envelope.ts",
    from: "if (keyId !== keyIdOf(key))",
    to: 'if (keyId === "")',
    tests: CERTIFICATE,
  },
  {
    id: "certificate-unsigned-accepted",
    breaks: "the signature is verified",
    file: "reports/certificate/envelope.ts",
    from: 'if (!verify(null, signedBytes(envelope.payloadType, body), key, Buffer.from(sig, "base64")))',
    to: "if (body.length === 0)",
    tests: CERTIFICATE,
  },
  {
    id: "certificate-short-list",
    breaks: "a list that lacks a check of its suite is refused",
    file: "reports/certificate/verify.ts",
    from: "const isEqual = own !== undefined && suiteDigest(own.checks) === digest.sha256;",
    to: "const isEqual = own !== undefined;",
    tests: CERTIFICATE,
  },
  {
    id: "certificate-levels-believed",
    breaks: "levels must follow from the list of verdicts",
    file: "reports/certificate/verify.ts",
    from: 'isSame(name === "suites" ? certified.suites : certified.levels, value)',
    to: 'isSame(name === "suites" ? certified.suites : value, value)',
    tests: CERTIFICATE,
  },
  {
    id: "certificate-unknown-holds",
    breaks: "a check without a verdict keeps a level from being reached",
    file: "reports/certificate/levels.ts",
    from: 'new Set(["pass", "warn", "not-applicable"])',
    to: 'new Set(["pass", "warn", "unknown", "not-applicable"])',
    tests: CERTIFICATE,
  },
  {
    id: "certificate-half-a-run-passes",
    breaks: "a run that left something out shows no level",
    file: "reports/certificate/derive.ts",
    from: 'levelsOf(checks, waivers, explained, outcome !== "part")',
    to: "levelsOf(checks, waivers, explained, true)",
    tests: CERTIFICATE,
  },
  {
    id: "certificate-outlives-waiver",
    breaks: "a certificate ends with the first of its waivers",
    file: "reports/certificate/make.ts",
    from: "Math.min(nowMs + VALID_DAYS * DAY_MS, ...ends)",
    to: "Math.max(nowMs + VALID_DAYS * DAY_MS, ...ends)",
    tests: CERTIFICATE,
  },
  {
    id: "registry-claims-believed",
    breaks: "a vendor may claim only what the certificate supports",
    file: "reports/registry/check.ts",
    from: ".filter((claim) => !borneOut.includes(claim))",
    to: '.filter((claim) => claim === "")',
    tests: REGISTRY,
  },
  {
    id: "registry-follows-links",
    breaks: "a link does not count as a file of a submission",
    file: "reports/registry/layout.ts",
    from: "stats?.isFile() === true ?",
    to: "stats !== undefined ?",
    tests: REGISTRY,
  },
];
