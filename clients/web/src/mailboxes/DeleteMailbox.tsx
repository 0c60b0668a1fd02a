import { Button, Group, List, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import type { Mailbox } from "mailboxes-client";

import { useClient } from "../shared/client";
import { notifyDone } from "../shared/notify";
import { keys, useContactsChanged, useMailboxesChanged } from "../shared/queries";
import { texts } from "../texts";

interface DeleteMailboxProps {
  readonly mailbox: Mailbox;
  readonly onClose: () => void;
}

/** Says what goes before it goes. */
export function DeleteMailbox({ mailbox, onClose }: DeleteMailboxProps) {
  const client = useClient();
  const mailboxesChanged = useMailboxesChanged();
  const contactsChanged = useContactsChanged();
  const contacts = useQuery({
    queryKey: [...keys.contacts, "count", mailbox.id],
    queryFn: async ({ signal }) =>
      (await client.listContacts({ mailbox: mailbox.id, pageSize: 1 }, signal)).totalSize,
  });
  const remove = useMutation({
    mutationFn: () => client.deleteMailbox(mailbox.id),
    onSuccess: async () => {
      onClose();
      notifyDone(texts.mailboxes.deleted(mailbox.label));
      await Promise.all([mailboxesChanged(), contactsChanged()]);
    },
  });

  return (
    <Modal
      opened
      onClose={onClose}
      title={texts.remove.title(mailbox.label)}
      closeButtonProps={{ "aria-label": texts.common.close }}
    >
      <Stack gap="lg">
        <Stack gap="xs">
          <Text size="sm">{texts.remove.goes}</Text>
          <List size="sm" spacing={4}>
            <List.Item>{texts.remove.password}</List.Item>
            <List.Item>{texts.remove.schedule}</List.Item>
            <List.Item>{texts.remove.counts(contacts.data ?? 0)}</List.Item>
          </List>
          <Text size="sm">{texts.remove.stays}</Text>
        </Stack>
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose} data-autofocus>
            {texts.common.cancel}
          </Button>
          <Button
            color="red"
            loading={remove.isPending}
            onClick={() => {
              remove.mutate();
            }}
          >
            {texts.remove.confirm}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
