import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres } from "../../broker/store/testing.ts";
import { findBrokenLaws } from "../../simulators/laws.ts";
import type { InstanceRecord } from "../laws/instance-records.ts";
import { recordLaws } from "../laws/records.ts";
import { bootCloud, type Cloud } from "../cloud/cloud.ts";
import {
  ControlPlaneProcess,
  type ControlPlaneClient,
  controlPlaneClient,
  controlPlaneEnvironment,
  SECRETS,
} from "./process.ts";

const postgres = await startPostgres();
if ("reason" in postgres) process.stderr.write(`skipped: a broker killed with -9: ${postgres.reason}\n`);

const IDS = { service_id: "5d3b1c10-0000-4000-8000-000000000000", plan_id: "5d3b1c10-0000-4000-8000-000000000000" };
const OWNER = { organization_guid: "org", space_guid: "space" };
const ENDING_MS_MAX = 60_000;

describe("a control plane that can't start", () => {
  const startInVain = async (
    environment: Readonly<Record<string, string>>,
    content?: string,
  ): Promise<ControlPlaneProcess> => {
    const folder = await mkdtemp(join(tmpdir(), "broker-settings-"));
    const file = join(folder, "broker.yml");
    if (content !== undefined) await writeFile(file, content);
    const control = new ControlPlaneProcess(environment, content === undefined ? undefined : file);
    await control.exited;
    await rm(folder, { recursive: true });
    return control;
  };

  it.each([
    ["no settings", {}, undefined, "CONFIG_INVALID"],
    ["a file that is not a mapping", {}, "- a\n- b", "CONFIG_NOT_YAML"],
    ["a setting of the wrong kind", { BROKER_SERVICE: "oracle" }, undefined, "CONFIG_INVALID"],
  ])("says why in one line when it gets %s", async (_case, environment, content, code) => {
    const { errors, output, process: child } = await startInVain(environment, content);
    expect(child.exitCode).toBe(2);
    expect(errors).toMatch(new RegExp(`^broker: ${code}: .+\n$`));
    expect(output).toBe("");
  });
});

describe.skipIf("reason" in postgres)("a control plane as a process, on PostgreSQL", () => {
  let cloud: Cloud;
  let control: ControlPlaneProcess;
  const controls: ControlPlaneProcess[] = [];

  const listen = (): string => `${cloud.world.plan.block}.0.9:3000`;
  const start = async (): Promise<ControlPlaneProcess> => {
    const environment = controlPlaneEnvironment(cloud, listen(), "url" in postgres ? postgres.url : "");
    // The restarted one waits for the lease of the killed one to end.
    const next = new ControlPlaneProcess({ ...environment, BROKER_LEASE_MS: "3000" });
    controls.push(next);
    await next.awaitEvent("listening");
    return next;
  };
  const send: ControlPlaneClient = (...request) => controlPlaneClient(listen())(...request);
  const awaitEnd = async (path: string): Promise<unknown> => {
    const deadline = performance.now() + ENDING_MS_MAX;
    for (;;) {
      const { status, json } = await send("GET", `${path}/last_operation`);
      if (status !== 200 || json.state !== "in progress") return status === 200 ? json.state : status;
      if (performance.now() > deadline) throw new Error(`${path} goes on and on: ${control.output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  /** Sends SIGKILL once the broker has logged that an operation begins, and starts it again. */
  const killAndRestart = async (): Promise<void> => {
    await control.awaitEvent("operation.begins");
    await control.kill("SIGKILL");
    control = await start();
  };

  beforeAll(async () => {
    cloud = await bootCloud({ seed: 1, services: [], pace: "instant" });
    control = await start();
  });

  afterAll(async () => {
    for (const each of controls) each.process.kill("SIGKILL");
    await cloud?.close();
    if ("stop" in postgres) await postgres.stop();
  });

  it("continues where it stopped after kill -9, and leaves nothing behind", async () => {
    const path = "/v2/service_instances/standalone";
    const binding = `${path}/service_bindings/b`;
    const query = new URLSearchParams({ ...IDS, accepts_incomplete: "true" });
    expect((await send("PUT", `${path}?accepts_incomplete=true`, { ...IDS, ...OWNER })).status).toBe(202);
    await killAndRestart();
    expect(await awaitEnd(path)).toBe("succeeded");

    expect((await send("PUT", `${binding}?accepts_incomplete=true`, IDS)).status).toBe(202);
    await killAndRestart();
    expect(await awaitEnd(binding)).toBe("succeeded");
    expect((await send("GET", binding)).json.credentials).toMatchObject({ port: 5432 });

    const { instances } = (await send("GET", "/instances", undefined, "operator")).json;
    expect(findBrokenLaws(cloud.world, recordLaws(instances as readonly InstanceRecord[]))).toEqual([]);

    expect((await send("DELETE", `${path}?${String(query)}`)).status).toBe(202);
    await killAndRestart();
    expect(await awaitEnd(path)).toBe(410);
    expect(findBrokenLaws(cloud.world, recordLaws([]))).toEqual([]);
  });

  it("logs what it does without secrets, and stops on SIGTERM", async () => {
    await control.kill("SIGTERM");
    expect(control.process.exitCode).toBe(0);
    const said = controls.map(({ output, errors }) => output + errors).join("");
    const events = said
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(new Set(events)).toEqual(
      new Set(["listening", "started", "operation.begins", "operation.succeeded", "stopping"]),
    );
    const secrets = [...Object.values(SECRETS), cloud.environment.BOSH_CLIENT_SECRET, "broker-store-"];
    for (const secret of secrets) expect(said).not.toContain(secret);
  });
});
