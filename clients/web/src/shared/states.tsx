/** What is shown in place of a list: that it is loading, that it is empty, that it could not be loaded. */

import { Alert, Button, EmptyState, Group, Paper, Skeleton, Stack, Text } from "@mantine/core";
import { MailboxesError } from "mailboxes-client";
import type { ReactNode } from "react";

import { texts } from "../texts";
import { Icon, type IconName } from "./icons";
import { sentenceOf } from "./notify";

export function Loading({ rows = 4 }: { readonly rows?: number }) {
  return (
    <Paper className="card" p="lg" role="status" aria-label={texts.common.loading}>
      <Stack gap="lg">
        {Array.from({ length: rows }, (_, row) => (
          <Group key={row} wrap="nowrap" gap="md">
            <Skeleton height={38} circle />
            <Stack gap={8} flex={1}>
              <Skeleton height={12} width="34%" />
              <Skeleton height={10} width="58%" />
            </Stack>
          </Group>
        ))}
      </Stack>
    </Paper>
  );
}

interface EmptyProps {
  readonly icon: IconName;
  readonly title: string;
  readonly text: string;
  readonly children?: ReactNode;
}

export function Empty({ icon, title, text, children }: EmptyProps) {
  return (
    <Paper className="card" px="lg" py={56}>
      <EmptyState variant="light" icon={<Icon name={icon} size={28} />} title={title} description={text}>
        {children && <EmptyState.Actions>{children}</EmptyState.Actions>}
      </EmptyState>
    </Paper>
  );
}

export function Failed({ error, onRetry }: { readonly error: unknown; readonly onRetry: () => void }) {
  const requestId = error instanceof MailboxesError ? error.requestId : undefined;
  return (
    <Alert color="red" icon={<Icon name="AlertTriangle" />} title={texts.failed.title}>
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{sentenceOf(error)}</Text>
        {requestId && (
          <Text size="xs" c="dimmed">
            {texts.failed.requestId(requestId)}
          </Text>
        )}
        <Button size="xs" variant="default" onClick={onRetry} leftSection={<Icon name="Refresh" size={14} />}>
          {texts.common.retry}
        </Button>
      </Stack>
    </Alert>
  );
}
