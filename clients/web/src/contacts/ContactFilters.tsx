import { Chip, CloseButton, Group, Select, Stack, TextInput } from "@mantine/core";
import type { ContactQuery } from "mailboxes-client";

import { Icon } from "../shared/icons";
import { useGroups, useMailboxes } from "../shared/queries";
import { texts } from "../texts";
import { type Kind, KINDS } from "./people";

type Order = NonNullable<ContactQuery["order"]>;

export interface Filters {
  readonly q: string;
  readonly kinds: readonly Kind[];
  /** Ids; null is any. */
  readonly mailbox: string | null;
  readonly group: string | null;
  readonly order: Order;
}

export const NO_FILTERS: Filters = { q: "", kinds: [], mailbox: null, group: null, order: "rank" };

export function isRestricted({ q, kinds, mailbox, group }: Filters): boolean {
  return Boolean(q.trim() || kinds.length || mailbox || group);
}

export function queryOf({ q, kinds, mailbox, group, order }: Filters): ContactQuery {
  return {
    order,
    ...(q.trim() && { q: q.trim() }),
    ...(kinds.length && { kind: [...kinds] }),
    ...(mailbox && { mailbox }),
    ...(group && { group }),
  };
}

interface ContactFiltersProps {
  readonly filters: Filters;
  readonly onChange: (filters: Filters) => void;
}

export function ContactFilters({ filters, onChange }: ContactFiltersProps) {
  const set = (changes: Partial<Filters>) => {
    onChange({ ...filters, ...changes });
  };
  return (
    <Stack gap="sm">
      <Group gap="sm" className="filters">
        <Search
          value={filters.q}
          label={texts.contacts.search}
          onChange={(q) => {
            set({ q });
          }}
        />
        <Places filters={filters} set={set} />
        <Select
          aria-label={texts.contacts.order}
          allowDeselect={false}
          value={filters.order}
          data={Object.entries(texts.contacts.orders).map(([value, label]) => ({ value, label }))}
          onChange={(order) => {
            set({ order: order as Order });
          }}
        />
      </Group>
      <Chip.Group
        multiple
        value={[...filters.kinds]}
        onChange={(kinds) => {
          set({ kinds: kinds });
        }}
      >
        <Group gap="xs" role="group" aria-label={texts.contacts.kind}>
          {KINDS.map((kind) => (
            <Chip key={kind} value={kind} size="xs" variant="light">
              {texts.contacts.kindsPlural[kind]}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
    </Stack>
  );
}

/** Filters that only mean something where there is more than one of a thing. */
function Places({
  filters,
  set,
}: {
  readonly filters: Filters;
  readonly set: (c: Partial<Filters>) => void;
}) {
  const mailboxes = useMailboxes();
  const groups = useGroups();
  return (
    <>
      {mailboxes.data && mailboxes.data.length > 1 && (
        <Select
          aria-label={texts.contacts.mailbox}
          placeholder={texts.contacts.anyMailbox}
          clearable
          value={filters.mailbox}
          data={mailboxes.data.map(({ id, label }) => ({ value: id, label }))}
          onChange={(mailbox) => {
            set({ mailbox });
          }}
        />
      )}
      {groups.data && groups.data.length > 0 && (
        <Select
          aria-label={texts.contacts.group}
          placeholder={texts.contacts.anyGroup}
          clearable
          value={filters.group}
          data={groups.data.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(group) => {
            set({ group });
          }}
        />
      )}
    </>
  );
}

interface SearchProps {
  readonly value: string;
  readonly label: string;
  readonly onChange: (value: string) => void;
}

export function Search({ value, label, onChange }: SearchProps) {
  return (
    <TextInput
      type="search"
      className="search"
      aria-label={label}
      placeholder={label}
      value={value}
      leftSection={<Icon name="Search" size={16} />}
      rightSection={
        value && (
          <CloseButton
            size="sm"
            aria-label={texts.contacts.clearSearch}
            onClick={() => {
              onChange("");
            }}
          />
        )
      }
      onChange={(event) => {
        onChange(event.currentTarget.value);
      }}
    />
  );
}
