import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { Group as ContactGroup } from "mailboxes-client";
import { type SyntheticEvent, useState } from "react";

import { useClient } from "../shared/client";
import { notifyDone, sentenceOf } from "../shared/notify";
import { useContactsChanged } from "../shared/queries";
import { texts } from "../texts";

interface GroupFormProps {
  /** The group to rename; without it, one is made. */
  readonly group?: ContactGroup;
  readonly onClose: () => void;
}

export function GroupForm({ group, onClose }: GroupFormProps) {
  const client = useClient();
  const changed = useContactsChanged();
  const [name, setName] = useState(group?.name ?? "");
  const [missing, setMissing] = useState(false);
  const save = useMutation({
    mutationFn: () =>
      group ? client.renameGroup(group.id, name.trim(), group.etag) : client.createGroup(name.trim()),
    onSuccess: async (saved) => {
      onClose();
      if (!group) notifyDone(texts.groups.created(saved.name));
      await changed();
    },
    meta: { shownInPlace: true },
  });
  function submit(event: SyntheticEvent) {
    event.preventDefault();
    setMissing(!name.trim());
    if (name.trim()) save.mutate();
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title={group ? texts.groups.renameTitle(group.name) : texts.groups.create}
      closeButtonProps={{ "aria-label": texts.common.close }}
    >
      <form onSubmit={submit} noValidate>
        <Stack gap="lg">
          <TextInput
            data-autofocus
            label={texts.groups.name}
            maxLength={100}
            value={name}
            error={missing ? texts.form.required : save.isError && sentenceOf(save.error)}
            onChange={(event) => {
              setName(event.currentTarget.value);
              setMissing(false);
            }}
          />
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {texts.common.cancel}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {texts.common.save}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
