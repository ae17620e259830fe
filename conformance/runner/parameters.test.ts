import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Offer } from "../client/catalog.ts";
import { EMPTY_FILE } from "../settings/file.ts";
import { parametersFor } from "./parameters.ts";

const plan = { id: "p1", name: "small", raw: {} };
const offer: Offer = { service: { id: "s1", name: "db", raw: {}, plans: [plan] }, plan };

describe("the parameters of a request", () => {
  it("are those of the service's name before its id, and of any service last; of plans alike", () => {
    const services = fc.subarray(["db", "s1", "*"]);
    const names = fc.subarray(["small", "p1", "*"]);
    fc.assert(
      fc.property(services, names, (given, plansGiven) => {
        const byPlan = (service: string) =>
          Object.fromEntries(plansGiven.map((name) => [name, { bind: { from: `${service}.${name}` } }]));
        const parameters = Object.fromEntries(given.map((service) => [service, byPlan(service)]));
        const found = parametersFor({ ...EMPTY_FILE, parameters }, offer, "bind");
        const [service, name] = [given[0], plansGiven[0]];
        expect(found).toEqual(service === undefined || name === undefined ? undefined : { from: `${service}.${name}` });
      }),
    );
  });

  it("are none for a service or plan that is called like a member of every object", () => {
    const odd = { ...offer, service: { ...offer.service, name: "constructor", id: "__proto__" } };
    expect(parametersFor(EMPTY_FILE, odd, "provision")).toBeUndefined();
  });
});
