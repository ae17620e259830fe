import type { TableRows } from "../../../data/statement.ts";
import { RIGHT } from "../../toy/behaviour.ts";
import { TOY_ERLANG_PORT } from "../../toy/cloud.ts";
import { type DataMutant, dataMutant } from "../../toy/mutants.ts";
import { reaching } from "./leaks.ts";

type Engine = "mysql" | "mongodb" | "amqp" | "elasticsearch";
const CHECKS: Readonly<Record<Engine, string>> = {
  mysql: "IS-37",
  mongodb: "IS-39",
  amqp: "IS-40",
  elasticsearch: "IS-41",
};

/** A server of an engine that answers one statement wrongly. */
function answering(
  scheme: Engine,
  id: string,
  description: string,
  pattern: RegExp,
  rows: TableRows = [["OK"]],
): DataMutant {
  return of(scheme, id, description, {
    native: (text, ...rest) => (pattern.test(text) ? rows : RIGHT.native(text, ...rest)),
  });
}

function of(scheme: Engine, id: string, description: string, changes: DataMutant["changes"]): DataMutant {
  return { ...dataMutant(CHECKS[scheme], id, description, changes), scheme };
}

const NO_LOGIN = /^admin \{"(create|drop)User"/;

/** Things that servers of engines other than PostgreSQL and Redis wrongly let tenants do. */
export const OTHER_ENGINE_MUTANTS: readonly DataMutant[] = [
  answering("mysql", "mysql-user-may-read-files", "A tenant of MySQL has the privilege FILE.", /^SHOW GRANTS/, [
    ["GRANT FILE, PROCESS ON *.* TO `u1`@`%`"],
  ]),
  answering("mysql", "mysql-writes-files", "A tenant of MySQL writes files on the host.", /INTO OUTFILE/, []),
  answering("mysql", "mysql-asks-clients-for-files", "The server may ask clients for files.", /local_infile/, [
    ["local_infile", "ON"],
  ]),
  answering(
    "mysql",
    "mysql-shows-everybody",
    "A tenant of MySQL sees the databases of others.",
    /information_schema\.schemata/,
    [["d0000001"], ["d0000002"], ["d0000003"]],
  ),
  answering("mongodb", "mongodb-user-is-everywhere", "A tenant of MongoDB reads every database.", /connectionStatus/, [
    ['{"authInfo":{"authenticatedUserRoles":[{"role":"readAnyDatabase","db":"admin"}]}}'],
  ]),
  answering("mongodb", "mongodb-oplog-is-anybodys", "A tenant of MongoDB reads the log of all changes.", /oplog\.rs/),
  answering(
    "mongodb",
    "mongodb-users-are-anybodys",
    "A tenant of MongoDB creates administrators.",
    /^admin \{"createUser"/,
  ),
  of(
    "mongodb",
    "mongodb-exception-during-restore",
    "While a restore runs there is no user, and the first to come from the VM itself becomes administrator.",
    {
      admits: (instance, login, cloud) =>
        RIGHT.admits(instance, login, cloud) ||
        (login.username === "" && cloud.vault.running(instance.id)?.kind === "restore"),
      native: (text, username, ...rest) =>
        username === "" && NO_LOGIN.test(text) ? [["1"]] : RIGHT.native(text, username, ...rest),
    },
  ),
  answering(
    "amqp",
    "rabbitmq-shows-every-host",
    "A tenant of RabbitMQ lists the virtual hosts of others.",
    /^GET \/api\/vhosts/,
    [["d0000001"], ["d0000002"], ["d0000003"]],
  ),
  answering(
    "amqp",
    "rabbitmq-default-host-is-open",
    "A tenant of RabbitMQ opens the default virtual host.",
    /^OPEN \/$/,
  ),
  answering("amqp", "rabbitmq-tenant-administers", "A tenant of RabbitMQ creates users.", /^PUT \/api\/users/),
  of(
    "amqp",
    "erlang-port-is-open",
    "The port mapper of Erlang answers applications.",
    reaching((_instance, port, from) => port === TOY_ERLANG_PORT && from === "application"),
  ),
  answering(
    "elasticsearch",
    "search-shows-every-index",
    "A tenant of search lists the indexes of others.",
    /^GET \/_cat/,
    [["orders-of-somebody"]],
  ),
  answering(
    "elasticsearch",
    "search-writes-snapshots-anywhere",
    "A tenant of search names a repository on the host.",
    /^PUT \/_snapshot.*"fs"/,
  ),
  answering(
    "elasticsearch",
    "search-shows-nodes",
    "A tenant of search sees the nodes with their paths.",
    /^GET \/_nodes/,
    [["/var/vcap/data"]],
  ),
];
