/** Messages in the corner: that something was done, with a way back, or why it was not. */

import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { MailboxesError } from "mailboxes-client";

import { texts } from "../texts";
import { Icon } from "./icons";

export function notifyDone(message: string, undo?: () => void): void {
  const id = crypto.randomUUID();
  notifications.show({
    id,
    color: "teal",
    icon: <Icon name="Check" />,
    autoClose: undo ? 15_000 : 6000,
    closeButtonProps: { "aria-label": texts.common.close },
    message: (
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Text size="sm">{message}</Text>
        {undo && (
          <Button
            size="compact-sm"
            variant="light"
            onClick={() => {
              notifications.hide(id);
              undo();
            }}
          >
            {texts.common.undo}
          </Button>
        )}
      </Group>
    ),
  });
}

export function notifyFailed(error: unknown): void {
  notifications.show({
    color: "red",
    icon: <Icon name="AlertTriangle" />,
    autoClose: 12_000,
    closeButtonProps: { "aria-label": texts.common.close },
    title: texts.failed.action,
    message: sentenceOf(error),
  });
}

/** What to tell a person about it. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof MailboxesError)) return texts.failed.unexpected;
  if (error.status === 401) return texts.failed.unauthenticated;
  return error.retryAfter === undefined
    ? error.message
    : `${error.message} ${texts.failed.wait(error.retryAfter)}`;
}
