import { endSessions, RIGHT, TOY_PORT, type ToyInstance } from "../../toy/behaviour.ts";
import { neighboursOf, TOY_AGENT_PORT, TOY_SSH_PORT } from "../../toy/cloud.ts";
import { anywhere, findingAnywhere, harming, owning, outliving, reaching, openingOnce } from "./leaks.ts";
import { type DataMutant, dataMutant as mutant } from "../../toy/mutants.ts";

const BINDING = "IS-06";
const LOGIN = "IS-25";
const CLOSED = "IS-43";
const REUSE = "IS-07";
const UNIQUE = "IS-22";
const REVOKED = "IS-24";
const REPROVISIONED = "IS-26";
const DEFAULTS = "IS-27";
const BACKUP = "IS-59";
const LISTING = "IS-60";
const NEIGHBOUR = "IS-48";

const opens = (instance: ToyInstance): void => void instance.admitted.add("application");

/** What brokers and networks do wrong between tenants. */
export const TENANT_MUTANTS: readonly DataMutant[] = [
  mutant(
    "foreign-binding-is-fetched",
    BINDING,
    "A binding is fetched by its id alone: another instance's path gives its credentials away.",
    findingAnywhere("fetch"),
  ),
  mutant(
    "foreign-binding-is-polled",
    BINDING,
    "The state of a binding is answered through another instance's path.",
    findingAnywhere("poll"),
  ),
  mutant(
    "foreign-binding-is-removed",
    BINDING,
    "A binding is removed by its id alone, through another instance's path.",
    findingAnywhere("unbind"),
  ),
  mutant(
    "foreign-unbind-revokes",
    BINDING,
    "The removal through another instance's path is refused, but the user of the binding is dropped before that is noticed.",
    harming(({ users }, { username }) => users.delete(username)),
    [REUSE],
  ),
  mutant(
    "foreign-unbind-forgets",
    BINDING,
    "The removal through another instance's path is refused, but the record of the binding is gone.",
    harming(({ bindings }, { id }) => bindings.delete(id)),
    [REUSE],
  ),
  mutant("users-everywhere", LOGIN, "A user is created at every instance, with the same password.", {
    onBind: (instance, binding, cloud) => {
      RIGHT.onBind(instance, binding, cloud);
      for (const { users } of neighboursOf(cloud, instance)) users.set(binding.username, binding.password);
    },
  }),
  mutant(
    "passwords-are-not-looked-at",
    LOGIN,
    "A database lets in whoever knows its name.",
    {
      admits: ({ database }, login) => login.database === database,
    },
    [REVOKED, REPROVISIONED, DEFAULTS, "IS-65"],
  ),
  mutant(
    "one-directory-of-users",
    LOGIN,
    "All databases ask one directory that knows every user of every instance.",
    {
      admits: (_instance, login, cloud) =>
        [...cloud.instances.values()].some(({ users }) => users.get(login.username) === login.password),
    },
    ["IS-65"],
  ),
  mutant(
    "binding-ids-are-global",
    REUSE,
    "Who binds under the id of a binding that exists is given that one, whatever instance it is of.",
    {
      find: (operation, instance, id, cloud) =>
        operation === "bind" ? anywhere(cloud, id) : instance.bindings.get(id),
    },
  ),
  mutant("binding-moves", REUSE, "Who binds under the id of another instance's binding takes it away from there.", {
    onBind: (instance, binding, cloud) => {
      RIGHT.onBind(instance, binding, cloud);
      for (const each of neighboursOf(cloud, instance)) each.bindings.delete(binding.id);
    },
  }),
  mutant(
    "one-password-for-all",
    UNIQUE,
    "All bindings of all instances have one password.",
    {
      mint: (_instance, _id, serial) => ({ username: `u${serial}`, password: "secret-of-all" }),
    },
    [REUSE, "IS-23"],
  ),
  mutant(
    "one-login-for-each-instance",
    UNIQUE,
    "All bindings of an instance are given the same login.",
    {
      mint: ({ database }) => ({ username: `u${database}`, password: `secret-${database}` }),
    },
    [REVOKED, "IS-23"],
  ),
  mutant("unbind-keeps-the-user", REVOKED, "The user of a binding outlives it.", {
    onUnbind: (instance, { id, username }) => {
      instance.bindings.delete(id);
      endSessions(instance, username);
      if (instance.bindings.size === 0) instance.admitted.clear();
    },
  }),
  mutant("unbind-keeps-sessions", REVOKED, "The sessions of a binding outlive it.", {
    onUnbind: (instance, { id, username }) => {
      instance.bindings.delete(id);
      instance.users.delete(username);
      if (instance.bindings.size === 0) instance.admitted.clear();
    },
  }),
  mutant(
    "secrets-made-of-ids",
    REPROVISIONED,
    "User and password are made of the ids of instance and binding.",
    {
      mint: (instance, id) => ({ username: `u${id.slice(-6)}`, password: `secret-${instance.id}-${id}` }),
    },
    ["IS-23"],
  ),
  mutant(
    "users-outlive-instances",
    REPROVISIONED,
    "The users of an instance that was removed are there again when its id is.",
    outliving(),
  ),
  mutant("default-account", DEFAULTS, "Every database has an account that everybody knows.", {
    admits: (instance, login, cloud) =>
      RIGHT.admits(instance, login, cloud) || (login.username === "postgres" && login.password === "postgres"),
  }),
  mutant("blank-passwords", DEFAULTS, "A login without a password is let in.", {
    admits: (instance, login, cloud) =>
      RIGHT.admits(instance, login, cloud) || (instance.users.has(login.username) && login.password === ""),
  }),
  mutant(
    "foreign-backup-is-fetched",
    BACKUP,
    "A backup is fetched by its id alone, through another instance's path.",
    owning("get"),
  ),
  mutant(
    "foreign-backup-is-restored",
    BACKUP,
    "A backup is restored by its id alone, into another instance.",
    owning("restore"),
  ),
  mutant(
    "foreign-backup-is-removed",
    BACKUP,
    "A backup is removed by its id alone, through another instance's path.",
    owning("delete"),
  ),
  mutant(
    "backups-listed-to-all",
    LISTING,
    "The list of an instance's backups holds all backups of all instances.",
    owning("list"),
  ),
  mutant(
    "open-from-the-start",
    CLOSED,
    "An instance can be reached as soon as it is provisioned; unbinding closes it.",
    {
      onProvision: opens,
    },
    ["IS-46"],
  ),
  mutant(
    "never-closed",
    CLOSED,
    "An instance that was bound once can be reached for good.",
    {
      onUnbind: (instance, { id, username }) => {
        instance.bindings.delete(id);
        instance.users.delete(username);
        endSessions(instance, username);
      },
    },
    ["IS-47"],
  ),
  mutant(
    "open-to-everybody",
    CLOSED,
    "A binding opens its instance to every network.",
    {
      onBind: (instance, binding, cloud) => {
        RIGHT.onBind(instance, binding, cloud);
        instance.admitted.add("outsider");
      },
    },
    ["IS-10"],
  ),
  mutant(
    "service-network-is-let-in",
    [CLOSED, NEIGHBOUR],
    "The group of all instances lets in the network that they are in, at every port.",
    reaching((_instance, _port, from) => from === "tenant"),
  ),
  mutant(
    "cluster-port-is-everybodys",
    [CLOSED, NEIGHBOUR],
    "The service's port is open to whoever carries the group of all instances, for replication.",
    reaching((_instance, port, from) => from === "tenant" && port === TOY_PORT),
  ),
  mutant(
    "agent-is-open-to-tenants",
    NEIGHBOUR,
    "The agent of an instance can be reached from every other one.",
    reaching((_instance, port, from) => from === "tenant" && port === TOY_AGENT_PORT),
  ),
  mutant(
    "login-to-vms-is-open-to-tenants",
    NEIGHBOUR,
    "SSH of an instance's VM can be reached from every other one.",
    reaching((_instance, port, from) => from === "tenant" && port === TOY_SSH_PORT),
  ),
  mutant(
    "open-to-tenants-while-bound",
    [CLOSED, NEIGHBOUR],
    "A binding opens its instance to the VMs of other tenants as well.",
    reaching(({ bindings }, port, from) => from === "tenant" && port === TOY_PORT && bindings.size > 0),
  ),
  mutant(
    "way-is-not-made-again",
    CLOSED,
    "A rule that could not be made is taken for one that is there: who binds an instance again gets a success and is not let in.",
    openingOnce(),
  ),
];
