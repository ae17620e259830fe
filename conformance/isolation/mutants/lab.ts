import {
  type Behaviour,
  neighboursOf,
  RIGHT,
  type ToyBinding,
  type ToyCloud,
  type ToyInstance,
} from "../../data/mutants/cloud.ts";
import { type DataMutant, dataLab } from "../../data/mutants/lab.ts";
import type { Lab } from "../../selftest/lab.ts";
import { isolationSuite } from "../suite.ts";

const BINDING = "IS-06";
const LOGIN = "IS-25";
const CLOSED = "IS-43";

function mutant(
  id: string,
  expected: string,
  description: string,
  changes: Partial<Behaviour>,
  also: readonly string[] = [],
): DataMutant {
  return { id, description, expected: [expected], also, changes };
}

function anywhere(cloud: ToyCloud, id: string): ToyBinding | undefined {
  return [...cloud.instances.values()].map(({ bindings }) => bindings.get(id)).find((each) => each !== undefined);
}

/** Looks a binding up by its own id, whatever instance it is asked for through, for one kind of request. */
const findingAnywhere = (wanted: "fetch" | "poll" | "unbind"): Partial<Behaviour> => ({
  find: (operation, instance, id, cloud) => (operation === wanted ? anywhere(cloud, id) : instance.bindings.get(id)),
});

function harming(harm: (owner: ToyInstance, binding: ToyBinding) => void): Partial<Behaviour> {
  return {
    find(operation, instance, id, cloud) {
      const owner = neighboursOf(cloud, instance).find(({ bindings }) => bindings.has(id));
      const binding = owner?.bindings.get(id);
      if (operation === "unbind" && owner !== undefined && binding !== undefined) harm(owner, binding);
      return instance.bindings.get(id);
    },
  };
}

const opens = (instance: ToyInstance): void => void instance.admitted.add("application");

const MUTANTS: readonly DataMutant[] = [
  mutant(
    "foreign-binding-is-fetched",
    BINDING,
    "A binding is fetched by its id alone: another instance's path gives its credentials away.",
    findingAnywhere("fetch"),
  ),
  mutant(
    "foreign-binding-is-polled",
    BINDING,
    "The state of a binding is told through another instance's path.",
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
  ),
  mutant(
    "foreign-unbind-forgets",
    BINDING,
    "The removal through another instance's path is refused, but the record of the binding is gone.",
    harming(({ bindings }, { id }) => bindings.delete(id)),
  ),
  mutant("users-everywhere", LOGIN, "A user is created at every instance, with the same password.", {
    bound: (instance, binding, cloud) => {
      RIGHT.bound(instance, binding, cloud);
      for (const { users } of neighboursOf(cloud, instance)) users.set(binding.username, binding.password);
    },
  }),
  mutant("passwords-are-not-looked-at", LOGIN, "A database lets in whoever knows its name.", {
    admits: ({ database }, login) => login.database === database,
  }),
  mutant("one-directory-of-users", LOGIN, "All databases ask one directory that knows every user of every instance.", {
    admits: (_instance, login, cloud) =>
      [...cloud.instances.values()].some(({ users }) => users.get(login.username) === login.password),
  }),
  mutant(
    "open-from-the-start",
    CLOSED,
    "An instance can be reached as soon as it is provisioned; unbinding closes it.",
    {
      provisioned: opens,
    },
  ),
  mutant("never-closed", CLOSED, "An instance that was bound once can be reached for good.", {
    unbound: ({ bindings, users }, { id, username }) => {
      bindings.delete(id);
      users.delete(username);
    },
  }),
  mutant("open-to-everybody", CLOSED, "A binding opens its instance to every network.", {
    bound: (instance, binding, cloud) => {
      RIGHT.bound(instance, binding, cloud);
      instance.admitted.add("stranger");
    },
  }),
];

/** The proof of the isolation suite. */
export const isolationLab: Lab = dataLab(isolationSuite, MUTANTS);
