/** The contacts: search, filter, choose, look at one, export. */

import { Button, Group, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import type { Contact, ContactQuery } from "mailboxes-client";
import { useState } from "react";

import { useClient } from "../shared/client";
import { More } from "../shared/More";
import { keys } from "../shared/queries";
import { Section } from "../shared/Section";
import { Empty, Failed, Loading } from "../shared/states";
import { texts } from "../texts";
import { ContactDrawer } from "./ContactDrawer";
import { ContactFilters, type Filters, isRestricted, NO_FILTERS, queryOf } from "./ContactFilters";
import { ContactTable } from "./ContactTable";
import { ExportMenu } from "./ExportMenu";
import { SelectionBar } from "./SelectionBar";

interface ContactsTabProps {
  /** The group whose members are shown at first. */
  readonly group: string | undefined;
  readonly onShowMailboxes: () => void;
}

export function ContactsTab({ group, onShowMailboxes }: ContactsTabProps) {
  const [filters, setFilters] = useState<Filters>({ ...NO_FILTERS, group: group ?? null });
  const [open, setOpen] = useState<Contact>();
  const [chosen, setChosen] = useState<ReadonlyMap<string, Contact>>(new Map());
  const [settled] = useDebouncedValue(filters, 250);
  const pages = useContactPages(queryOf(settled));
  const contacts = pages.data?.pages.flatMap((page) => page.contacts) ?? [];
  const total = pages.data?.pages.at(-1)?.totalSize ?? 0;
  const isEmpty = pages.isSuccess && total === 0;
  const restricted = isRestricted(settled);

  return (
    <Section
      title={texts.contacts.title}
      lead={texts.contacts.lead}
      actions={total > 0 && <ExportMenu query={queryOf(settled)} />}
    >
      {!(isEmpty && !restricted) && <ContactFilters filters={filters} onChange={setFilters} />}
      {pages.isPending && <Loading />}
      {pages.isError && <Failed error={pages.error} onRetry={() => void pages.refetch()} />}
      {isEmpty && (
        <NoContacts
          restricted={restricted}
          onClear={() => {
            setFilters(NO_FILTERS);
          }}
          onShowMailboxes={onShowMailboxes}
        />
      )}
      {total > 0 && (
        <Stack gap="sm">
          <Group justify="space-between" mih={36}>
            <Text size="sm" c="dimmed" role="status">
              {texts.contacts.found(total)}
            </Text>
            {chosen.size > 0 && (
              <SelectionBar
                chosen={[...chosen.values()]}
                group={settled.group}
                onClear={() => {
                  setChosen(new Map());
                }}
              />
            )}
          </Group>
          <ContactTable contacts={contacts} chosen={chosen} onChoose={setChosen} onOpen={setOpen} />
          <More query={pages} shown={contacts.length} total={total} />
        </Stack>
      )}
      {open && (
        <ContactDrawer
          id={open.id}
          seen={open}
          onClose={() => {
            setOpen(undefined);
          }}
        />
      )}
    </Section>
  );
}

function useContactPages(query: ContactQuery) {
  const client = useClient();
  return useInfiniteQuery({
    queryKey: [...keys.contacts, "list", query],
    queryFn: ({ pageParam, signal }) =>
      client.listContacts({ ...query, pageSize: 50, pageToken: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextPageToken ?? undefined,
    placeholderData: keepPreviousData,
  });
}

interface NoContactsProps {
  readonly restricted: boolean;
  readonly onClear: () => void;
  readonly onShowMailboxes: () => void;
}

function NoContacts({ restricted, onClear, onShowMailboxes }: NoContactsProps) {
  if (restricted) {
    return (
      <Empty icon="Search" title={texts.contacts.noneTitle} text={texts.contacts.none}>
        <Button variant="default" onClick={onClear}>
          {texts.contacts.clear}
        </Button>
      </Empty>
    );
  }
  return (
    <Empty icon="Users" title={texts.contacts.emptyTitle} text={texts.contacts.empty}>
      <Button onClick={onShowMailboxes}>{texts.contacts.toMailboxes}</Button>
    </Empty>
  );
}
