/** What can go wrong. Each class is one thing that a caller does something different about. */

/** What the gateway says about a refusal. */
export interface Refusal {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** Stable, for programs: `PASSWORD_REQUIRED`, `VALIDATION`, … */
  readonly code: string;
  /** One sentence for a person. */
  readonly message: string;
  /** What is wrong with each field of a form, by its name in the request. */
  readonly fields: Readonly<Record<string, string>>;
  /** Seconds to wait before trying again, where the service knows. */
  readonly retryAfter: number | undefined;
  /** Finds this request in the service's log. */
  readonly requestId: string | undefined;
}

/** Base of all errors of this package. */
export class MailboxesError extends Error implements Refusal {
  readonly status: number;
  readonly code: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly retryAfter: number | undefined;
  readonly requestId: string | undefined;

  constructor(refusal: Refusal, options?: ErrorOptions) {
    super(refusal.message, options);
    this.name = new.target.name;
    this.status = refusal.status;
    this.code = refusal.code;
    this.fields = refusal.fields;
    this.retryAfter = refusal.retryAfter;
    this.requestId = refusal.requestId;
  }
}

/** 401: there is no token, or it is not valid any more. Get another one. */
export class UnauthenticatedError extends MailboxesError {}
/** 403: the token is good, and this is not allowed with it. */
export class ForbiddenError extends MailboxesError {}
/** 404: there is no such thing, or it is another user's. */
export class NotFoundError extends MailboxesError {}
/** 409: it exists already, there are too many, or what is there does not allow this. */
export class ConflictError extends MailboxesError {}
/** 409 with the code PASSWORD_REQUIRED: host, port, TLS mode or login name change; send the password too. */
export class PasswordRequiredError extends ConflictError {}
/** 412: somebody else has changed it meanwhile. Read it again. */
export class ChangedError extends MailboxesError {}
/** 400, 413, 422 and the like: `fields` says what is wrong with each. */
export class InvalidRequestError extends MailboxesError {}
/** 429: too much at once; `retryAfter` says how long to wait. */
export class RateLimitedError extends MailboxesError {}
/** 5xx, or no answer at all: the same may work later. */
export class UnavailableError extends MailboxesError {}

const BY_CODE: Readonly<Record<string, typeof MailboxesError>> = {
  PASSWORD_REQUIRED: PasswordRequiredError,
};
const BY_STATUS: Readonly<Record<number, typeof MailboxesError>> = {
  401: UnauthenticatedError,
  403: ForbiddenError,
  404: NotFoundError,
  409: ConflictError,
  412: ChangedError,
  429: RateLimitedError,
};

/** Make the error of an answer that is none of success; `body` is what it holds, parsed where it is JSON. */
export function errorOf(response: Response, body: unknown): MailboxesError {
  const { status, headers } = response;
  const said = isRecord(body) ? body : {};
  const refusal: Refusal = {
    status,
    code: typeof said.code === "string" ? said.code : "UNEXPECTED_ANSWER",
    message: typeof said.error === "string" ? said.error : `The service answered with status ${status}.`,
    fields: isRecord(said.fields) ? textsOf(said.fields) : {},
    retryAfter: secondsOf(headers.get("retry-after")),
    requestId: headers.get("x-request-id") ?? undefined,
  };
  const kind =
    BY_CODE[refusal.code] ?? BY_STATUS[status] ?? (status >= 500 ? UnavailableError : InvalidRequestError);
  return new kind(refusal);
}

/** Make the error for a request that got no answer. */
export function noAnswer(cause: unknown): UnavailableError {
  const refusal = {
    status: 0,
    code: "NO_ANSWER",
    message: "The service cannot be reached. Check the network and try again.",
    fields: {},
    retryAfter: undefined,
    requestId: undefined,
  };
  return new UnavailableError(refusal, { cause });
}

function secondsOf(header: string | null): number | undefined {
  const seconds = Number(header ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

function textsOf(record: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, String(value)]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
