import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { frameOf, readRecords, RecordFile } from "./record-file.ts";

const folder = mkdtempSync(join(tmpdir(), "drydock-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const record = fc.oneof(
  fc.string(),
  fc.uint8Array({ maxLength: 50 }),
  fc.dictionary(fc.string(), fc.nat()),
  fc.array(fc.tuple(fc.string(), fc.nat()), { maxLength: 3 }).map((entries) => new Map(entries)),
);
const records = fc.array(record, { maxLength: 8 });

it("ends before a record that was cut off, wherever it was cut, and can be appended to", () => {
  fc.assert(
    fc.property(records, record, fc.nat(), (written, next, at) => {
      const path = join(folder, "cut");
      const frames = written.map(frameOf);
      const bytes = Buffer.concat(frames);
      const cut = at % (bytes.length + 1);
      writeFileSync(path, bytes.subarray(0, cut));
      let whole = 0;
      for (let end = 0; whole < frames.length; whole++) {
        end += frames[whole]?.length ?? 0;
        if (end > cut) break;
      }
      const opened = RecordFile.open(path);
      expect(opened.records).toEqual(written.slice(0, whole));
      expect(opened.torn).toBe(cut - Buffer.concat(frames.slice(0, whole)).length);
      opened.file.append(next);
      opened.file.close();
      expect(readRecords(readFileSync(path), path).records).toEqual([...written.slice(0, whole), next]);
    }),
    { numRuns: 50 },
  );
});

it("refuses a file with any byte changed, and never mistakes it for a record that was cut off", () => {
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 1, maxLength: 8 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (written, at, by) => {
        const bytes = Buffer.concat(written.map(frameOf));
        const place = at % bytes.length;
        bytes.writeUInt8((bytes.readUInt8(place) + by) % 256, place);
        expect(() => readRecords(bytes, "file")).toThrow(expect.objectContaining({ code: "DATA_DAMAGED" }));
      },
    ),
  );
});
