"""A stand-in of Twilio on loopback: it delivers texts, keeps the message log, answers the API.

It is made for the demo, the lab and tests, and loses nothing. Twilio's own library works with it
through the variable TWILIO_API_URL.

Documented by Twilio, with the page:

- The overrides in a URL's fragment, their bounds and defaults; all attempts together end within
  `tt`, at most 15 s; a retry carries `I-Twilio-Idempotency-Token`: "Webhooks (HTTP callbacks):
  Connection Overrides".
- By default one more attempt, only if connecting fails; then the fallback URL: "Error 11205".
- An answer that is no TwiML counts as a failure: "Error 12100"; a 4xx or 5xx: "Error 11217".
- The fallback URL is called at once when the webhook failed, with `ErrorCode` and `ErrorUrl`:
  "Availability and Reliability". Without one, the error is logged and nothing more is done: blog,
  "A Hidden Gem: Fallback URLs".
- Signatures, without the fragment: "Webhooks Security". Form fields: "Twilio's request to your
  incoming message webhook URL".
- The message log: `date_created` is when the message was received, `date_sent` when its webhook was
  called; sorted by `date_sent`, newest first; directions; filters `To` and `From`; pages of 50, at
  most 1,000, each naming the next one; dates in RFC 2822; a body that was redacted is empty:
  "Messages resource", "Twilio's Response: Paging".
- Too many requests are answered with 429 and error 20429, and were not processed: "Error 20429".
- Numbers and services: "IncomingPhoneNumber resource", "Messaging Services resource"; no fallback
  URL without a URL: "Error 21406".

Inferred, so to be checked with a real number (docs/not-proven-here.md):

- A text is in the log, with its body, whatever became of its delivery.
- `date_sent` is the time of the latest call, the fallback's included, and None if there was none;
  such a text has its place in the log by `date_created`. Texts of one second are in the log in the
  order in which they came.
- Retries follow at once, without a pause, and the last one gets what is left of the total.
- A connection that breaks after it was made counts as `rt`; a redirect is not followed and counts
  as an answer that is no TwiML.
- A status is the failure of the whole request however long it took, and 4xx and 5xx are repeated
  only if the policy names them.
- The fallback's request is not repeated, has the time limits of its own URL, starts a new total,
  and carries the token of the text. `ErrorUrl` is without the fragment.
- The first attempt carries the idempotency token, too.
- Texts older than the retention are no longer listed; a page's token names the last message of the
  page before; a page size above the maximum is taken as the maximum.

Not modelled: rules of the Webhooks configuration API, applications (their texts are logged and not
delivered), edge locations, webhooks that are called with GET, opt-outs, filters by date, and
messages that the API sends.
"""
