import { Button, Group, Stack, Text, Textarea, TextInput, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { Contact } from "mailboxes-client";
import { type SyntheticEvent, useState } from "react";

import { useClient } from "../shared/client";
import { notifyDone } from "../shared/notify";
import { useContactsChanged } from "../shared/queries";
import { texts } from "../texts";

type Typed = Contact["typed"];

/** What the user types about a contact. An empty name goes back to the one found in mail. */
export function TypedForm({ contact }: { readonly contact: Contact }) {
  const client = useClient();
  const changed = useContactsChanged();
  const [typed, setTyped] = useState<Typed>(contact.typed);
  const save = useMutation({
    mutationFn: () => client.updateContact(contact.id, typed, contact.etag),
    onSuccess: async () => {
      notifyDone(texts.contact.saved);
      await changed();
    },
  });
  const isChanged = (Object.keys(typed) as (keyof Typed)[]).some(
    (field) => typed[field] !== contact.typed[field],
  );
  const field = (name: keyof Typed, label: string, maxLength: number) => ({
    label,
    maxLength,
    value: typed[name],
    onChange: (event: { readonly currentTarget: { readonly value: string } }) => {
      setTyped({ ...typed, [name]: event.currentTarget.value });
    },
  });
  function submit(event: SyntheticEvent) {
    event.preventDefault();
    save.mutate();
  }

  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Stack gap={0}>
          <Title order={3}>{texts.contact.yours}</Title>
          <Text size="sm" c="dimmed">
            {texts.contact.yoursHint}
          </Text>
        </Stack>
        <TextInput {...field("displayName", texts.contact.name, 200)} placeholder={contact.displayName} />
        <TextInput {...field("organization", texts.contact.organization, 200)} />
        <TextInput {...field("phone", texts.contact.phone, 50)} type="tel" />
        <Textarea {...field("note", texts.contact.note, 2000)} autosize minRows={2} maxRows={6} />
        <Group justify="flex-end">
          <Button type="submit" disabled={!isChanged} loading={save.isPending}>
            {texts.common.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
