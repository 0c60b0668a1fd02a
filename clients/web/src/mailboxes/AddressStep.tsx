import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type Suggestion, UnavailableError } from "mailboxes-client";
import { type SyntheticEvent, useState } from "react";

import { useClient } from "../shared/client";
import { sentenceOf } from "../shared/notify";
import { texts } from "../texts";
import { isAddress } from "./draft";

interface AddressStepProps {
  readonly onCancel: () => void;
  readonly onDone: (address: string, suggestion: Suggestion) => void;
}

const UNKNOWN: Suggestion = {
  source: "none",
  host: null,
  port: null,
  tls: true,
  user: null,
  providerName: null,
  passwordHint: null,
  oauthProvider: null,
};

export function AddressStep({ onCancel, onDone }: AddressStepProps) {
  const client = useClient();
  const [address, setAddress] = useState("");
  const [invalid, setInvalid] = useState(false);
  const suggest = useMutation({
    mutationFn: (wanted: string) => client.suggestSettings(wanted),
    onSuccess: (suggestion, wanted) => {
      onDone(wanted, suggestion);
    },
    // Whoever knows the settings must not wait for a suggestion.
    onError: (error, wanted) => {
      if (error instanceof UnavailableError) onDone(wanted, UNKNOWN);
    },
    meta: { shownInPlace: true },
  });
  function submit(event: SyntheticEvent) {
    event.preventDefault();
    const wanted = address.trim();
    setInvalid(!isAddress(wanted));
    if (isAddress(wanted)) suggest.mutate(wanted);
  }

  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="lg">
        <TextInput
          data-autofocus
          type="email"
          autoComplete="email"
          inputMode="email"
          label={texts.form.address}
          description={texts.form.addressHint}
          placeholder="ann@example.org"
          value={address}
          error={invalid ? texts.form.addressInvalid : suggest.isError && sentenceOf(suggest.error)}
          onChange={(event) => {
            setAddress(event.currentTarget.value);
            setInvalid(false);
          }}
        />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onCancel}>
            {texts.common.cancel}
          </Button>
          <Button type="submit" loading={suggest.isPending}>
            {texts.form.continue}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
