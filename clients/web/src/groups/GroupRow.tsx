import { ActionIcon, Button, Group, Menu, Stack, Text, ThemeIcon } from "@mantine/core";
import type { Group as ContactGroup } from "mailboxes-client";

import { ago } from "../shared/format";
import { Icon } from "../shared/icons";
import { useNow } from "../shared/useNow";
import { texts } from "../texts";

export type GroupDialog = "rename" | "delete" | "import";

interface GroupRowProps {
  readonly group: ContactGroup;
  readonly onShow: () => void;
  readonly onOpen: (dialog: GroupDialog) => void;
}

export function GroupRow({ group, onShow, onOpen }: GroupRowProps) {
  const opens = (dialog: GroupDialog) => () => {
    onOpen(dialog);
  };
  const now = useNow();
  return (
    <Group className="row" p="md" gap="md" wrap="nowrap" justify="space-between">
      <Group gap="md" wrap="nowrap" miw={0}>
        <ThemeIcon variant="light" size={38} radius="md">
          <Icon name="UsersGroup" />
        </ThemeIcon>
        <Stack gap={0} miw={0}>
          <Text fw={550} size="sm" className="wrap-anywhere">
            {group.name}
          </Text>
          <Text size="xs" c="dimmed">
            {texts.groups.members(group.members)} · {texts.groups.updated(ago(group.updatedAt, now))}
          </Text>
        </Stack>
      </Group>
      <Group gap="xs" wrap="nowrap">
        <Button size="xs" variant="default" aria-label={texts.groups.showOf(group.name)} onClick={onShow}>
          {texts.groups.show}
        </Button>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="default" size={30} aria-label={texts.groups.actionsOf(group.name)}>
              <Icon name="DotsVertical" size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<Icon name="Plus" size={16} />} onClick={opens("import")}>
              {texts.groups.import}
            </Menu.Item>
            <Menu.Item leftSection={<Icon name="Pencil" size={16} />} onClick={opens("rename")}>
              {texts.groups.rename}
            </Menu.Item>
            <Menu.Item
              c="var(--mantine-color-error)"
              leftSection={<Icon name="Trash" size={16} />}
              onClick={opens("delete")}
            >
              {texts.groups.delete}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
    </Group>
  );
}
