import { describe, expect, it } from "vitest";
import { parseDrydockFile } from "../settings/drydock-file.ts";
import { unknownNames } from "./unknown-names.ts";

describe("names that the catalog has not", () => {
  const plan = { id: "p1", name: "small", raw: {} };
  const services = [{ id: "s1", name: "my-db", raw: {}, plans: [plan] }];

  it("are noted, with those that may be meant", () => {
    const file = parseDrydockFile(`
      parameters: { my-bd: { small: {} }, my-db: { smal: {}, p1: {} }, "*": { large: {} } }
      data: { credentials: { mydb: { host: host } } }`);
    expect(unknownNames(file, services)).toEqual([
      "drydock.yml: parameters.my-bd: the catalog has no such service; nearest: my-db",
      "drydock.yml: parameters.my-db.smal: the catalog has no such plan; nearest: small",
      "drydock.yml: parameters.*.large: the catalog has no such plan",
      "drydock.yml: data.credentials.mydb: the catalog has no such service; nearest: my-db",
    ]);
  });
});
