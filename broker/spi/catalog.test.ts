import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { catalogOf, chooseCatalog, parametersOf } from "./catalog.ts";
import { credentialsOf, endpointsOf } from "./credentials.ts";
import { firstMaintenance } from "./maintenance.ts";
import { mayBecome, SIZES } from "./services/service.ts";
import { serviceOf, SERVICE_NAMES, type ServiceName } from "./services/services.ts";

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly plans: readonly { readonly id: string; readonly name: string; readonly schemas: object }[];
}

const listServices = (kind: ServiceName, config = {}): readonly Listed[] => {
  const service = serviceOf(kind);
  const { services } = catalogOf(service, chooseCatalog(service, firstMaintenance(kind), config)) as {
    services: readonly Listed[];
  };
  return services;
};

const SHAPES = ["", "-ssl"].flatMap((tls) =>
  SIZES.flatMap((size) => [`single-${size}${tls}`, `replica-${size}${tls}`, `cluster-${size}${tls}`]),
);

describe("the catalog", () => {
  it.each(SERVICE_NAMES)("offers %s alone and replicated, in four sizes, with and without TLS", (kind) => {
    const [service, ...others] = listServices(kind);
    expect(others).toEqual([]);
    expect(service?.plans).toHaveLength(16);
    const { topology } = serviceOf(kind);
    const wanted = SHAPES.filter((shape) => shape.startsWith("single") || shape.startsWith(topology));
    expect(new Set(service?.plans.map(({ name }) => name))).toEqual(new Set(wanted.map((shape) => `${kind}-${shape}`)));
    const parameters = JSON.stringify(parametersOf(serviceOf(kind), "create"));
    expect(JSON.stringify(service?.plans[0]?.schemas)).toContain(parameters);
  });

  it("keeps the four plans of the oldest catalog first, under their names and ids", () => {
    const [service] = listServices("postgresql");
    expect(service?.id).toBe("5d3b1c10-0000-4000-8000-000000000000");
    expect(service?.plans.slice(0, 4).map(({ id, name }) => [id, name])).toEqual([
      ["5d3b1c10-0000-4000-8000-000000000000", "postgresql-single-small"],
      ["5d3b1c10-0000-4000-8000-000000000001", "postgresql-single-big"],
      ["5d3b1c10-0000-4000-8000-000000000010", "postgresql-replica-small"],
      ["5d3b1c10-0000-4000-8000-000000000011", "postgresql-replica-big"],
    ]);
  });

  it("offers each version of an engine as a service of its own", () => {
    const services = listServices("postgresql", { versions: ["15", "18"], plans: ["postgresql-single-nano"] });
    expect(services.map(({ name, plans }) => [name, plans.map((plan) => plan.name)])).toEqual([
      ["a9s-postgresql18", ["postgresql-single-nano"]],
      ["a9s-postgresql15", ["postgresql-single-nano"]],
    ]);
  });

  it("refuses to offer something that does not exist, or nothing", () => {
    for (const config of [{ versions: ["9"] }, { plans: ["postgresql-single-huge"] }, { plans: [] }, { versions: [] }])
      expect(() => listServices("postgresql", config)).toThrow(RangeError);
  });

  it("never offers an id twice", () => {
    const ids = SERVICE_NAMES.map(serviceOf).flatMap(({ offerings, plans }) => [
      ...offerings.map(({ id }) => `service ${id}`),
      ...plans.map(({ id }) => id),
    ]);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

const { plans } = serviceOf("postgresql");
const plan = fc.constantFrom(...plans);

describe("a change of plan", () => {
  test.prop([plan, plan])("grows, gets replicas, or changes nothing", (from, to) => {
    const shrinks = SIZES.indexOf(to.size) < SIZES.indexOf(from.size) || to.nodes < from.nodes;
    const isOther = from.isTls !== to.isTls || from.offeringId !== to.offeringId;
    expect(mayBecome(from, to)).toBe(!shrinks && !isOther);
  });

  test.prop([plan, plan, plan])("leads only where a single change could have led", (from, via, to) => {
    if (mayBecome(from, via) && mayBecome(via, to)) expect(mayBecome(from, to)).toBe(true);
    if (mayBecome(from, to) && mayBecome(to, from)) expect(from).toBe(to);
  });
});

describe("the credentials of a binding", () => {
  const login = { username: "user", password: "secret" };
  const place = (kind: ServiceName) => {
    const service = serviceOf(kind);
    return { service, domain: "dc1.consul", instance: { deployment: "d1", plan_id: service.plans[2]?.id ?? "" } };
  };

  it.each(SERVICE_NAMES)("lead to the primary of %s by name", (kind) => {
    const { service } = place(kind);
    const credentials = credentialsOf(place(kind), login) as { host: string; uri: string; hosts: string[] };
    const port = kind === "mongodb" ? `:${service.port}` : "";
    expect(credentials.hosts).toEqual([0, 1, 2].map((at) => `d1-${service.role}-${at}.node.dc1.consul${port}`));
    expect(new URL(credentials.uri)).toMatchObject({
      username: "user",
      password: "secret",
      hostname: credentials.host,
      port: String(service.port),
      pathname: kind === "redis" ? "/0" : "/d1",
    });
    const endpoints = endpointsOf(place(kind)) as readonly { host: string; ports: readonly string[] }[];
    const names = [0, 1, 2].map((at) => `d1-${service.role}-${at}.node.dc1.consul`);
    expect(endpoints.map(({ host }) => host)).toEqual([credentials.host, ...names]);
    expect(endpoints.every(({ ports }) => ports.join() === String(service.port))).toBe(true);
  });

  it.each(SERVICE_NAMES)("name the authority of %s if it speaks TLS", (kind) => {
    expect(credentialsOf(place(kind), { ...login, cacrt: "PEM" })).toMatchObject({ cacrt: "PEM" });
    expect(credentialsOf(place(kind), login)).not.toHaveProperty("cacrt");
  });

  it("have the documented keys", () => {
    const keys = (kind: ServiceName) => Object.keys(credentialsOf(place(kind), login)).toSorted();
    expect(keys("postgresql")).toEqual(["host", "hosts", "name", "password", "port", "uri", "username"]);
    expect(keys("redis")).toEqual(["host", "hosts", "password", "port", "uri", "username", "valkey"]);
    expect(keys("mongodb")).toEqual([
      "default_database",
      "host",
      "hosts",
      "name",
      "password",
      "port",
      "uri",
      "username",
    ]);
    expect(keys("rabbitmq")).toEqual([
      "host",
      "hosts",
      "http_api_uri",
      "password",
      "port",
      "protocols",
      "uri",
      "username",
    ]);
    expect(keys("mariadb")).toEqual(["host", "hosts", "name", "password", "port", "uri", "username"]);
  });
});
