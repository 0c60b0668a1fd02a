/** All that is known of a contact, and what the user says about it. */

import { Badge, Drawer, Group, Pill, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Contact } from "mailboxes-client";
import type { ReactNode } from "react";

import { useRemoveMembers } from "../groups/useRemoveMembers";
import { useClient } from "../shared/client";
import { moment } from "../shared/format";
import { keys, useGroups } from "../shared/queries";
import { texts } from "../texts";
import { Activity, spanOf } from "./Activity";
import { DeleteContact } from "./DeleteContact";
import { KIND_COLORS } from "./people";
import { Person } from "./Person";
import { TypedForm } from "./TypedForm";

interface ContactDrawerProps {
  readonly id: string;
  /** As it was in the list, until it is read anew. */
  readonly seen: Contact;
  readonly onClose: () => void;
}

export function ContactDrawer({ id, seen, onClose }: ContactDrawerProps) {
  const client = useClient();
  const { data: contact } = useQuery({
    queryKey: [...keys.contacts, "one", id],
    queryFn: () => client.getContact(id),
    placeholderData: seen,
  });
  const known = contact ?? seen;
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={440}
      title={<Person contact={known} />}
      closeButtonProps={{ "aria-label": texts.common.close }}
    >
      <Stack gap="xl">
        <Facts contact={known} />
        <TypedForm key={known.etag} contact={known} />
        <DeleteContact contact={known} onDeleted={onClose} />
      </Stack>
    </Drawer>
  );
}

function Facts({ contact }: { readonly contact: Contact }) {
  const others = contact.alternateNames;
  return (
    <Stack component="dl" gap="md" m={0}>
      <Fact term={texts.contact.reason}>
        <Group gap="xs">
          <Badge color={KIND_COLORS[contact.kind]}>{texts.contacts.kinds[contact.kind]}</Badge>
          <Text size="sm">{contact.reason.text}</Text>
        </Group>
      </Fact>
      <Fact term={texts.contact.addresses}>
        {contact.addresses.map(({ address }) => (
          <Text key={address} size="sm" className="wrap-anywhere">
            {address}
          </Text>
        ))}
      </Fact>
      {others.length > 0 && (
        <Fact term={texts.contact.otherNames}>
          <Text size="sm">{others.join(", ")}</Text>
        </Fact>
      )}
      <Fact term={texts.contacts.columns.mail}>
        <Stack gap={4} align="flex-start">
          <Activity contact={contact} span={spanOf([contact])} />
          <Text size="sm">
            {texts.contacts.sent(contact.wroteTo)}, {texts.contacts.received(contact.received)},{" "}
            {texts.contacts.together(contact.seenTogether)}
          </Text>
          {contact.lastAt && (
            <Text size="sm" c="dimmed">
              {texts.contact.last}: {moment(contact.lastAt)}
            </Text>
          )}
        </Stack>
      </Fact>
      <Fact term={texts.contact.rank}>
        <Text size="sm">{texts.contact.rankOf(contact.rank)}</Text>
      </Fact>
      <Memberships contact={contact} />
    </Stack>
  );
}

function Fact({ term, children }: { readonly term: string; readonly children: ReactNode }) {
  return (
    <div>
      <Text component="dt" size="xs" c="dimmed" mb={4}>
        {term}
      </Text>
      <dd className="fact">{children}</dd>
    </div>
  );
}

function Memberships({ contact }: { readonly contact: Contact }) {
  const groups = useGroups();
  const remove = useRemoveMembers();
  const mine = groups.data?.filter(({ id }) => contact.groupIds.includes(id)) ?? [];
  if (mine.length === 0) return null;
  return (
    <Fact term={texts.contact.groups}>
      <Group gap="xs">
        {mine.map((group) => (
          <Pill
            key={group.id}
            withRemoveButton
            removeButtonProps={{
              "aria-label": texts.contact.removeFrom(group.name),
              "aria-hidden": false,
              tabIndex: 0,
            }}
            onRemove={() => {
              remove.mutate({ group, ids: [contact.id] });
            }}
          >
            {group.name}
          </Pill>
        ))}
      </Group>
    </Fact>
  );
}
