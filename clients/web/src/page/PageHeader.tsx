import {
  ActionIcon,
  Breadcrumbs,
  Group,
  Menu,
  Stack,
  Text,
  Title,
  Tooltip,
  useMantineColorScheme,
} from "@mantine/core";
import { useEffect } from "react";

import { Icon, type IconName } from "../shared/icons";
import { texts } from "../texts";

const SCHEMES = { light: "Sun", dark: "Moon", auto: "DeviceDesktop" } as const satisfies Record<
  string,
  IconName
>;

export function PageHeader({ onLeave }: { readonly onLeave: () => void }) {
  return (
    <header>
      <a
        className="page-skip"
        href="#content"
        onClick={(event) => {
          event.preventDefault(); // the address holds the open tab
          document.getElementById("content")?.focus();
        }}
      >
        {texts.page.skip}
      </a>
      <div className="page-bar">
        <Group className="page-content" justify="space-between" h={56}>
          <nav aria-label={texts.page.breadcrumbs}>
            <Breadcrumbs separatorMargin={8}>
              <Text size="sm" c="dimmed">
                {texts.page.profile}
              </Text>
              <Text size="sm" fw={500} aria-current="page">
                {texts.page.title}
              </Text>
            </Breadcrumbs>
          </nav>
          <Group gap={4}>
            <SchemeMenu />
            <Tooltip label={texts.token.leave}>
              <ActionIcon
                variant="subtle"
                color="gray"
                size="lg"
                aria-label={texts.token.leave}
                onClick={onLeave}
              >
                <Icon name="Logout" />
              </ActionIcon>
            </Tooltip>
          </Group>
        </Group>
      </div>
      <Stack className="page-content" gap={4} pt={36} pb={20} id="content" tabIndex={-1}>
        <Title order={1}>{texts.page.title}</Title>
        <Text c="dimmed">{texts.page.lead}</Text>
      </Stack>
    </header>
  );
}

function SchemeMenu() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  useEffect(() => {
    document.documentElement.dataset.scheme = colorScheme;
  }, [colorScheme]);

  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={texts.page.colorScheme.label}>
          <Icon name={SCHEMES[colorScheme]} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(["light", "dark", "auto"] as const).map((scheme) => (
          <Menu.Item
            key={scheme}
            leftSection={<Icon name={SCHEMES[scheme]} size={16} />}
            rightSection={scheme === colorScheme ? <Icon name="Check" size={14} /> : undefined}
            onClick={() => {
              setColorScheme(scheme);
            }}
          >
            {texts.page.colorScheme[scheme]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
