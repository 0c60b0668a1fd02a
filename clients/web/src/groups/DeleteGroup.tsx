import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { Group as ContactGroup } from "mailboxes-client";

import { useClient } from "../shared/client";
import { notifyDone } from "../shared/notify";
import { useContactsChanged } from "../shared/queries";
import { texts } from "../texts";

interface DeleteGroupProps {
  readonly group: ContactGroup;
  readonly onClose: () => void;
}

export function DeleteGroup({ group, onClose }: DeleteGroupProps) {
  const client = useClient();
  const changed = useContactsChanged();
  const remove = useMutation({
    mutationFn: () => client.deleteGroup(group.id),
    onSuccess: async () => {
      onClose();
      notifyDone(texts.groups.deleted(group.name));
      await changed();
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={texts.groups.deleteTitle(group.name)}
      closeButtonProps={{ "aria-label": texts.common.close }}
    >
      <Stack gap="lg">
        <Text size="sm">{texts.groups.deleteText}</Text>
        <Group justify="flex-end" gap="sm">
          <Button variant="default" data-autofocus onClick={onClose}>
            {texts.common.cancel}
          </Button>
          <Button
            color="red"
            loading={remove.isPending}
            onClick={() => {
              remove.mutate();
            }}
          >
            {texts.groups.delete}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
