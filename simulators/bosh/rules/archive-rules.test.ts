import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { receiveArchive } from "../artifacts/archive.ts";
import { TestDirector } from "../testing/director.ts";
import { packRelease, type ReleaseParts } from "../testing/release.ts";
import { ARCHIVE_RULES, type ArchiveRule, RELEASE } from "./archive-rules.ts";
import { applyChange } from "./rule.ts";

interface Parts extends ReleaseParts {
  readonly manifest?: unknown;
  /** Bytes in place of the whole archive. */
  readonly archive?: string;
}

/** The error with which the upload of such a release ends. */
async function refusalOf({ change }: Pick<ArchiveRule, "change">): Promise<unknown> {
  const { manifest, archive, ...parts } = applyChange(RELEASE, change) as Parts;
  const received = await receiveArchive(Readable.from([archive ?? packRelease(manifest, parts)]));
  const director = new TestDirector();
  const reply = director.send("POST", "/releases", { type: "application/x-compressed", received });
  return director.task(reply).events.findLast(({ error }) => error !== undefined)?.error;
}

describe("a release", () => {
  it("is accepted in the form from which the rules start", async () => {
    expect(await refusalOf({ change: {} })).toBeUndefined();
  });

  it.each(ARCHIVE_RULES.map((rule) => [`${rule.source}: ${rule.text}`, rule] as const))("%s", async (_title, rule) => {
    expect(await refusalOf(rule)).toEqual({ code: rule.code, message: rule.text });
  });
});
