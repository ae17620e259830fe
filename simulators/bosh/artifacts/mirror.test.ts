import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, describe, expect, it } from "vitest";
import { fetchMirrored, mirrorNames } from "./mirror.ts";

const folder = mkdtempSync(join(tmpdir(), "drydock-mirror-"));

afterAll(() => rmSync(folder, { recursive: true }));

describe("a mirror", () => {
  it.each([
    ["https://bosh.io/d/github.com/cloudfoundry/bpm-release?v=1.2.3", "bpm-release-1.2.3.tgz"],
    ["https://bosh.io/d/github.com/cloudfoundry/bpm-release?v=1.2.3", "bpm-1.2.3.tgz"],
    [
      "https://bosh.io/d/stemcells/bosh-openstack-kvm-ubuntu-jammy-go_agent?v=1.500",
      "bosh-openstack-kvm-ubuntu-jammy-go_agent-1.500.tgz",
    ],
    ["https://storage.example.com/compiled/bpm-1.2.3-ubuntu-jammy-1.500.tgz", "bpm-1.2.3-ubuntu-jammy-1.500.tgz"],
  ])("finds %s as %s", async (url, name) => {
    writeFileSync(join(folder, name), name);
    const { status, body } = await fetchMirrored(folder)(url, undefined);
    expect(status).toBe(200);
    expect(String(await buffer(body ?? new Blob([]).stream()))).toBe(name);
    rmSync(join(folder, name));
  });

  it("has nothing else", async () => {
    expect(await fetchMirrored(folder)("https://bosh.io/d/x?v=1", undefined)).toMatchObject({
      status: 404,
      body: null,
    });
  });

  it.each(["https://h/..%2f..%2fetc%2fpasswd", "https://h/..", "https://h/a?v=../../x"])(
    "leads nowhere else: %s",
    (url) => {
      expect(mirrorNames(url).filter((name) => name.includes("/") || /^\.+$/.test(name))).toEqual([]);
    },
  );
});
