/** A harvest: a bar while it runs, and afterwards one line that says what came of it. */

import { Alert, Button, Group, List, Paper, Progress, Stack, Text } from "@mantine/core";
import type { Harvest } from "mailboxes-client";

import { Icon } from "../shared/icons";
import { texts } from "../texts";
import { Outcome } from "./Outcome";

interface HarvestProgressProps {
  readonly label: string;
  readonly harvest: Harvest;
  /** The id of the harvest whose end is news here. */
  readonly watched: string | undefined;
  readonly onCancel: () => void;
  readonly onShowContacts: () => void;
}

export function HarvestProgress({ label, harvest, watched, onCancel, onShowContacts }: HarvestProgressProps) {
  if (harvest.state === "queued" || harvest.state === "running") {
    return <Running label={label} harvest={harvest} onCancel={onCancel} />;
  }
  if (harvest.id === watched)
    return <Ended label={label} harvest={harvest} onShowContacts={onShowContacts} />;
  return null;
}

function Running({ label, harvest, onCancel }: Pick<HarvestProgressProps, "label" | "harvest" | "onCancel">) {
  const { scanned, total, rate, contacts } = harvest.progress;
  const share = total ? (100 * scanned) / total : 0;
  const words = total ? texts.harvest.progress(scanned, total) : stageOf(harvest);
  return (
    <Paper className="well" p="md" radius="md">
      <Stack gap={10}>
        <Group justify="space-between" wrap="nowrap">
          <Text size="sm" fw={500} className="wrap-anywhere">
            {stageOf(harvest)}
          </Text>
          <Button
            size="compact-sm"
            variant="default"
            aria-label={texts.harvest.cancelOf(label)}
            leftSection={<Icon name="PlayerStop" size={14} />}
            onClick={onCancel}
          >
            {texts.harvest.cancel}
          </Button>
        </Group>
        <Progress.Root size="md" radius="xl">
          <Progress.Section
            value={share}
            animated
            withAria={false} // its own says percent only
            role="progressbar"
            aria-label={texts.harvest.label(label)}
            aria-valuemin={0}
            aria-valuemax={total}
            aria-valuenow={scanned}
            aria-valuetext={words}
          />
        </Progress.Root>
        <Group gap="lg" fz="sm" c="dimmed" className="figures">
          {total > 0 && <span>{words}</span>}
          {rate > 0 && <span>{texts.harvest.rate(rate)}</span>}
          {contacts > 0 && <span>{texts.harvest.found(contacts)}</span>}
        </Group>
      </Stack>
    </Paper>
  );
}

function stageOf({ state, progress }: Harvest): string {
  if (state === "queued") return texts.harvest.queued;
  if (progress.folder) return texts.harvest.reading(progress.folder);
  return progress.foldersTotal && progress.foldersDone === progress.foldersTotal
    ? texts.harvest.finishing
    : texts.harvest.connecting;
}

function Ended({
  label,
  harvest,
  onShowContacts,
}: Pick<HarvestProgressProps, "label" | "harvest" | "onShowContacts">) {
  const { state, progress, failure, skippedFolders } = harvest;
  if (state === "failed") {
    return failure ? <Outcome failure={failure} /> : <Outcome failure={{ error: texts.harvest.failed }} />;
  }
  const done = state === "done";
  return (
    <Alert color={done ? "teal" : "gray"} role="status" icon={<Icon name={done ? "Check" : "InfoCircle"} />}>
      <Group justify="space-between" gap="sm">
        <Text size="sm">
          {done
            ? texts.harvest.done(label, progress.scanned, progress.contacts)
            : texts.harvest.cancelled(label)}
        </Text>
        <Button size="compact-sm" variant="subtle" onClick={onShowContacts}>
          {texts.harvest.show}
        </Button>
      </Group>
      {skippedFolders.length > 0 && (
        <Stack gap={4} mt="xs">
          <Text size="sm">{texts.harvest.skippedFolders(skippedFolders.length)}:</Text>
          <List size="sm">
            {skippedFolders.map((folder) => (
              <List.Item key={folder.name}>
                {folder.name}: {folder.reason}
              </List.Item>
            ))}
          </List>
        </Stack>
      )}
    </Alert>
  );
}
