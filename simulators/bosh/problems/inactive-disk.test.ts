import { describe, expect, it } from "vitest";
import { manifestOf, type TestDirector } from "../testing/director.ts";
import { applyResolutions, countsOf, deployGroups, names, problems, scan } from "../testing/problems.ts";

const ERROR = { kind: "error", message: "no" } as const;

/** A director on which an instance has a disk that could not be put to use. */
async function withInactiveDisk(point: "cpi:attach_disk" | "agent:mount_disk"): Promise<TestDirector> {
  const director = await deployGroups(1);
  director.kernel.faults.arm({ point, effect: ERROR });
  expect(director.deployText(manifestOf({ w: 1 }, { diskMb: 100 })).state).toBe("error");
  return director;
}

const orphans = (director: TestDirector): number => (director.send("GET", "/disks").json as unknown[]).length;

const disksOfInstance = (director: TestDirector): readonly string[] =>
  (director.send("GET", "/deployments/x/jobs/w/0").json as { disks: string[] }).disks;

describe("a disk that could not be put to use", () => {
  it.each(["cpi:attach_disk", "agent:mount_disk"] as const)("is inactive, not an orphan, after %s", async (point) => {
    const director = await withInactiveDisk(point);
    expect(orphans(director)).toBe(0);
    expect(disksOfInstance(director)).toHaveLength(1);
    expect(countsOf(scan(director), /persistent disks/)).toBe("0 OK, 0 missing, 1 inactive, 0 mount-info mismatch");
    const [problem] = problems(director);
    const { id } = director.instance("x", "w");
    expect(problem?.description).toBe(
      `Disk '${disksOfInstance(director)[0]}' (100M) for instance 'w/${id} (0)' is inactive`,
    );
    expect(names(problem)).toEqual(["ignore", "delete_disk", "activate_disk"]);
  });

  it("can't be activated while it isn't mounted, and becomes an orphan once it is given up", async () => {
    const director = await withInactiveDisk("cpi:attach_disk");
    scan(director);
    const [first] = problems(director);
    const refused = applyResolutions(director, { [first?.id ?? 0]: "activate_disk" });
    expect(refused.result).toContain("Disk is not mounted");
    scan(director);
    const [second] = problems(director);
    expect(applyResolutions(director, { [second?.id ?? 0]: "delete_disk" }).result).toBe("1 resolved");
    expect(orphans(director)).toBe(1);
    expect(disksOfInstance(director)).toEqual([]);
  });

  it("becomes an orphan when the instance gets its next disk, or is deleted", async () => {
    const [next, gone] = [await withInactiveDisk("cpi:attach_disk"), await withInactiveDisk("cpi:attach_disk")];
    expect(next.deployText(manifestOf({ w: 1 }, { diskMb: 100 })).state).toBe("done");
    expect([orphans(next), disksOfInstance(next).length]).toEqual([1, 1]);
    gone.task(gone.send("DELETE", "/deployments/x"));
    expect(orphans(gone)).toBe(1);
  });
});
