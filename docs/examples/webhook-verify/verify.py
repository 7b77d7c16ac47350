# SPDX-FileCopyrightText: Rostrum contributors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Python 3.9 or later; RSA needs the package `cryptography`. Either signature is enough: the HMAC one also proves when it was sent."""

import base64
import binascii
import hashlib
import hmac
import os
import sys
import time


class WebhookError(Exception):
    pass


def verify_hmac(body, headers, secrets, tolerance_seconds=300, now=None):
    """Raises unless the webhook is signed with one of the secrets and new.

    body: bytes as they came, to be parsed afterwards. headers: names in lower case.
    secrets: 'whsec_…', two while one replaces the other.
    """
    try:
        message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
        signatures = headers["webhook-signature"].split(" ")
    except KeyError:
        raise WebhookError("the webhook is not signed") from None
    now = time.time() if now is None else now
    if not (timestamp.isascii() and timestamp.isdigit()) or abs(now - int(timestamp[:15])) > tolerance_seconds:
        raise WebhookError("the webhook is too old")
    content = f"{message_id}.{timestamp}.".encode() + body
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        if any(hmac.compare_digest(one.encode(), expected.encode()) for one in signatures):
            return
    raise WebhookError("the webhook is signed with another secret, or was changed")


def verify_rsa(body, headers, public_key_pem):
    """Raises unless the body is signed with the RSA key, whose PEM is at /v2/public/rsa-public-key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    key = serialization.load_pem_public_key(public_key_pem.encode())
    try:
        signature = base64.b64decode(headers.get("videosdk-signature", ""))
        key.verify(signature, body, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error):
        raise WebhookError("the webhook is signed with another key, or was changed") from None


# `python3 verify.py 'name: value'… < body` with WEBHOOK_SECRET or WEBHOOK_PUBLIC_KEY in the environment.
def main():
    headers = dict(line.split(": ", 1) for line in sys.argv[1:])
    body = sys.stdin.buffer.read()
    secret, public_key = os.environ.get("WEBHOOK_SECRET"), os.environ.get("WEBHOOK_PUBLIC_KEY")
    try:
        if secret:
            verify_hmac(body, headers, secret.split(" "))
        if public_key:
            verify_rsa(body, headers, public_key)
        if not secret and not public_key:
            raise WebhookError("set WEBHOOK_SECRET or WEBHOOK_PUBLIC_KEY")
    except WebhookError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
