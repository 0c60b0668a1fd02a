import { Alert, Button, Group, Modal, Select, Stack, Switch } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { Mailbox, Schedule } from "mailboxes-client";
import { type SyntheticEvent, useState } from "react";

import { useClient } from "../shared/client";
import { Icon } from "../shared/icons";
import { notifyDone } from "../shared/notify";
import { useMailboxesChanged } from "../shared/queries";
import { texts } from "../texts";
import { Outcome } from "./Outcome";
import { type PolicyChoice, PolicyRadios, policyOf } from "./PolicyRadios";

interface ScheduleFormProps {
  readonly mailbox: Mailbox;
  readonly schedule: Schedule | undefined;
  readonly onClose: () => void;
}

/** Seconds, as the service has it at first. */
const FIRST_INTERVAL = 900;

export function ScheduleForm({ mailbox, schedule, onClose }: ScheduleFormProps) {
  const client = useClient();
  const changed = useMailboxesChanged();
  const [enabled, setEnabled] = useState(schedule?.enabled ?? false);
  const [seconds, setSeconds] = useState(schedule?.intervalSeconds || FIRST_INTERVAL);
  const [policy, setPolicy] = useState<PolicyChoice>(policyOf(schedule?.policy));
  const save = useMutation({
    mutationFn: () => client.setSchedule(mailbox.id, { enabled, intervalSeconds: seconds, policy }),
    onSuccess: async () => {
      onClose();
      notifyDone(texts.schedule.saved);
      await changed();
    },
  });
  function submit(event: SyntheticEvent) {
    event.preventDefault();
    save.mutate();
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title={texts.schedule.title(mailbox.label)}
      closeButtonProps={{ "aria-label": texts.common.close }}
    >
      <form onSubmit={submit}>
        <Stack gap="lg">
          <Standing schedule={schedule} />
          <Switch
            label={texts.schedule.enabled}
            checked={enabled}
            onChange={(event) => {
              setEnabled(event.currentTarget.checked);
            }}
          />
          <Select
            label={texts.schedule.interval}
            disabled={!enabled}
            allowDeselect={false}
            data={intervalsWith(seconds)}
            value={String(seconds)}
            onChange={(value) => {
              setSeconds(Number(value));
            }}
          />
          <PolicyRadios value={policy} onChange={setPolicy} />
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {texts.common.cancel}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {texts.common.save}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Standing({ schedule }: Pick<ScheduleFormProps, "schedule">) {
  if (schedule?.state === "backing_off" && schedule.lastFailure)
    return <Outcome failure={schedule.lastFailure} />;
  if (schedule?.state !== "stopped" && schedule?.state !== "quarantined") return null;
  return (
    <Alert color="orange" icon={<Icon name="AlertTriangle" />}>
      {texts.schedule.state[schedule.state]}
    </Alert>
  );
}

/** The usual choices, and the one in force where another program has chosen it. */
function intervalsWith(seconds: number) {
  const usual = Object.keys(texts.schedule.every).map(Number);
  const all = usual.includes(seconds) ? usual : [...usual, seconds].sort((a, b) => a - b);
  return all.map((one) => ({
    value: String(one),
    label: texts.schedule.every[one] ?? texts.schedule.custom(Math.round(one / 60)),
  }));
}
