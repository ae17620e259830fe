import { endSessions, RIGHT, TOY_PORT, type ToyInstance } from "../../toy/behaviour.ts";
import { neighboursOf, TOY_AGENT_PORT, TOY_SSH_PORT } from "../../toy/cloud.ts";
import { anywhere, findingAnywhere, harming, owning, outliving, reaching } from "./leaks.ts";
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
const SHARE = "IS-21";
const GUESSED = "IS-52";

const opens = (instance: ToyInstance): void => void instance.admitted.add("application");

/** Mistakes of brokers and networks between tenants. */
export const TENANT_MUTANTS: readonly DataMutant[] = [
  mutant(
    BINDING,
    "foreign-binding-is-fetched",
    "A binding is fetched by its id alone: another instance's path gives its credentials away.",
    findingAnywhere("fetch"),
  ),
  mutant(
    BINDING,
    "foreign-binding-is-polled",
    "The state of a binding is answered through another instance's path.",
    findingAnywhere("poll"),
  ),
  mutant(
    BINDING,
    "foreign-binding-is-removed",
    "A binding is removed by its id alone, through another instance's path.",
    findingAnywhere("unbind"),
  ),
  mutant(
    BINDING,
    "foreign-unbind-revokes",
    "The removal through another instance's path is refused, but the user of the binding is dropped before that is noticed.",
    harming(({ users }, { username }) => users.delete(username)),
    [REUSE],
  ),
  mutant(
    BINDING,
    "foreign-unbind-forgets",
    "The removal through another instance's path is refused, but the record of the binding is gone.",
    harming(({ bindings }, { id }) => bindings.delete(id)),
    [REUSE],
  ),
  mutant(LOGIN, "users-everywhere", "A user is created at every instance, with the same password.", {
    onBind: (instance, binding, cloud) => {
      RIGHT.onBind(instance, binding, cloud);
      for (const { users } of neighboursOf(cloud, instance)) users.set(binding.username, binding.password);
    },
  }),
  mutant(
    LOGIN,
    "passwords-are-not-looked-at",
    "A database admits anybody who knows its name.",
    {
      admits: ({ database }, login) => login.database === database,
    },
    [REVOKED, REPROVISIONED, DEFAULTS, SHARE, "IS-65"],
  ),
  mutant(
    LOGIN,
    "one-directory-of-users",
    "All databases ask one directory that knows every user of every instance.",
    {
      admits: (_instance, login, cloud) =>
        [...cloud.instances.values()].some(({ users }) => users.get(login.username) === login.password),
    },
    ["IS-65"],
  ),
  mutant(
    REUSE,
    "binding-ids-are-global",
    "A bind under the id of an existing binding is answered with that one, whatever its instance.",
    {
      find: (operation, instance, id, cloud) =>
        operation === "bind" ? anywhere(cloud, id) : instance.bindings.get(id),
    },
  ),
  mutant(REUSE, "binding-moves", "A bind under the id of another instance's binding takes it away from there.", {
    onBind: (instance, binding, cloud) => {
      RIGHT.onBind(instance, binding, cloud);
      for (const each of neighboursOf(cloud, instance)) each.bindings.delete(binding.id);
    },
  }),
  mutant(
    UNIQUE,
    "one-password-for-all",
    "All bindings of all instances have one password.",
    {
      mint: (_instance, _id, serial) => ({ username: `u${serial}`, password: "secret-of-all" }),
    },
    [REUSE, "IS-23"],
  ),
  mutant(
    UNIQUE,
    "one-login-for-each-instance",
    "All bindings of an instance are given the same login.",
    {
      mint: ({ database }) => ({ username: `u${database}`, password: `secret-${database}` }),
    },
    [REVOKED, SHARE, "IS-23"],
  ),
  mutant(
    REVOKED,
    "unbind-keeps-the-user",
    "The user of a binding outlives it.",
    {
      onUnbind: (instance, { id, username }) => {
        instance.bindings.delete(id);
        endSessions(instance, username);
        if (instance.bindings.size === 0) instance.admitted.clear();
      },
    },
    [SHARE],
  ),
  mutant(REVOKED, "unbind-keeps-sessions", "The sessions of a binding outlive it.", {
    onUnbind: (instance, { id, username }) => {
      instance.bindings.delete(id);
      instance.users.delete(username);
      if (instance.bindings.size === 0) instance.admitted.clear();
    },
  }),
  mutant(
    REPROVISIONED,
    "secrets-made-of-ids",
    "User and password are derived from the ids of instance and binding.",
    {
      mint: (instance, id) => ({ username: `u${id.slice(-6)}`, password: `secret-${instance.id}-${id}` }),
    },
    ["IS-23"],
  ),
  mutant(
    REPROVISIONED,
    "users-outlive-instances",
    "The users of a removed instance come back with its id.",
    outliving(),
  ),
  mutant(DEFAULTS, "default-account", "Every database has an account that everybody knows.", {
    admits: (instance, login, cloud) =>
      RIGHT.admits(instance, login, cloud) || (login.username === "postgres" && login.password === "postgres"),
  }),
  mutant(DEFAULTS, "blank-passwords", "A login without a password is admitted.", {
    admits: (instance, login, cloud) =>
      RIGHT.admits(instance, login, cloud) || (instance.users.has(login.username) && login.password === ""),
  }),
  mutant(
    BACKUP,
    "foreign-backup-is-fetched",
    "A backup is fetched by its id alone, through another instance's path.",
    owning("get"),
  ),
  mutant(
    BACKUP,
    "foreign-backup-is-restored",
    "A backup is restored by its id alone, into another instance.",
    owning("restore"),
  ),
  mutant(
    BACKUP,
    "foreign-backup-is-removed",
    "A backup is removed by its id alone, through another instance's path.",
    owning("delete"),
  ),
  mutant(
    LISTING,
    "backups-listed-to-all",
    "The list of an instance's backups holds all backups of all instances.",
    owning("list"),
    ["IS-68"],
  ),
  mutant(
    CLOSED,
    "open-from-the-start",
    "An instance can be reached as soon as it is provisioned; unbinding closes it.",
    {
      onProvision: opens,
    },
    ["IS-46"],
  ),
  mutant(
    CLOSED,
    "never-closed",
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
    CLOSED,
    "open-to-everybody",
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
    [CLOSED, NEIGHBOUR],
    "service-network-is-let-in",
    "The group of all instances admits the network that they are in, at every port.",
    reaching((_instance, _port, from) => from === "tenant"),
    [GUESSED],
  ),
  mutant(
    [CLOSED, NEIGHBOUR],
    "cluster-port-is-everybodys",
    "The service's port is open to whoever carries the group of all instances, for replication.",
    reaching((_instance, port, from) => from === "tenant" && port === TOY_PORT),
    [GUESSED],
  ),
  mutant(
    NEIGHBOUR,
    "agent-is-open-to-tenants",
    "The agent of an instance can be reached from every other one.",
    reaching((_instance, port, from) => from === "tenant" && port === TOY_AGENT_PORT),
  ),
  mutant(
    NEIGHBOUR,
    "login-to-vms-is-open-to-tenants",
    "SSH of an instance's VM can be reached from every other one.",
    reaching((_instance, port, from) => from === "tenant" && port === TOY_SSH_PORT),
  ),
  mutant(
    [CLOSED, NEIGHBOUR],
    "open-to-tenants-while-bound",
    "A binding opens its instance to the VMs of other tenants as well.",
    reaching(({ bindings }, port, from) => from === "tenant" && port === TOY_PORT && bindings.size > 0),
    [GUESSED],
  ),
];
