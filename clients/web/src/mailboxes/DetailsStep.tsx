/** How to log in: password and server, tested before they are stored. */

import { Alert, Button, Checkbox, Group, List, Stack, Text } from "@mantine/core";
import type { Mailbox, Remedy, Suggestion } from "mailboxes-client";
import type { SyntheticEvent } from "react";

import { Icon } from "../shared/icons";
import { useProviders } from "../shared/queries";
import { texts } from "../texts";
import { DetailsFields } from "./DetailsFields";
import type { Draft, ForeignServer } from "./draft";
import { ExternalLink, Outcome } from "./Outcome";
import { type Details, useDetails } from "./useDetails";

interface DetailsStepProps {
  readonly initial: Draft;
  /** The mailbox that is changed; without it, one is added. */
  readonly mailbox?: Mailbox;
  readonly suggestion?: Suggestion;
  /** The suggested server, where the user has to confirm it. */
  readonly foreign?: ForeignServer | undefined;
  readonly onBack: () => void;
  readonly onOauth?: () => void;
  readonly onSaved: (mailbox: Mailbox) => void;
}

export function DetailsStep({
  initial,
  mailbox,
  suggestion,
  foreign,
  onBack,
  onOauth,
  onSaved,
}: DetailsStepProps) {
  const details = useDetails(initial, mailbox, foreign, onSaved);
  const providers = useProviders();
  const provider = providers.data?.find(({ id }) => id === suggestion?.oauthProvider);
  function submit(event: SyntheticEvent) {
    event.preventDefault();
    details.save();
  }

  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="lg">
        {suggestion && <Source suggestion={suggestion} />}
        <DetailsFields details={details} mailbox={mailbox} suggestion={suggestion} />
        {details.foreign && <Confirmation details={details} server={details.foreign} />}
        {details.failure && <Outcome failure={details.failure} />}
        {details.works && (
          <Alert color="teal" role="status" icon={<Icon name="Check" />}>
            {texts.form.works}
          </Alert>
        )}
        {details.failure && !details.needsPassword && (
          <Button variant="subtle" color="gray" size="compact-sm" onClick={details.saveUntested}>
            {texts.form.saveAnyway}
          </Button>
        )}
        {onOauth && provider && (
          <Button variant="subtle" size="compact-sm" onClick={onOauth}>
            {texts.form.useOauth(provider.name)}
          </Button>
        )}
        <Group justify="space-between" gap="sm">
          <Button variant="subtle" color="gray" px="xs" onClick={onBack}>
            {mailbox ? texts.common.cancel : texts.common.back}
          </Button>
          <Group gap="sm">
            {mailbox?.auth !== "oauth" && (
              <Button variant="default" loading={details.isTesting} onClick={details.test}>
                {texts.form.test}
              </Button>
            )}
            <Button type="submit" loading={details.isSaving}>
              {mailbox?.auth === "oauth" ? texts.form.saveEdit : texts.form.save}
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  );
}

/** Asks before a password goes to a server that is not the domain's own (RFC 6186, section 6). */
function Confirmation({ details, server }: { readonly details: Details; readonly server: ForeignServer }) {
  const { domain, host } = server;
  return (
    <Alert color="orange" role="group" icon={<Icon name="AlertTriangle" />}>
      <Stack gap="sm">
        <Text size="sm" className="wrap-anywhere">
          {texts.form.foreign(domain, host)}
        </Text>
        <Checkbox {...details.confirmation()} label={texts.form.foreignConfirm(host)} />
      </Stack>
    </Alert>
  );
}

/** Where the settings are from, and how this provider's password is come by. */
function Source({ suggestion }: { readonly suggestion: Suggestion }) {
  const name = suggestion.providerName ?? "";
  if (suggestion.passwordHint) return <AppPassword hint={suggestion.passwordHint} name={name} />;
  return (
    <Text size="sm" c="dimmed">
      {sourceText(suggestion, name)}
    </Text>
  );
}

function sourceText({ source }: Suggestion, name: string): string {
  if (source === "provider") return texts.form.source.provider(name);
  if (source === "mx") return texts.form.source.mx(name);
  return source === "dns" ? texts.form.source.dns : texts.form.source.none;
}

function AppPassword({ hint, name }: { readonly hint: Remedy; readonly name: string }) {
  return (
    <Alert color="indigo" icon={<Icon name="Key" />} title={texts.form.appPasswordTitle(name)}>
      {hint.url ? (
        <List type="ordered" size="sm" spacing={2}>
          <List.Item>
            <ExternalLink href={hint.url}>{texts.form.appPasswordPage(name)}</ExternalLink>
          </List.Item>
          {texts.form.appPasswordSteps.map((step) => (
            <List.Item key={step}>{step}</List.Item>
          ))}
        </List>
      ) : (
        <Text size="sm">{hint.text}</Text>
      )}
    </Alert>
  );
}
