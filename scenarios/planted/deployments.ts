import { type NamedBug, withDeployer, withRequests } from "./bug.ts";

/** The broker names the attempt of an undo after its operation (broker/operations/instances.ts). */
const isUndo = (contextId: string): boolean => contextId.endsWith("-undo");

const SLOW_ORDER = /\/deployments(\?|$)/;

/** Bugs of what the broker does at the director. */
export const DEPLOYMENT_BUGS: readonly NamedBug[] = [
  {
    name: "leak-volume-after-failed-deploy",
    part: "broker",
    does: "leaves the disks behind when it undoes a failed provision",
    bug: withDeployer((deployer) => ({
      remove: (deployment, contextId) => deployer.remove(deployment, contextId, { keepDisks: isUndo(contextId) }),
    })),
  },
  {
    name: "leak-volume-after-deprovision",
    part: "broker",
    does: "leaves the disks of a deprovisioned instance behind",
    bug: withDeployer((deployer) => ({
      remove: (deployment, contextId) => deployer.remove(deployment, contextId, { keepDisks: !isUndo(contextId) }),
    })),
  },
  {
    name: "failed-provision-stays",
    part: "broker",
    does: "does not delete the deployment of a provision that failed",
    bug: withDeployer((deployer) => ({
      remove: async (deployment, contextId) => (isUndo(contextId) ? undefined : deployer.remove(deployment, contextId)),
    })),
  },
  {
    name: "deprovision-forgets-deployment",
    part: "broker",
    does: "reports an instance as deprovisioned although it never deleted the deployment",
    bug: withDeployer((deployer) => ({
      remove: async (deployment, contextId) => (isUndo(contextId) ? deployer.remove(deployment, contextId) : undefined),
    })),
  },
  {
    name: "deploy-error-read-as-done",
    part: "broker",
    does: "mistakes a failed task of the director for a finished one",
    bug: withRequests("GET", /\/tasks\/\d+$/, async (send) => {
      const answer = await send();
      const text = await answer.text();
      return new Response(text.replace('"state":"error"', '"state":"done"'), {
        status: answer.status,
        headers: answer.headers,
      });
    }),
  },
  {
    name: "deploy-not-awaited",
    part: "broker",
    does: "reports an instance as ready as soon as its deployment has begun",
    bug: withRequests("GET", /\/tasks\/\d+$/, async (send) => {
      const answer = await send();
      const text = await answer.text();
      return new Response(text.replace(/"state":"(queued|processing)"/, '"state":"done"'), {
        status: answer.status,
        headers: answer.headers,
      });
    }),
  },
  {
    name: "deploy-refusal-swallowed",
    part: "broker",
    does: "continues as if a failed deploy had succeeded",
    bug: withDeployer((deployer) => ({
      deploy: (...order) => deployer.deploy(...order).catch(() => undefined),
    })),
  },
  {
    name: "deletion-error-swallowed",
    part: "broker",
    does: "considers a deletion done although the director's task failed",
    bug: withDeployer((deployer) => ({
      remove: (...order) => deployer.remove(...order).catch(() => undefined),
    })),
  },
  {
    name: "deletion-not-retried",
    part: "broker",
    does: "considers a deletion done although the request was refused",
    bug: withRequests("DELETE", /\/deployments\//, async (send) => {
      const answer = await send();
      return answer.status < 500 ? answer : new Response("{}", { status: 404 });
    }),
  },
  {
    name: "update-not-deployed",
    part: "updater",
    does: "records an update that it never deployed",
    bug: withDeployer((deployer) => ({
      deploy: async (deployment, ...order) => {
        if ((await deployer.vms(deployment)).length === 0) await deployer.deploy(deployment, ...order);
      },
    })),
  },
  {
    name: "update-not-undone",
    part: "updater",
    does: "leaves an instance as a failed update left it, and reports it as unchanged",
    bug: withDeployer((deployer) => ({
      deploy: async (deployment, manifest, contextId, meanwhile) =>
        isUndo(contextId) ? undefined : deployer.deploy(deployment, manifest, contextId, meanwhile),
    })),
  },
  {
    name: "deploy-with-wrong-size",
    part: "updater",
    does: "deploys one node, whatever the plan says",
    bug: withDeployer((deployer) => ({
      deploy: (deployment, manifest, ...order) =>
        deployer.deploy(deployment, manifest.replaceAll(/("?instances"?: ?)3/g, "$11"), ...order),
    })),
  },
  {
    name: "deploy-sent-again-blindly",
    part: "broker",
    does: "orders a deploy again under another name when the answer was lost",
    bug: withRequests("POST", SLOW_ORDER, async (send) => {
      const first = await send().catch(() => undefined);
      return first ?? send();
    }),
  },
];
