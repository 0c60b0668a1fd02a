import { Button, Group, Text } from "@mantine/core";
import type { Contact } from "mailboxes-client";
import { useState } from "react";

import { useMerge } from "../duplicates/useMerge";
import { ImportForm } from "../groups/ImportForm";
import { useRemoveMembers } from "../groups/useRemoveMembers";
import { Icon } from "../shared/icons";
import { useGroups } from "../shared/queries";
import { texts } from "../texts";

interface SelectionBarProps {
  readonly chosen: readonly Contact[];
  /** The id of the group whose members are shown; null when it is none. */
  readonly group: string | null;
  readonly onClear: () => void;
}

/** What can be done with the contacts that are ticked. */
export function SelectionBar({ chosen, group, onClear }: SelectionBarProps) {
  const [adding, setAdding] = useState(false);
  const merge = useMerge();
  const shown = useGroups().data?.find(({ id }) => id === group);
  const remove = useRemoveMembers();
  const ids = chosen.map(({ id }) => id);

  return (
    <Group gap="xs" role="group" aria-label={texts.contacts.selected(chosen.length)}>
      <Text size="sm" fw={500} aria-live="polite">
        {texts.contacts.selected(chosen.length)}
      </Text>
      <Button
        size="xs"
        variant="light"
        leftSection={<Icon name="UsersGroup" size={14} />}
        onClick={() => {
          setAdding(true);
        }}
      >
        {texts.contacts.addToGroup}
      </Button>
      {shown && (
        <Button
          size="xs"
          variant="default"
          onClick={() => {
            remove.mutate({ group: shown, ids }, { onSuccess: onClear });
          }}
        >
          {texts.contact.removeFrom(shown.name)}
        </Button>
      )}
      {chosen.length > 1 && (
        <Button
          size="xs"
          variant="default"
          loading={merge.isPending}
          leftSection={<Icon name="ArrowMerge" size={14} />}
          onClick={() => {
            merge.mutate(
              [...chosen].sort((a, b) => b.rank - a.rank),
              { onSuccess: onClear },
            );
          }}
        >
          {texts.contacts.merge}
        </Button>
      )}
      <Button size="xs" variant="subtle" color="gray" onClick={onClear}>
        {texts.contacts.unselect}
      </Button>
      {adding && (
        <ImportForm
          chosen={ids}
          onClose={(done) => {
            setAdding(false);
            if (done) onClear();
          }}
        />
      )}
    </Group>
  );
}
