import { type NamedBug, withGuard, withRequests } from "./bug.ts";

/** Everybody. */
const ANYWHERE = "0.0.0.0/0";

/** Bugs of data guard. */
export const GUARD_BUGS: readonly NamedBug[] = [
  {
    name: "guard-always-open",
    part: "guard",
    does: "opens an instance to everybody as soon as it is deployed",
    bug: withGuard((guard) => ({
      protect: async (instance, vms) => {
        await guard.protect(instance, vms);
        await guard.admit(instance, [ANYWHERE]);
      },
    })),
  },
  {
    name: "guard-opens-before-bind",
    part: "guard",
    does: "opens an instance to everybody when it has no binding",
    bug: withGuard((guard) => ({
      admit: (instance, cidrs) => guard.admit(instance, cidrs.length === 0 ? [ANYWHERE] : cidrs),
    })),
  },
  {
    name: "guard-rule-kept-on-unbind",
    part: "guard",
    does: "does not close an instance when its last binding goes",
    bug: withGuard(() => ({ narrow: async () => undefined })),
  },
  {
    name: "guard-closes-to-all-on-unbind",
    part: "guard",
    does: "closes an instance to every binding when one goes",
    bug: withGuard((guard) => ({ narrow: (id) => guard.narrow(id, []) })),
  },
  {
    name: "guard-never-opens",
    part: "guard",
    does: "does not open an instance to its bindings",
    bug: withGuard((guard) => ({ admit: (instance) => guard.admit(instance, []) })),
  },
  {
    name: "guard-group-left-behind",
    part: "guard",
    does: "leaves the security group of a deprovisioned instance behind",
    bug: withGuard(() => ({ remove: async () => undefined })),
  },
  {
    name: "guard-group-not-attached",
    part: "guard",
    does: "creates the security group but puts it on no port",
    bug: withGuard((guard) => ({ protect: (instance) => guard.protect(instance, []) })),
  },
  {
    name: "guard-forgets-new-vm",
    part: "guard",
    does: "does not guard the VM that replaces another",
    bug: withGuard(() => ({ reprotect: async () => undefined })),
  },
  {
    name: "guard-group-created-again",
    part: "guard",
    does: "creates a security group without checking whether a request with a lost answer already did",
    bug: withRequests("POST", /\/security-groups$/, async (send) => {
      const first = await send().catch(() => undefined);
      return first !== undefined && first.status < 500 ? first : send();
    }),
  },
  {
    name: "guard-closing-error-swallowed",
    part: "guard",
    does: "considers an instance closed although Neutron failed to delete the rule",
    bug: withRequests("DELETE", /\/security-group-rules\//, async (send) => {
      const answer = await send().catch(() => undefined);
      return answer === undefined || answer.status >= 500 ? new Response(null, { status: 204 }) : answer;
    }),
  },
  {
    name: "guard-removal-error-swallowed",
    part: "guard",
    does: "considers a security group deleted although Neutron failed to delete it",
    bug: withRequests("DELETE", /\/security-groups\//, async (send) => {
      const answer = await send().catch(() => undefined);
      return answer === undefined || answer.status >= 400 ? new Response(null, { status: 204 }) : answer;
    }),
  },
];
