import { Avatar, Group, Stack, Text } from "@mantine/core";
import type { Contact } from "mailboxes-client";

import { colorOf, initialsOf, nameOf } from "./people";

interface PersonProps {
  readonly contact: Contact;
  /** A line below, in place of the address. */
  readonly note?: string;
}

/** Picture, name and address. */
export function Person({ contact, note }: PersonProps) {
  const name = nameOf(contact);
  const below = note ?? (name === contact.address ? "" : contact.address);
  return (
    <Group gap="sm" wrap="nowrap">
      <Avatar size={36} color={colorOf(contact)} radius="xl" aria-hidden="true">
        {initialsOf(contact)}
      </Avatar>
      <Stack gap={0} miw={0}>
        <Text component="span" size="sm" fw={550} className="wrap-anywhere row-title">
          {name}
        </Text>
        {below && (
          <Text component="span" size="xs" c="dimmed" className="wrap-anywhere">
            {below}
          </Text>
        )}
      </Stack>
    </Group>
  );
}
