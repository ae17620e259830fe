/** Disagreements between the suite and what has to be said, by field broker. Each is a defect of the suite; the list only shrinks. */
export const KNOWN: Readonly<Record<string, readonly string[]>> = {
  "demands-an-originating-identity": ["false warn request-content-type-mismatch-400"],
  "busy-is-500": ["false fail deprovision-during-provision-halts"],
  "busy-is-500-and-one-poll-ends-it": ["false fail deprovision-during-provision-halts"],
  "status-instead-of-state": ["left behind"],
  "pending-is-no-state": ["left behind"],
  "polls-of-updates-name-the-old-plan": ["left behind"],
  "is-full-after-two": ["false warn request-content-type-mismatch-400"],
  "only-500": [
    "false warn originating-identity-optional-on-non-user-requests",
    "false warn deprovision-invalid-service-or-plan",
    "false warn unbind-invalid-service-or-plan",
  ],
  "updated-is-201": ["false warn update-previous-values-optional", "false warn update-noop-200"],
  "refused-plan-change-is-applied": ["false fail vendor-request-fields-do-not-halt"],
};
