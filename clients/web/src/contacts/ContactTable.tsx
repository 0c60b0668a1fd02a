/** The list itself: a table where there is room, rows of cards where there is not. */

import { Badge, Checkbox, Group, Paper, Stack, Table, Text, UnstyledButton } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import type { Contact } from "mailboxes-client";

import { Icon } from "../shared/icons";
import { texts } from "../texts";
import { Activity, type Span, spanOf } from "./Activity";
import { KIND_COLORS, nameOf } from "./people";
import { Person } from "./Person";

interface ContactTableProps {
  readonly contacts: readonly Contact[];
  readonly chosen: ReadonlyMap<string, Contact>;
  readonly onChoose: (chosen: ReadonlyMap<string, Contact>) => void;
  readonly onOpen: (contact: Contact) => void;
}

interface RowProps {
  readonly contact: Contact;
  readonly span: Span;
  readonly isChosen: boolean;
  readonly onToggle: () => void;
  readonly onOpen: () => void;
}

export function ContactTable({ contacts, chosen, onChoose, onOpen }: ContactTableProps) {
  const isNarrow = useMediaQuery("(max-width: 48em)");
  const span = spanOf(contacts);
  const rows = contacts.map((contact) => ({
    contact,
    span,
    isChosen: chosen.has(contact.id),
    onToggle: () => {
      onChoose(toggled(chosen, contact));
    },
    onOpen: () => {
      onOpen(contact);
    },
  }));
  if (isNarrow) {
    return (
      <Paper className="card">
        {rows.map((row) => (
          <Card key={row.contact.id} {...row} />
        ))}
      </Paper>
    );
  }
  const all = contacts.length > 0 && contacts.every(({ id }) => chosen.has(id));
  return (
    <Paper className="card clip">
      <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover aria-label={texts.contacts.title}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={44}>
              <Checkbox
                aria-label={texts.contacts.selectAll}
                checked={all}
                indeterminate={!all && contacts.some(({ id }) => chosen.has(id))}
                onChange={() => {
                  onChoose(all ? new Map() : new Map(contacts.map((contact) => [contact.id, contact])));
                }}
              />
            </Table.Th>
            <Table.Th>{texts.contacts.columns.contact}</Table.Th>
            <Table.Th>{texts.contacts.columns.reason}</Table.Th>
            <Table.Th>{texts.contacts.columns.mail}</Table.Th>
            <Table.Th>{texts.contacts.columns.activity}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Row key={row.contact.id} {...row} />
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}

function Row({ contact, span, isChosen, onToggle, onOpen }: RowProps) {
  return (
    <Table.Tr data-chosen={isChosen}>
      <Table.Td>
        <Checkbox
          aria-label={texts.contacts.select(nameOf(contact))}
          checked={isChosen}
          onChange={onToggle}
        />
      </Table.Td>
      <Table.Td>
        <UnstyledButton className="row-button" aria-haspopup="dialog" onClick={onOpen}>
          <Person contact={contact} />
        </UnstyledButton>
      </Table.Td>
      <Table.Td>
        <Why contact={contact} />
      </Table.Td>
      <Table.Td>
        <Counts contact={contact} />
      </Table.Td>
      <Table.Td>
        <Activity contact={contact} span={span} />
      </Table.Td>
    </Table.Tr>
  );
}

function Card({ contact, span, isChosen, onToggle, onOpen }: RowProps) {
  return (
    <Group className="row" p="md" gap="sm" wrap="nowrap" align="flex-start">
      <Checkbox
        mt={8}
        aria-label={texts.contacts.select(nameOf(contact))}
        checked={isChosen}
        onChange={onToggle}
      />
      <Stack gap="xs" flex={1} miw={0}>
        <UnstyledButton className="row-button" aria-haspopup="dialog" onClick={onOpen}>
          <Person contact={contact} />
        </UnstyledButton>
        <Why contact={contact} />
        <Group justify="space-between" gap="sm">
          <Counts contact={contact} />
          <Activity contact={contact} span={span} />
        </Group>
      </Stack>
    </Group>
  );
}

export function Why({ contact }: { readonly contact: Contact }) {
  return (
    <Group gap={8}>
      {contact.kind !== "person" && (
        <Badge color={KIND_COLORS[contact.kind]}>{texts.contacts.kinds[contact.kind]}</Badge>
      )}
      <Text size="sm" c="dimmed">
        {contact.reason.text}
      </Text>
    </Group>
  );
}

function Counts({ contact }: { readonly contact: Contact }) {
  const { wroteTo, received } = contact;
  return (
    <Group gap="sm" wrap="nowrap" className="figures" fz="sm">
      <Group gap={2} wrap="nowrap" className="sent">
        <Icon name="ArrowUpRight" size={15} />
        <span aria-hidden="true">{wroteTo.toLocaleString("en")}</span>
        <span className="sr-only">{texts.contacts.sent(wroteTo)}</span>
      </Group>
      <Group gap={2} wrap="nowrap" className="received">
        <Icon name="ArrowDownLeft" size={15} />
        <span aria-hidden="true">{received.toLocaleString("en")}</span>
        <span className="sr-only">{texts.contacts.received(received)}</span>
      </Group>
    </Group>
  );
}

function toggled(chosen: ReadonlyMap<string, Contact>, contact: Contact): ReadonlyMap<string, Contact> {
  const next = new Map(chosen);
  if (!next.delete(contact.id)) next.set(contact.id, contact);
  return next;
}
