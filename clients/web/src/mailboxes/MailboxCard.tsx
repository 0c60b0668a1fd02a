/** One mailbox: its name, how it is, what went wrong, and the run that is under way. */

import { Badge, Button, Group, Paper, Stack, Text, ThemeIcon, Title, Tooltip } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { Harvest, Mailbox, Schedule } from "mailboxes-client";
import type { ReactNode } from "react";

import { useClient } from "../shared/client";
import { ago, moment, until } from "../shared/format";
import { Icon, type IconName } from "../shared/icons";
import { notifyDone } from "../shared/notify";
import { useMailboxesChanged } from "../shared/queries";
import { useNow } from "../shared/useNow";
import { texts } from "../texts";
import { HarvestProgress } from "./HarvestProgress";
import { MailboxMenu } from "./MailboxMenu";
import { Outcome } from "./Outcome";
import { useHarvest } from "./useHarvest";
import { useReconnect } from "./useReconnect";

export type MailboxDialog = "edit" | "delete" | "schedule" | "history";

interface MailboxCardProps {
  readonly mailbox: Mailbox;
  readonly schedule: Schedule | undefined;
  readonly onOpen: (dialog: MailboxDialog) => void;
  readonly onShowContacts: () => void;
}

export function MailboxCard({ mailbox, schedule, onOpen, onShowContacts }: MailboxCardProps) {
  const harvest = useHarvest(mailbox);
  const test = useTest(mailbox);
  const reconnect = useReconnect(mailbox);
  const { label } = mailbox;

  return (
    <Paper className="card" p="lg" component="article" aria-label={label}>
      <Stack gap="md">
        <Group justify="space-between" align="flex-start" gap="md">
          <Identity mailbox={mailbox} />
          <Group gap="xs">
            {mailbox.needsReauth ? (
              <Button onClick={reconnect.start} loading={reconnect.isWaiting}>
                {texts.mailboxes.reconnect}
              </Button>
            ) : (
              <Button
                variant="light"
                aria-label={texts.mailboxes.harvestOf(label)}
                leftSection={<Icon name="Sparkles" size={16} />}
                disabled={harvest.isUnderWay}
                loading={harvest.isStarting}
                onClick={harvest.start}
              >
                {texts.mailboxes.harvest}
              </Button>
            )}
            <Button
              variant="default"
              aria-label={texts.mailboxes.testOf(label)}
              loading={test.isPending}
              onClick={() => {
                test.mutate();
              }}
            >
              {texts.mailboxes.test}
            </Button>
            <MailboxMenu mailbox={mailbox} onOpen={onOpen} onReconnect={reconnect.start} />
          </Group>
        </Group>
        <Facts mailbox={mailbox} schedule={schedule} harvest={harvest.latest} />
        <Trouble mailbox={mailbox} schedule={schedule} test={test.data} />
        {harvest.latest && (
          <HarvestProgress
            label={label}
            harvest={harvest.latest}
            watched={harvest.watched}
            onCancel={harvest.cancel}
            onShowContacts={onShowContacts}
          />
        )}
      </Stack>
    </Paper>
  );
}

function useTest(mailbox: Mailbox) {
  const client = useClient();
  const changed = useMailboxesChanged();
  return useMutation({
    mutationFn: () => client.testMailbox(mailbox.id),
    onSuccess: async (result) => {
      if (result.ok) notifyDone(texts.mailboxes.testOk(mailbox.label));
      await changed();
    },
  });
}

function Identity({ mailbox }: { readonly mailbox: Mailbox }) {
  const status = mailbox.needsReauth ? "reauth" : mailbox.status;
  const color = { ok: "teal", error: "red", pending: "gray", reauth: "orange" }[status];
  return (
    <Group gap="md" wrap="nowrap" align="flex-start">
      <ThemeIcon variant="light" size={42} radius="md">
        <Icon name="Mail" size={22} />
      </ThemeIcon>
      <Stack gap={2}>
        <Group gap="xs">
          <Title order={3} className="wrap-anywhere">
            {mailbox.label}
          </Title>
          <Badge color={color}>{texts.mailboxes.status[status]}</Badge>
        </Group>
        <Text size="sm" c="dimmed" className="wrap-anywhere">
          {mailbox.user} · {mailbox.host}
        </Text>
      </Stack>
    </Group>
  );
}

interface FactsProps extends Pick<MailboxCardProps, "mailbox" | "schedule"> {
  /** The latest one, whoever has asked for it. */
  readonly harvest: Harvest | undefined;
}

function Facts({ mailbox, schedule, harvest }: FactsProps) {
  const { lastTestedAt } = mailbox;
  const now = useNow();
  const lastRead = [schedule?.lastSuccessAt ?? "", readAt(harvest)].sort().at(-1);
  return (
    <Group gap="6px 18px" c="dimmed" fz="sm">
      <Fact icon="PlugConnected">
        {lastTestedAt ? (
          <Moment time={lastTestedAt} words={texts.mailboxes.tested} now={now} />
        ) : (
          texts.mailboxes.neverTested
        )}
      </Fact>
      <Fact icon="Clock">
        {lastRead ? (
          <Moment time={lastRead} words={texts.mailboxes.lastSync} now={now} />
        ) : (
          texts.mailboxes.neverSynced
        )}
      </Fact>
      <Fact icon="Refresh">{nextOf(schedule, now)}</Fact>
    </Group>
  );
}

/** When it ended, if it came so far as to read; empty otherwise. */
function readAt(harvest: Harvest | undefined): string {
  if (!harvest?.endedAt) return "";
  return harvest.state === "done" || harvest.progress.scanned > 0 ? harvest.endedAt : "";
}

function Fact({ icon, children }: { readonly icon: IconName; readonly children: ReactNode }) {
  return (
    <Group gap={6} wrap="nowrap">
      <Icon name={icon} size={15} />
      <span>{children}</span>
    </Group>
  );
}

interface MomentProps {
  readonly time: string;
  readonly words: (when: string) => string;
  readonly now: number;
}

function Moment({ time, words, now }: MomentProps) {
  return (
    <Tooltip label={moment(time)}>
      <time dateTime={time}>{words(ago(time, now))}</time>
    </Tooltip>
  );
}

function nextOf(schedule: Schedule | undefined, now: number): string {
  if (!schedule?.enabled) return texts.mailboxes.syncOff;
  if (schedule.state === "running") return texts.mailboxes.syncing;
  if (schedule.state === "stopped" || schedule.state === "quarantined") return texts.mailboxes.syncStopped;
  return schedule.nextRunAt
    ? texts.mailboxes.nextSync(until(schedule.nextRunAt, now))
    : texts.mailboxes.syncOn;
}

interface TroubleProps extends Pick<MailboxCardProps, "mailbox" | "schedule"> {
  readonly test: Awaited<ReturnType<ReturnType<typeof useClient>["testMailbox"]>> | undefined;
}

/** The latest test's own words where there was one here, for they say when to try again; else what is stored. */
function Trouble({ mailbox, schedule, test }: TroubleProps) {
  if (schedule?.state === "quarantined" && schedule.lastFailure) {
    return <Outcome failure={schedule.lastFailure} />; // whatever a test says: reading is what ends the service
  }
  if (mailbox.status !== "error") return null;
  if (test && !test.ok) return <Outcome failure={test} />;
  const { lastError, lastRemedy } = mailbox;
  return lastError ? <Outcome failure={{ error: lastError, remedy: lastRemedy ?? null }} /> : null;
}
