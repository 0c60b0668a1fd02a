import { Modal, Stack, Text, Timeline } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Mailbox, SyncRun } from "mailboxes-client";

import { useClient } from "../shared/client";
import { moment } from "../shared/format";
import { Icon } from "../shared/icons";
import { keys } from "../shared/queries";
import { Failed, Loading } from "../shared/states";
import { texts } from "../texts";

interface HistoryProps {
  readonly mailbox: Mailbox;
  readonly onClose: () => void;
}

/** What the schedule of a mailbox did. */
export function History({ mailbox, onClose }: HistoryProps) {
  const client = useClient();
  const runs = useQuery({
    queryKey: keys.runs(mailbox.id),
    queryFn: ({ signal }) => client.listSyncRuns(mailbox.id, signal),
    staleTime: 0,
  });
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={texts.history.title(mailbox.label)}
      closeButtonProps={{ "aria-label": texts.common.close }}
    >
      {runs.isPending && <Loading rows={2} />}
      {runs.isError && <Failed error={runs.error} onRetry={() => void runs.refetch()} />}
      {runs.data?.length === 0 && (
        <Text c="dimmed" size="sm">
          {texts.history.empty}
        </Text>
      )}
      <Timeline bulletSize={24} lineWidth={1}>
        {runs.data?.map((run) => (
          <Timeline.Item
            key={run.number}
            title={texts.history.outcome[run.outcome]}
            bullet={<Bullet run={run} />}
          >
            <Stack gap={2}>
              <Text size="sm">{run.failure?.error ?? texts.history.found(run.messages, run.contacts)}</Text>
              <Text size="xs" c="dimmed">
                {moment(run.endedAt)}
              </Text>
            </Stack>
          </Timeline.Item>
        ))}
      </Timeline>
    </Modal>
  );
}

function Bullet({ run }: { readonly run: SyncRun }) {
  return <Icon size={14} name={run.failure ? "AlertTriangle" : "Check"} />;
}
