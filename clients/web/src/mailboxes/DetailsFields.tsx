import {
  Button,
  Collapse,
  Group,
  NativeSelect,
  Paper,
  PasswordInput,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import type { Mailbox, Suggestion } from "mailboxes-client";
import { useState } from "react";

import { Icon } from "../shared/icons";
import { texts } from "../texts";
import { SERVER_FIELDS } from "./draft";
import type { Details } from "./useDetails";

interface DetailsFieldsProps {
  readonly details: Details;
  readonly mailbox: Mailbox | undefined;
  readonly suggestion: Suggestion | undefined;
}

export function DetailsFields({ details, mailbox, suggestion }: DetailsFieldsProps) {
  const isOauth = mailbox?.auth === "oauth";
  return (
    <Stack gap="md">
      <TextInput {...details.text("label")} label={texts.form.label} description={texts.form.labelHint} />
      {isOauth ? (
        <Text size="sm" c="dimmed">
          {texts.form.oauthEdit}
        </Text>
      ) : (
        <>
          <Password details={details} mailbox={mailbox} suggestion={suggestion} />
          <Server details={details} isKnown={Boolean(mailbox ?? suggestion?.host)} />
        </>
      )}
    </Stack>
  );
}

function Password({ details, mailbox, suggestion }: DetailsFieldsProps) {
  const isApp = Boolean(suggestion?.passwordHint);
  const kept = mailbox && !details.needsPassword ? texts.form.passwordKept : undefined;
  const needed = mailbox && details.needsPassword ? texts.form.passwordNeeded : undefined;
  return (
    <PasswordInput
      {...details.text("password")}
      autoComplete="off"
      label={isApp ? texts.form.appPassword : texts.form.password}
      description={needed}
      placeholder={kept}
    />
  );
}

/** Host, port, encryption and login name; folded away where they are known, unless one of them is wrong. */
function Server({ details, isKnown }: { readonly details: Details; readonly isKnown: boolean }) {
  const [opened, setOpened] = useState(!isKnown);
  const isOpen = opened || SERVER_FIELDS.some((field) => details.errors[field]?.trim());
  const { host, port, tls } = details.draft;
  return (
    <Paper className="well" radius="md" p="sm">
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Stack gap={0}>
          <Text size="sm" fw={500}>
            {texts.form.server}
          </Text>
          {!isOpen && (
            <Text size="sm" c="dimmed" className="wrap-anywhere">
              {texts.form.serverSummary(host, Number(port), tls)}
            </Text>
          )}
        </Stack>
        {isKnown && (
          <Button
            size="compact-sm"
            variant="subtle"
            aria-expanded={isOpen}
            aria-controls="server-fields"
            rightSection={<Icon name={isOpen ? "ChevronDown" : "ChevronRight"} size={14} />}
            onClick={() => {
              setOpened(!isOpen);
            }}
          >
            {texts.form.change}
          </Button>
        )}
      </Group>
      <Collapse expanded={isOpen} id="server-fields">
        <Stack gap="md" pt="sm">
          <TextInput
            {...details.text("host")}
            label={texts.form.host}
            placeholder="imap.example.org"
            autoCapitalize="none"
            spellCheck={false}
          />
          <Group grow align="flex-start">
            <TextInput {...details.text("port")} label={texts.form.port} inputMode="numeric" />
            <NativeSelect
              label={texts.form.encryption}
              value={tls ? "tls" : "starttls"}
              error={details.errors.tls}
              data={[
                { value: "tls", label: texts.form.tls },
                { value: "starttls", label: texts.form.starttls },
              ]}
              onChange={(event) => {
                details.chooseTls(event.currentTarget.value === "tls");
              }}
            />
          </Group>
          <TextInput
            {...details.text("user")}
            label={texts.form.user}
            description={texts.form.userHint}
            autoCapitalize="none"
            spellCheck={false}
          />
        </Stack>
      </Collapse>
    </Paper>
  );
}
