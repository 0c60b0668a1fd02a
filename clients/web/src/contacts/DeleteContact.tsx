import { Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { Contact } from "mailboxes-client";
import { useState } from "react";

import { useClient } from "../shared/client";
import { Icon } from "../shared/icons";
import { notifyDone } from "../shared/notify";
import { useContactsChanged } from "../shared/queries";
import { texts } from "../texts";
import { nameOf } from "./people";

interface DeleteContactProps {
  readonly contact: Contact;
  readonly onDeleted: () => void;
}

/** Asks in place before a contact goes for good. */
export function DeleteContact({ contact, onDeleted }: DeleteContactProps) {
  const client = useClient();
  const changed = useContactsChanged();
  const [asking, setAsking] = useState(false);
  const name = nameOf(contact);
  const remove = useMutation({
    mutationFn: () => client.deleteContact(contact.id),
    onSuccess: async () => {
      onDeleted();
      notifyDone(texts.contact.deleted(name));
      await changed();
    },
  });

  if (!asking) {
    return (
      <Group>
        <Button
          variant="subtle"
          color="red"
          leftSection={<Icon name="Trash" size={16} />}
          onClick={() => {
            setAsking(true);
          }}
        >
          {texts.contact.delete}
        </Button>
      </Group>
    );
  }
  return (
    <Paper className="well" p="md" radius="md" role="group" aria-label={texts.contact.deleteTitle(name)}>
      <Stack gap="sm">
        <Text size="sm" fw={500}>
          {texts.contact.deleteTitle(name)}
        </Text>
        <Text size="sm">{texts.contact.deleteText}</Text>
        <Group justify="flex-end" gap="sm">
          <Button
            variant="default"
            onClick={() => {
              setAsking(false);
            }}
          >
            {texts.common.cancel}
          </Button>
          <Button
            color="red"
            loading={remove.isPending}
            onClick={() => {
              remove.mutate();
            }}
          >
            {texts.contact.delete}
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}
