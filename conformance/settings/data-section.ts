import { isIP } from "node:net";
import Type from "typebox";
import { Checked, HttpUrl, MappingOf, Section, Text, type Words } from "./vocabulary.ts";

/** As in `data/engines.ts`, which is in a room above this one. */
const ENGINES = ["postgresql", "redis", "mongodb", "mysql", "rabbitmq", "search"] as const;

/** Checks that run only if they are named. */
const DANGEROUS = ["IS-42", "IS-52"] as const;

/** In place of an address of another tenant's VM: the address of the instance itself. */
const OWN_ADDRESS = "instance";

const isAddress = (text: string): boolean => isIP(text) !== 0;

function isServer(text: string): boolean {
  const [, host = "", port = "53"] = /^\[?([\da-f.:]+?)\]?(?::(\d{1,5}))?$/i.exec(text) ?? [];
  return isAddress(host) && Number(port) <= 65_535;
}

const LocalAddress = (description: string, examples: readonly string[], more: Partial<Words> = {}) =>
  Checked(isAddress, { description, expected: "an IP address of this machine", examples, ...more });

const CredentialMap = Type.Object(
  {
    client: Type.Optional(
      Type.Enum(ENGINES, {
        description: "The engine of the service, whatever its credentials look like.",
        expected: `one of ${ENGINES.join(", ")}`,
        examples: ["postgresql"],
      }),
    ),
    uri: Text({ description: "Path of the whole login as a URI.", examples: ["uri"] }),
    host: Text({ description: "Path of the host name.", examples: ["hosts.0"] }),
    port: Text({ description: "Path of the port.", examples: ["port"] }),
    username: Text({ description: "Path of the user name.", examples: ["user"] }),
    password: Text({ description: "Path of the password.", examples: ["secrets.password"] }),
    database: Text({ description: "Path of the database's name.", examples: ["db_name"] }),
    ca: Text({
      description: "Path of the PEM of the authority that signed the server's certificate.",
      examples: ["ca"],
    }),
  },
  { additionalProperties: false, expected: "a mapping", description: "Paths into the credentials of a service." },
);

/** The section `data`. */
export const DataSection = Section(
  {
    dns: Checked(isServer, {
      description:
        "DNS server that resolves the host names of bindings; the system's resolver answers what it does not know.",
      fallback: "the system's resolver",
      expected: "an address of a DNS server, such as 127.0.0.1:8600",
      examples: ["127.0.0.1:8600"],
    }),
    source: LocalAddress("Local address of an application, which bindings admit.", ["10.0.0.5"], {
      fallback: "what the system chooses",
    }),
    outsider: LocalAddress("Local address that no binding admits.", ["10.0.0.6"], {
      fallback: "none: nobody tries from there",
    }),
    tenant: Checked((text) => text === OWN_ADDRESS || isAddress(text), {
      description: "Local address of another tenant's VM; `instance` where this machine has those of all VMs.",
      fallback: "none: nobody tries from there",
      expected: "an IP address of this machine, or instance",
      examples: ["10.0.1.7", OWN_ADDRESS],
    }),
    ports: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1, maximum: 65_535 }), {
        description: "Ports of an instance's VM that the platform keeps for itself, as those of its agents.",
        expected: "a list of port numbers, from 1 to 65535",
        examples: [[3100]],
      }),
    ),
    management: Type.Optional(
      Type.Array(
        Type.String({ pattern: "^[^:\\s]+:\\d{1,5}$", expected: "a host and a port, such as 10.0.0.6:25555" }),
        {
          description: "The platform's own hosts and ports that no tenant may reach; nothing else is tried.",
          expected: "a list of hosts with ports",
          examples: [["10.0.0.6:25555"]],
        },
      ),
    ),
    exec: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        description:
          "A program that speaks to engines without a client of our own (conformance/data/README.md): started for each session, a line of JSON for each step.",
        expected: "a list of texts",
        examples: [["./speak.py"]],
      }),
    ),
    registry: HttpUrl({
      description: "The registry of names, such as Consul, which tenants may neither list nor write to.",
      examples: ["http://10.0.0.7:8500"],
    }),
    dangerous: Type.Optional(
      Type.Array(Type.Enum(DANGEROUS, { expected: `one of ${DANGEROUS.join(", ")}` }), {
        description:
          "The checks that may burden others and run only if they are named: IS-42 fills connections and disks of one instance, IS-52 tries names.",
        expected: `a list of ${DANGEROUS.join(", ")}`,
        examples: [["IS-42"]],
      }),
    ),
    credentials: MappingOf("SERVICE", CredentialMap, {
      description:
        "Where a login lies in the credentials of a service, by its name or id (`*` stands for any): paths such as `hosts.0`.",
      fallback: "the usual names",
      examples: [{ "my-db": { host: "hosts.0", database: "db_name" } }],
    }),
  },
  { description: "How the data services behind the broker are reached." },
);
