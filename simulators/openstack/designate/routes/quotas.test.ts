import { expect, it } from "vitest";
import { TwoProjectCloud } from "../../testing.ts";

it("a project's quotas are journaled when they are set and when they are reset, and not when nothing changes", async () => {
  const cloud = await TwoProjectCloud.open({}, 1);
  const { body } = await cloud.call("admin", "GET", "identity", "/auth/projects");
  const project = (body as { projects: readonly { id: string }[] }).projects[0]?.id ?? "";
  const send = async (method: string, body?: object): Promise<number> =>
    (await cloud.call("admin", method, "dns", `/quotas/${project}`, body)).status;
  const journaledKinds = (): readonly string[] =>
    cloud.kernel.journal.events
      .filter(({ source, subject }) => source === "designate" && subject === project)
      .map(({ kind }) => kind);
  await send("DELETE");
  expect(journaledKinds()).toEqual([]);
  await send("PATCH", { zones: 3 });
  await send("DELETE");
  expect(journaledKinds()).toEqual(["quota.update", "quota.reset"]);
});
