import { DirectorError } from "../wire/errors.ts";

/*
 * Digests that a client gives with an upload: `<sha1>` or `<algorithm>:<digest>`, separated by semicolons
 * (bosh-utils, verify-multidigest).
 */

/** Strongest first. */
const ALGORITHMS = ["sha512", "sha256", "sha1"];

/** Checks an upload against the strongest of the digests. @throws DirectorError `code` in the words of the director's own tool */
export function verifyDigest(digests: Readonly<Record<string, string>>, given: string, code: number): void {
  const wanted = given
    .split(";")
    .map((each) => each.trim())
    .filter((each) => each !== "")
    .map((each) => {
      const [algorithm = "", digest] = each.split(":");
      return digest === undefined ? { algorithm: "sha1", digest: algorithm } : { algorithm, digest };
    });
  if (wanted.length === 0)
    throw new DirectorError(
      code,
      "panic: Parsing multiple digest: no digest algorithm found. Supported algorithms: sha1, sha256, sha512\n\ngoroutine 1 [running]:\nmain.main()\n\tverify-multidigest/main.go",
    );
  const strongest = ALGORITHMS.map((name) => wanted.find(({ algorithm }) => algorithm === name)).find(Boolean);
  const [first] = wanted;
  if (strongest === undefined)
    throw new DirectorError(
      code,
      `Computing digest from stream: Unable to create digest of unknown algorithm '${first?.algorithm ?? ""}'\n`,
    );
  const { algorithm, digest } = strongest;
  const actual = digests[algorithm] ?? "";
  if (actual === digest) return;
  const show = (value: string): string => (algorithm === "sha1" ? value : `${algorithm}:${value}`);
  throw new DirectorError(code, `Expected stream to have digest '${show(digest)}' but was '${show(actual)}'\n`);
}
