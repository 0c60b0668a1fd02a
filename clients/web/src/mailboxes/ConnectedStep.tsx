import { Button, Group, Stack, Switch, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { Mailbox } from "mailboxes-client";
import { useState } from "react";

import { useClient } from "../shared/client";
import { useMailboxesChanged } from "../shared/queries";
import { texts } from "../texts";
import { type PolicyChoice, PolicyRadios, policyOf } from "./PolicyRadios";
import { useStartHarvest } from "./useHarvest";

interface ConnectedStepProps {
  readonly mailbox: Mailbox;
  readonly onClose: () => void;
}

/** What to do with a mailbox that has just been connected. */
export function ConnectedStep({ mailbox, onClose }: ConnectedStepProps) {
  const client = useClient();
  const changed = useMailboxesChanged();
  const harvest = useStartHarvest(mailbox.id);
  const [policy, setPolicy] = useState<PolicyChoice>(policyOf(undefined));
  const [scheduled, setScheduled] = useState(true);
  const start = useMutation({
    mutationFn: async () => {
      await harvest.mutateAsync(policy);
      if (scheduled) await client.setSchedule(mailbox.id, { enabled: true, policy });
    },
    onSettled: async () => {
      onClose();
      await changed();
    },
  });

  return (
    <Stack gap="lg">
      <Text size="sm">{texts.connected.text}</Text>
      <PolicyRadios value={policy} onChange={setPolicy} />
      <Switch
        label={texts.connected.schedule}
        checked={scheduled}
        onChange={(event) => {
          setScheduled(event.currentTarget.checked);
        }}
      />
      <Group justify="flex-end" gap="sm">
        <Button variant="default" onClick={onClose}>
          {texts.connected.later}
        </Button>
        <Button
          data-autofocus
          loading={start.isPending}
          onClick={() => {
            start.mutate();
          }}
        >
          {texts.connected.start}
        </Button>
      </Group>
    </Stack>
  );
}
