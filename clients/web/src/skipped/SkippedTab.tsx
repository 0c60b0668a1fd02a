/** What was left out, each with the reason, and a way to take it up all the same. */

import { Badge, Button, Checkbox, Group, Paper, Select, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import type { Contact, SkippedQuery } from "mailboxes-client";
import { useState } from "react";

import { Search } from "../contacts/ContactFilters";
import { nameOf } from "../contacts/people";
import { Person } from "../contacts/Person";
import { ImportForm } from "../groups/ImportForm";
import { useClient } from "../shared/client";
import { More } from "../shared/More";
import { keys } from "../shared/queries";
import { Section } from "../shared/Section";
import { Empty, Failed, Loading } from "../shared/states";
import { texts } from "../texts";

type Reason = NonNullable<SkippedQuery["reason"]>[number];

const REASONS: readonly Reason[] = [
  "automated",
  "list",
  "never_wrote_to",
  "never_exchanged",
  "own_address",
  "deleted",
  "merged",
];

export function SkippedTab() {
  const [q, setQ] = useState("");
  const [reason, setReason] = useState<Reason | null>(null);
  const [settled] = useDebouncedValue(q.trim(), 250);
  const pages = useSkippedPages(settled, reason);
  const skipped = pages.data?.pages.flatMap((page) => page.skipped) ?? [];
  const total = pages.data?.pages.at(-1)?.totalSize ?? 0;
  const restricted = Boolean(settled || reason);

  return (
    <Section title={texts.skipped.title} lead={texts.skipped.lead}>
      {(total > 0 || restricted) && (
        <Group gap="sm">
          <Search value={q} label={texts.contacts.search} onChange={setQ} />
          <Select
            aria-label={texts.skipped.reason}
            placeholder={texts.skipped.anyReason}
            clearable
            value={reason}
            data={REASONS.map((value) => ({ value, label: texts.skipped.reasons[value] }))}
            onChange={(value) => {
              setReason(value);
            }}
          />
        </Group>
      )}
      {pages.isPending && <Loading />}
      {pages.isError && <Failed error={pages.error} onRetry={() => void pages.refetch()} />}
      {pages.isSuccess && total === 0 && (
        <Empty
          icon="Filter"
          title={restricted ? texts.contacts.noneTitle : texts.skipped.emptyTitle}
          text={restricted ? texts.contacts.none : texts.skipped.empty}
        />
      )}
      {total > 0 && (
        <Stack gap="sm">
          <SkippedList skipped={skipped} total={total} />
          <More query={pages} shown={skipped.length} total={total} />
        </Stack>
      )}
    </Section>
  );
}

function useSkippedPages(q: string, reason: Reason | null) {
  const client = useClient();
  const query: SkippedQuery = { ...(q && { q }), ...(reason && { reason: [reason] }) };
  return useInfiniteQuery({
    queryKey: [...keys.skipped, query],
    queryFn: ({ pageParam, signal }) =>
      client.listSkipped({ ...query, pageSize: 50, pageToken: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextPageToken ?? undefined,
    placeholderData: keepPreviousData,
  });
}

function SkippedList({ skipped, total }: { readonly skipped: readonly Contact[]; readonly total: number }) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [adding, setAdding] = useState(false);
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  return (
    <>
      <Group justify="space-between" mih={36}>
        <Text size="sm" c="dimmed" role="status">
          {texts.skipped.addresses(total)}
        </Text>
        {chosen.size > 0 && (
          <Group gap="xs">
            <Text size="sm" fw={500} aria-live="polite">
              {texts.contacts.selected(chosen.size)}
            </Text>
            <Button
              size="xs"
              variant="light"
              onClick={() => {
                setAdding(true);
              }}
            >
              {texts.contacts.addToGroup}
            </Button>
          </Group>
        )}
      </Group>
      <Paper className="card">
        {skipped.map((contact) => (
          <Group key={contact.id} className="row" px="md" py="sm" gap="md" wrap="nowrap">
            <Checkbox
              aria-label={texts.contacts.select(nameOf(contact))}
              checked={chosen.has(contact.id)}
              onChange={() => {
                toggle(contact.id);
              }}
            />
            <Group flex={1} miw={0} justify="space-between" gap="xs">
              <Person contact={contact} />
              <Group gap="sm">
                <Text size="sm" c="dimmed">
                  {contact.reason.text}
                </Text>
                <Badge color="gray">{texts.skipped.reasons[contact.skippedBecause ?? "unknown"]}</Badge>
              </Group>
            </Group>
          </Group>
        ))}
      </Paper>
      {adding && (
        <ImportForm
          chosen={[...chosen]}
          onClose={(done) => {
            setAdding(false);
            if (done) setChosen(new Set());
          }}
        />
      )}
    </>
  );
}
