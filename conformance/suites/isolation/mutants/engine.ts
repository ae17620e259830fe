import type { TableRows } from "../../../data/statement.ts";
import { type Behaviour, RIGHT } from "../../toy/behaviour.ts";
import { neighboursOf } from "../../toy/cloud.ts";
import { type DataMutant, dataMutant as mutant } from "../../toy/mutants.ts";

/** Answers statements of a kind otherwise than a sound server does. */
const answering = (pattern: RegExp, rows: TableRows): Partial<Behaviour> => ({
  native: (text, ...rest) => (pattern.test(text) ? rows : RIGHT.native(text, ...rest)),
});

/** What database servers let tenants do. */
export const ENGINE_MUTANTS: readonly DataMutant[] = [
  mutant(
    "tenant-is-superuser",
    "IS-32",
    "The role of a tenant is a superuser.",
    answering(/SELECT rolsuper::text FROM pg_roles WHERE/, [["t"]]),
  ),
  mutant(
    "tenant-reads-server-files",
    "IS-32",
    "The role of a tenant is a member of one that reads files of the server.",
    answering(/read_server_files/, [["pg_read_server_files"]]),
  ),
  mutant("copy-runs-programs", "IS-33", "COPY runs programs on the host.", answering(/TO PROGRAM/, [])),
  mutant(
    "large-objects-read-files",
    "IS-33",
    "Large objects are read out of files of the host.",
    answering(/lo_import/, [["16384"]]),
  ),
  mutant(
    "owners-are-given-away",
    "IS-34",
    "A tenant gives its table to the superuser, and the index runs as the superuser.",
    answering(/OWNER TO postgres/, []),
  ),
  mutant(
    "server-settings-are-anybodys",
    "IS-34",
    "A tenant changes settings of the server.",
    answering(/ALTER SYSTEM/, []),
  ),
  mutant(
    "loopback-is-trusted",
    "IS-35",
    "From the server's own address nobody is asked for a password.",
    answering(/dblink\('host=127/, [["1"]]),
  ),
  mutant(
    "replication-is-anybodys",
    "IS-35",
    "A tenant makes a replication slot.",
    answering(/pg_create_physical_replication_slot/, [["(drydock_slot,)"]]),
  ),
  mutant(
    "restores-as-the-superuser",
    "IS-64",
    "A restore runs as the superuser, with what the tenant has put into its dump.",
    {
      restore: (instance, dump, cloud) => {
        RIGHT.restore(instance, dump, cloud);
        if (instance.ran.length > 0) instance.ran.push(["postgres", "true"]);
      },
    },
  ),
  mutant("catalog-shows-everybody", "IS-36", "The list of databases shows those of other tenants.", {
    native: (text, username, instance, cloud) =>
      /FROM pg_database/.test(text)
        ? neighboursOf(cloud, instance).map(({ database }) => [database])
        : RIGHT.native(text, username, instance, cloud),
  }),
  ofRedis("redis-settings-are-anybodys", "A tenant of Redis changes settings of the server.", /^CONFIG SET/),
  ofRedis("redis-users-are-anybodys", "A tenant of Redis makes users.", /^ACL SETUSER/),
  ofRedis("redis-follows-anybody", "A tenant of Redis makes the server follow another one.", /^REPLICAOF 127/),
];

function ofRedis(id: string, description: string, pattern: RegExp): DataMutant {
  return { ...mutant(id, "IS-38", description, answering(pattern, [["OK"]])), scheme: "redis" };
}
