// imapflow, in the two ways its users read addresses: the header lines with nodemailer's parser for address
// lists and libmime's for encoded words, or ENVELOPE, in which the server has parsed them.
// Answers the same question as measured.py's clients; `how` is "headers" or "envelope".

import { webcrypto } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { ImapFlow } from "imapflow";
import libmime from "libmime";
import addressparser from "nodemailer/lib/addressparser";

// All that imapflow lacks on Node 18, which is Debian 12's.
globalThis.crypto ??= webcrypto;

const ADDRESS_FIELDS = new Set(["from", "sender", "reply-to", "to", "cc", "bcc"]);
const question = JSON.parse(readFileSync(0, "utf8"));
const pairs = new Map();

function add(name, address) {
  const key = `${name}\0${address}`;
  pairs.set(key, (pairs.get(key) || 0) + 1);
}

function countHeaders(message) {
  // Unfolded by hand: libmime's decodeHeaders decodes first, and then a comma in a name splits it.
  for (const line of message.headers.toString("latin1").split(/\r\n(?![ \t])/)) {
    const colon = line.indexOf(":");
    if (!ADDRESS_FIELDS.has(line.slice(0, colon).toLowerCase())) continue;
    const value = line.slice(colon + 1).replace(/\r\n/g, "");
    for (const one of addressparser(value, { flatten: true })) {
      add(one.name.includes("=?") ? libmime.decodeWords(one.name) : one.name, one.address);
    }
  }
}

function countEnvelope({ envelope }) {
  const say = (list) => JSON.stringify(list || []);
  for (const list of [envelope.from, envelope.to, envelope.cc, envelope.bcc]) {
    for (const one of list || []) add(one.name || "", one.address);
  }
  // RFC 9051 §7.5.2: where a message has no Sender or Reply-To, the server says From instead.
  for (const list of [envelope.sender, envelope.replyTo]) {
    if (say(list) !== say(envelope.from)) {
      for (const one of list || []) add(one.name || "", one.address);
    }
  }
}

function status(name) {
  const line = readFileSync("/proc/self/status", "utf8").split("\n").find((one) => one.startsWith(name));
  return Number(line.split(/\s+/)[1]) * 1024;
}

const [wanted, count] =
  question.how === "envelope"
    ? [{ uid: true, envelope: true }, countEnvelope]
    : [{ uid: true, headers: question.fields }, countHeaders];
writeFileSync("/proc/self/clear_refs", "5");
const idle = status("VmRSS");
const cpu = process.cpuUsage();
const began = process.hrtime.bigint();

const client = new ImapFlow({
  host: question.host,
  port: question.port,
  secure: Boolean(question.ca_file),
  tls: question.ca_file ? { ca: readFileSync(question.ca_file) } : {},
  doSTARTTLS: false,
  auth: { user: question.user, pass: question.password },
  logger: false,
});
await client.connect();
let messages = 0;
for (const folder of question.folders) {
  await client.mailboxOpen(folder, { readOnly: true });
  for await (const message of client.fetch("1:*", wanted)) {
    count(message);
    messages += 1;
  }
}
await client.logout();

const seconds = Number(process.hrtime.bigint() - began) / 1e9;
const used = process.cpuUsage(cpu);
if (question.counts_file) {
  const rows = [...pairs].map(([key, times]) => [...key.split("\0"), times]);
  writeFileSync(question.counts_file, JSON.stringify(rows));
}
console.log(
  JSON.stringify({ messages, seconds, cpu: (used.user + used.system) / 1e6, memory: status("VmHWM") - idle }),
);
