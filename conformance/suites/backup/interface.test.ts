import { describe, expect, it } from "vitest";
import { parseDrydockFile } from "../../settings/drydock-file.ts";
import { DRIVERS } from "./drivers.ts";
import { interfaceFor } from "./interface.ts";

describe("the interface of backups that drydock.yml describes", () => {
  it("starts from a driver and changes what is named", () => {
    const { backup = {} } = parseDrydockFile(`
backup:
  url: https://backups.example.com/
  headers: { Authorization: Basic abc }
  create: { method: POST, path: /backups, body: { instance_guid: "{instance}" }, id: guid }
  getRestore: GET /restores/{restore}
  id: backup_id
  states: { Fertig: succeeded }
`);
    expect(interfaceFor(backup)).toEqual({
      ...DRIVERS.a9s,
      name: "a9s (drydock.yml)",
      url: "https://backups.example.com",
      headers: { Authorization: "Basic abc" },
      create: { method: "POST", path: "/backups", body: { instance_guid: "{instance}" }, id: ["guid"] },
      getRestore: { method: "GET", path: "/restores/{restore}" },
      id: ["backup_id"],
      states: { ...DRIVERS.a9s.states, fertig: "succeeded" },
    });
  });

  it("is that of the driver by default", () => {
    for (const driver of ["extension", "a9s", "a9s-v1", "swisscom"] as const)
      expect(interfaceFor({ driver })).toEqual({ ...DRIVERS[driver], name: `${driver} (drydock.yml)` });
  });

  it("accepts a request as a line or in parts", () => {
    const line = interfaceFor({ get: "GET /b/{backup}" });
    expect(interfaceFor({ get: { method: "GET", path: "/b/{backup}" } })).toEqual(line);
  });
});
