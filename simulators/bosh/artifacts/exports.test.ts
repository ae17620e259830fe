import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { receiveArchive } from "./archive.ts";
import { readYaml } from "../templates/yaml.ts";
import type { FollowedTask } from "../testing/director.ts";
import { TestDirector } from "../testing/director.ts";

const BODY = {
  deployment_name: "demo",
  release_name: "demo",
  release_version: "1",
  stemcell_os: "tiny-os",
  stemcell_version: "1.1",
  jobs: [],
};

async function deployDemo(): Promise<TestDirector> {
  const director = new TestDirector();
  await director.ready();
  expect(director.deploy("demo.yml").state).toBe("done");
  return director;
}

const exportRelease = (director: TestDirector, more: object = {}): FollowedTask =>
  director.task(director.json("POST", "/releases/export", { ...BODY, ...more }));

/** The manifest of the compiled release that a task has exported. */
function manifestOf(director: TestDirector, { id }: FollowedTask): Record<string, { name: string }[]> {
  const line = String(director.send("GET", `/tasks/${id}/output?type=result`).body);
  const { blobstore_id: blob } = JSON.parse(line) as { blobstore_id: string };
  const tar = gunzipSync(director.send("GET", `/resources/${blob}`).body as Uint8Array).toString("utf8");
  const [, text = ""] = tar.split("---\n");
  return readYaml(text.split("\0")[0] ?? "") as Record<string, { name: string }[]>;
}

describe("export release", () => {
  it("packs the compiled packages and the jobs of a release", async () => {
    const director = await deployDemo();
    const task = exportRelease(director);
    expect(task).toMatchObject({ state: "done", result: "Exported release: demo/1 for tiny-os/1.1" });
    const manifest = manifestOf(director, task);
    expect(manifest).toMatchObject({ name: "demo", version: "1", uncommitted_changes: false });
    const stored = director.bosh.state().releases.get("demo")?.[0];
    expect(manifest.jobs?.map(({ name }) => name).sort()).toEqual(stored?.jobs.map(({ name }) => name).sort());
    expect(manifest.compiled_packages?.length).toBeGreaterThan(0);
    expect(manifest.compiled_packages).toEqual(
      manifest.compiled_packages?.map((each) => ({ ...each, stemcell: "tiny-os/1.1" })),
    );
  });

  it("compiles what is not compiled yet, and nothing twice", async () => {
    const director = await deployDemo();
    const stages = (task: FollowedTask): readonly unknown[] => [...new Set(task.events.map(({ stage }) => stage))];
    const release = director.bosh.state().releases.get("demo")?.[0];
    release?.compiled.clear();
    expect(stages(exportRelease(director))).toContain("Compiling packages");
    expect(stages(exportRelease(director))).not.toContain("Compiling packages");
  });

  it("packs only the jobs that are named", async () => {
    const director = await deployDemo();
    const task = exportRelease(director, { jobs: [{ name: "web" }] });
    expect(manifestOf(director, task).jobs?.map(({ name }) => name)).toEqual(["web"]);
  });

  it("makes a release that can be uploaded in place of the source", async () => {
    const director = await deployDemo();
    const task = exportRelease(director);
    const line = String(director.send("GET", `/tasks/${task.id}/output?type=result`).body);
    const { blobstore_id: blob } = JSON.parse(line) as { blobstore_id: string };
    const other = new TestDirector();
    const bytes = director.send("GET", `/resources/${blob}`).body as Uint8Array;
    const archive = await receiveArchive(Readable.from([bytes]));
    const upload = other.task(other.send("POST", "/releases", { type: "application/x-compressed", received: archive }));
    expect(upload).toMatchObject({ state: "done", result: "Created release 'demo/1'" });
  });

  it.each([
    [{ release_name: "zz" }, "Release 'zz' doesn't exist"],
    [{ release_version: "9" }, "Release version 'demo/9' doesn't exist"],
    [{ stemcell_version: "9" }, "Stemcell version '9' for OS 'tiny-os' doesn't exist"],
    [{ deployment_name: "y" }, "Deployment 'y' doesn't exist"],
    [{ jobs: "web" }, "undefined method 'any?' for an instance of String"],
    [{ jobs: null }, "undefined method 'empty?' for nil"],
    [{ stemcell_os: null }, "Property 'os' value (nil) did not match the required type 'String'"],
  ])("refuses %j in its task", async (more, result) => {
    expect(exportRelease(await deployDemo(), more)).toMatchObject({ state: "error", result });
  });
});
