import { ActionIcon, Menu } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { Mailbox } from "mailboxes-client";

import { useClient } from "../shared/client";
import { Icon } from "../shared/icons";
import { notifyDone } from "../shared/notify";
import { useMailboxesChanged } from "../shared/queries";
import { texts } from "../texts";
import type { MailboxDialog } from "./MailboxCard";

interface MailboxMenuProps {
  readonly mailbox: Mailbox;
  readonly onOpen: (dialog: MailboxDialog) => void;
  readonly onReconnect: () => void;
}

export function MailboxMenu({ mailbox, onOpen, onReconnect }: MailboxMenuProps) {
  const client = useClient();
  const changed = useMailboxesChanged();
  const revoke = useMutation({
    mutationFn: () => client.revokeAuthorization(mailbox.id),
    onSuccess: async (revoked) => {
      notifyDone(texts.mailboxes.disconnected(revoked.toldProvider));
      await changed();
    },
  });
  const opens = (dialog: MailboxDialog) => () => {
    onOpen(dialog);
  };

  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon variant="default" size={36} aria-label={texts.mailboxes.actionsOf(mailbox.label)}>
          <Icon name="DotsVertical" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Icon name="Pencil" size={16} />} onClick={opens("edit")}>
          {texts.mailboxes.edit}
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="Refresh" size={16} />} onClick={opens("schedule")}>
          {texts.mailboxes.schedule}
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="History" size={16} />} onClick={opens("history")}>
          {texts.mailboxes.history}
        </Menu.Item>
        {mailbox.auth === "oauth" && (
          <>
            <Menu.Divider />
            <Menu.Item leftSection={<Icon name="PlugConnected" size={16} />} onClick={onReconnect}>
              {texts.mailboxes.reconnect}
            </Menu.Item>
            <Menu.Item
              leftSection={<Icon name="Unlink" size={16} />}
              onClick={() => {
                revoke.mutate();
              }}
            >
              {texts.mailboxes.disconnect}
            </Menu.Item>
          </>
        )}
        <Menu.Divider />
        <Menu.Item
          c="var(--mantine-color-error)"
          leftSection={<Icon name="Trash" size={16} />}
          onClick={opens("delete")}
        >
          {texts.mailboxes.remove}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
