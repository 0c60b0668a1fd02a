import { Radio, Stack } from "@mantine/core";
import type { Policy } from "mailboxes-client";

import { texts } from "../texts";

export type PolicyChoice = Exclude<Policy, "unknown">;

const CHOICES: readonly PolicyChoice[] = ["wrote_to", "corresponded", "everyone"];

/** What is chosen at first: the policy in force, or the service's own. */
export function policyOf(policy: Policy | undefined): PolicyChoice {
  return policy === undefined || policy === "unknown" ? "corresponded" : policy;
}

interface PolicyRadiosProps {
  readonly value: PolicyChoice;
  readonly onChange: (policy: PolicyChoice) => void;
}

export function PolicyRadios({ value, onChange }: PolicyRadiosProps) {
  return (
    <Radio.Group
      label={texts.connected.policy}
      value={value}
      onChange={(next) => {
        onChange(next);
      }}
    >
      <Stack gap="xs" mt="xs">
        {CHOICES.map((policy) => (
          <Radio key={policy} value={policy} label={texts.policy[policy]} />
        ))}
      </Stack>
    </Radio.Group>
  );
}
