import { Badge, Button, Group, Paper, Radio, SimpleGrid, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { Contact, Duplicate } from "mailboxes-client";
import { useState } from "react";

import { nameOf } from "../contacts/people";
import { Person } from "../contacts/Person";
import { useClient } from "../shared/client";
import { Icon } from "../shared/icons";
import { notifyDone } from "../shared/notify";
import { useContactsChanged } from "../shared/queries";
import { texts } from "../texts";
import { useMerge } from "./useMerge";

/** One pair: why, which of them is kept, and the two ways to settle it. */
export function DuplicateCard({ pair }: { readonly pair: Duplicate }) {
  const client = useClient();
  const changed = useContactsChanged();
  const merge = useMerge();
  const [keptId, setKeptId] = useState(pair.first.id);
  const [kept, other] = keptId === pair.first.id ? [pair.first, pair.second] : [pair.second, pair.first];
  const dismiss = useMutation({
    mutationFn: () => client.dismissDuplicate(pair.first.id, pair.second.id),
    onSuccess: async () => {
      notifyDone(texts.duplicates.dismissed);
      await changed();
    },
  });
  const names = [nameOf(pair.first), nameOf(pair.second)] as const;

  return (
    <Paper className="card" p="lg" component="article" aria-label={names.join(", ")}>
      <Stack gap="md">
        <Group gap="sm">
          <Badge color={pair.score >= 0.9 ? "teal" : "gray"}>{texts.duplicates.sure(pair.score)}</Badge>
          <Text size="sm">{pair.why}</Text>
        </Group>
        <Radio.Group value={keptId} onChange={setKeptId} aria-label={texts.duplicates.keep}>
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
            <Choice contact={pair.first} isKept={kept === pair.first} />
            <Choice contact={pair.second} isKept={kept === pair.second} />
          </SimpleGrid>
        </Radio.Group>
        <Group gap="sm" justify="flex-end">
          <Button
            variant="default"
            aria-label={texts.duplicates.dismissOf(...names)}
            loading={dismiss.isPending}
            onClick={() => {
              dismiss.mutate();
            }}
          >
            {texts.duplicates.dismiss}
          </Button>
          <Button
            aria-label={texts.duplicates.mergeOf(nameOf(kept), nameOf(other))}
            leftSection={<Icon name="ArrowMerge" size={16} />}
            loading={merge.isPending}
            onClick={() => {
              merge.mutate([kept, other]);
            }}
          >
            {texts.duplicates.merge}
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}

function Choice({ contact, isKept }: { readonly contact: Contact; readonly isKept: boolean }) {
  return (
    <Radio.Card
      value={contact.id}
      className="choice"
      p="md"
      radius="md"
      aria-label={texts.duplicates.keepOf(nameOf(contact))}
    >
      <Group justify="space-between" wrap="nowrap" gap="sm" align="flex-start">
        <Stack gap={6} miw={0}>
          <Person contact={contact} />
          <Text size="xs" c="dimmed" className="figures">
            {texts.contacts.sent(contact.wroteTo)}, {texts.contacts.received(contact.received)}
          </Text>
        </Stack>
        <Stack gap={4} align="flex-end">
          <Radio.Indicator />
          {isKept && (
            <Text size="xs" c="dimmed">
              {texts.duplicates.keeping}
            </Text>
          )}
        </Stack>
      </Group>
    </Radio.Card>
  );
}
