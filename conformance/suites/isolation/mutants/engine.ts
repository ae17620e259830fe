import type { TableRows } from "../../../data/statement.ts";
import { type Behaviour, RIGHT } from "../../toy/behaviour.ts";
import { neighboursOf } from "../../toy/cloud.ts";
import { type DataMutant, dataMutant as mutant } from "../../toy/mutants.ts";

/** Answers some statements differently from a sound server. */
const answering = (pattern: RegExp, rows: TableRows): Partial<Behaviour> => ({
  native: (text, ...rest) => (pattern.test(text) ? rows : RIGHT.native(text, ...rest)),
});

/** Things that database servers wrongly let tenants do. */
export const ENGINE_MUTANTS: readonly DataMutant[] = [
  mutant(
    "IS-32",
    "tenant-is-superuser",
    "A tenant's role is a superuser.",
    answering(/SELECT rolsuper::text FROM pg_roles WHERE/, [["t"]]),
  ),
  mutant(
    "IS-32",
    "tenant-reads-server-files",
    "A tenant's role is a member of one that reads files of the server.",
    answering(/read_server_files/, [["pg_read_server_files"]]),
  ),
  mutant("IS-33", "copy-runs-programs", "COPY runs programs on the host.", answering(/TO PROGRAM/, [])),
  mutant(
    "IS-33",
    "large-objects-read-files",
    "Large objects are read out of files of the host.",
    answering(/lo_import/, [["16384"]]),
  ),
  mutant(
    "IS-34",
    "owners-are-given-away",
    "A tenant gives its table to the superuser, and the index runs as the superuser.",
    answering(/OWNER TO postgres/, []),
  ),
  mutant(
    "IS-34",
    "server-settings-are-anybodys",
    "A tenant changes settings of the server.",
    answering(/ALTER SYSTEM/, []),
  ),
  mutant(
    "IS-35",
    "loopback-is-trusted",
    "Connections from the server's own address need no password.",
    answering(/dblink\('host=127/, [["1"]]),
  ),
  mutant(
    "IS-35",
    "replication-is-anybodys",
    "A tenant creates a replication slot.",
    answering(/pg_create_physical_replication_slot/, [["(drydock_slot,)"]]),
  ),
  mutant(
    "IS-64",
    "restores-as-the-superuser",
    "A restore runs as the superuser, with what the tenant has put into its dump.",
    {
      restore: (instance, dump, cloud) => {
        RIGHT.restore(instance, dump, cloud);
        if (instance.ran.length > 0) instance.ran.push(["postgres", "true"]);
      },
    },
  ),
  mutant("IS-36", "catalog-shows-everybody", "The list of databases shows those of other tenants.", {
    native: (text, username, instance, cloud) =>
      /FROM pg_database/.test(text)
        ? neighboursOf(cloud, instance).map(({ database }) => [database])
        : RIGHT.native(text, username, instance, cloud),
  }),
  ofRedis("redis-settings-are-anybodys", "A tenant of Redis changes settings of the server.", /^CONFIG SET/),
  ofRedis("redis-users-are-anybodys", "A tenant of Redis creates users.", /^ACL SETUSER/),
  ofRedis("redis-follows-anybody", "A tenant of Redis makes the server follow another one.", /^REPLICAOF 127/),
];

function ofRedis(id: string, description: string, pattern: RegExp): DataMutant {
  return { ...mutant("IS-38", id, description, answering(pattern, [["OK"]])), scheme: "redis" };
}
