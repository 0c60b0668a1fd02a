import { Checkbox, Group, Select, SimpleGrid, Slider, Stack, Text, TextInput } from "@mantine/core";
import type { ImportBody } from "mailboxes-client";

import { type Kind, KINDS } from "../contacts/people";
import { useMailboxes } from "../shared/queries";
import { texts } from "../texts";

type Policy = "wrote_to" | "corresponded";

export interface Selection extends NonNullable<ImportBody["selection"]> {
  readonly kinds: Kind[];
  readonly minRank: number;
  readonly q: string;
  readonly policy: Policy | null;
  readonly mailbox: string | null;
}

export const FIRST_SELECTION: Selection = {
  kinds: ["person"],
  minRank: 0,
  q: "",
  policy: null,
  mailbox: null,
};

interface SelectionFieldsProps {
  readonly selection: Selection;
  readonly onChange: (selection: Selection) => void;
}

/** Whom to import: all contacts that meet every condition. */
export function SelectionFields({ selection, onChange }: SelectionFieldsProps) {
  const mailboxes = useMailboxes();
  const set = (changes: Partial<Selection>) => {
    onChange({ ...selection, ...changes });
  };
  return (
    <Stack gap="md">
      <Checkbox.Group
        label={texts.import.who}
        value={selection.kinds}
        onChange={(kinds) => {
          set({ kinds: kinds });
        }}
      >
        <Group gap="md" mt={6}>
          {KINDS.map((kind) => (
            <Checkbox key={kind} value={kind} label={texts.contacts.kindsPlural[kind]} />
          ))}
        </Group>
      </Checkbox.Group>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="md">
        <Select
          label={texts.import.policy}
          placeholder={texts.import.anyPolicy}
          clearable
          value={selection.policy}
          data={(["wrote_to", "corresponded"] as const).map((value) => ({
            value,
            label: texts.policy[value],
          }))}
          onChange={(policy) => {
            set({ policy: policy });
          }}
        />
        {mailboxes.data && mailboxes.data.length > 1 ? (
          <Select
            label={texts.contacts.mailbox}
            placeholder={texts.contacts.anyMailbox}
            clearable
            value={selection.mailbox}
            data={mailboxes.data.map(({ id, label }) => ({ value: id, label }))}
            onChange={(mailbox) => {
              set({ mailbox });
            }}
          />
        ) : null}
        <TextInput
          label={texts.import.words}
          maxLength={200}
          value={selection.q}
          onChange={(event) => {
            set({ q: event.currentTarget.value });
          }}
        />
      </SimpleGrid>
      <Stack gap={6}>
        <Group justify="space-between">
          <Text size="sm" fw={500} id="min-rank">
            {texts.import.minRank}
          </Text>
          <Text size="sm" className="figures" aria-hidden="true">
            {selection.minRank}
          </Text>
        </Group>
        <Slider
          aria-labelledby="min-rank"
          thumbProps={{ "aria-labelledby": "min-rank" }}
          label={null}
          step={5}
          value={selection.minRank}
          onChange={(minRank) => {
            set({ minRank });
          }}
        />
        <Text size="xs" c="dimmed">
          {texts.import.minRankHint}
        </Text>
      </Stack>
    </Stack>
  );
}
