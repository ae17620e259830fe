import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { certify } from "../../../runner/certify.ts";
import type { CertifyOptions } from "../../../runner/options.ts";
import { asFetch } from "../../../osb/memory-broker/http.ts";
import { ToyCloud } from "../../toy/cloud.ts";
import { type ToyBrokerOptions, createToyBroker } from "../../toy/broker.ts";
import { type BackupDialect, extensionDialect } from "../../toy/extension.ts";
import { toyOptions } from "../../toy/mutants.ts";
import { backupSuite } from "../suite.ts";
import { a9sDialect } from "./a9s.ts";
import { serveProgram } from "./program.ts";
import { restoringByParameter } from "./provision-parameter.ts";
import { serviceFabrikDialect } from "./service-fabrik.ts";
import { SHIELD_TENANT, shieldDialect } from "./shield.ts";
import { swisscomDialect } from "./swisscom.ts";
import { tanzuDialect } from "./tanzu.ts";

/** The checks that every product with backups and restores in place must pass. */
const ONLY = ["BK-10", "BK-11", "BK-19", "BK-24", "BK-48"];

/** The product, its double, and its part of drydock.yml. */
const PRODUCTS: readonly (readonly [name: string, dialect: BackupDialect, file: string])[] = [
  ["an extension of the OSB API", extensionDialect, ""],
  ["a9s", a9sDialect(["instances"], "restore"), ""],
  ["a9s, public API", a9sDialect(["v1", "instances"], "restores"), "backup: { driver: a9s-v1 }"],
  ["Swisscom", swisscomDialect, ""],
  [
    "Service Fabrik",
    serviceFabrikDialect,
    "backup: { driver: service-fabrik, values: { space: 1f0c7f0e-6f0c-4bb5-9d6e-3f9bb1f9a002 } }",
  ],
  [
    "Tanzu",
    tanzuDialect,
    'backup: { driver: tanzu, restore: { method: POST, path: "/v3/service_instances/{instance}/restore", body: { backup_id: "{backup}" } } }',
  ],
  ["SHIELD", shieldDialect, `backup: { driver: shield, values: { tenant: ${SHIELD_TENANT} } }`],
];

async function judge(
  cloud: ToyCloud,
  broker: ToyBrokerOptions,
  more: Partial<CertifyOptions>,
): Promise<Readonly<Record<string, string>>> {
  const summary = await certify({ ...toyOptions(cloud, broker), only: ONLY, suites: [backupSuite], ...more });
  return Object.fromEntries(
    summary.results.map(({ check, verdict, reason }) => [
      check.id,
      `${verdict}${reason === undefined ? "" : `: ${reason}`}`,
    ]),
  );
}

const ALL_PASS = {
  ...Object.fromEntries(ONLY.map((id) => [id, "pass"])),
  // Its pass states what was compared.
  "BK-10": expect.stringMatching(/^pass: \d+ facts as before, digest [0-9a-f]{16}$/),
};

describe("the driver of a product, on a double of it", () => {
  it.each(PRODUCTS)("%s: reaches backups and restores", async (_name, backups, file) => {
    const removable = backups === tanzuDialect ? { "BK-24": expect.stringMatching(/^not-applicable/) } : {};
    expect(await judge(new ToyCloud(), { backups }, { file })).toEqual({ ...ALL_PASS, ...removable });
  });

  it.each(PRODUCTS)("%s: exposes a restore that appends", async (_name, backups, file) => {
    const cloud = new ToyCloud({
      restore: ({ store }, dump) => dump.tables.forEach((table, name) => store.tables.set(name, table)),
    });
    expect((await judge(cloud, { backups }, { file, only: ["BK-11"] }))["BK-11"]).toMatch(/^fail/);
  });

  it.each(["exec", "bbr"])("%s: reaches a platform through a program alone", async (driver) => {
    const cloud = new ToyCloud();
    const { url, server } = await serveProgram(cloud);
    const program = fileURLToPath(new URL("program-double.mjs", import.meta.url));
    const file = `backup: ${JSON.stringify({ driver, exec: [process.execPath, program, url, driver] })}`;
    const found = await judge(cloud, { backups: null }, { file, only: ["BK-11", "BK-24"] });
    server.close();
    expect(found).toEqual({ "BK-11": "pass", "BK-24": "pass" });
  });

  it("a provision that restores is judged as far as it can be", async () => {
    const cloud = new ToyCloud();
    const toy = toyOptions(cloud, { backups: null });
    const fetch = asFetch(restoringByParameter(cloud, createToyBroker(cloud, { backups: null })));
    const found = await judge(
      cloud,
      {},
      { ...toy, fetch, file: "backup: { driver: provision-parameter }", only: ["BK-10"] },
    );
    expect(found["BK-10"]).toMatch(/^not-applicable: the interface "provision-parameter/);
  });
});
